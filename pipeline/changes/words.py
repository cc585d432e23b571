"""What changed in words, a line each, and as tables."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.audit.compare import COUNTS, ON_THE_SCALE_OF_THE_ESTIMATE, TOLERANCE
from pipeline.changes.causes import CODE, TOGETHER
from pipeline.changes.differences import Difference
from pipeline.show.numbers import UNITS

if TYPE_CHECKING:
    from collections.abc import Hashable

    from pipeline.changes.built import Built
    from pipeline.changes.causes import Explanation
    from pipeline.changes.differences import Section
    from pipeline.changes.linked import Linked

SHOWN = 8
MEANING = {
    "persons": "other persons",
    "weeks": "weeks more or fewer",
    "codes": "recoded cells",
    "wages": "other wages",
    "answers": "other answers",
    "names": "other names and exclusions by name",
    "draws": "other arms, dates and consents",
    "settings": "other settings",
    CODE: "other code since the earlier build",
    TOGETHER: "what the causes do together",
}


def say_linked(old: Built, new: Built, linked: Linked) -> Iterator[str]:
    """Which two builds are compared, and whether their trial numbers name the same persons."""
    yield f"{old.name} (settings {old.study}) and {new.name} (settings {new.study})"
    if old.study != new.study:
        yield "  they were built with other folders of settings, so the same address may mean something else"
    for name, what in (("variables.csv", "dictionary"), ("study.toml", "study")):
        if old.texts.get(name) != new.texts.get(name):
            yield f"  another {what}: {name} differs, see the settings below"
    if not linked.both:
        yield "persons are not matched: no trial number is in both, so all are other persons"
        return
    agree = f"{linked.alike:,} of the {linked.both:,} trial numbers in both have the same {', '.join(linked.compared)}"
    if not linked.common:
        yield f"persons are not matched: {agree}, so the numbers do not name the same persons"
        return
    yield f"persons are matched by trial number: {agree}"
    if linked.others:
        yield f"  {say_others(linked)}"


def say_others(linked: Linked) -> str:
    """How many numbers name another person in each extract, and what to do about it."""
    return (
        f"but {linked.others:,} {'number names' if linked.others == 1 else 'numbers name'} another person in each, by "
        "the codes of the register, or most of these facts where no code tells: they are taken for persons gone and "
        "persons come, and no part below says more of them. Ask the data owner whether numbers were shifted"
    )


def say_sections(sections: Iterable[Section]) -> Iterator[str]:
    """What differs, subject by subject, of derived tables in a line each, and then what does not."""
    sections = list(sections)
    for section in (section for section in sections if section.differ or not section.compared):
        yield from say_section(section, 0 if section.subject.startswith("table ") else SHOWN)
    same = [f"{s.subject} ({s.compared:,} {s.unit})" for s in sections if s.compared and not s.differ]
    if same:
        yield f"as they were: {', '.join(same)}"


def say_section(section: Section, shown: int = SHOWN) -> Iterator[str]:
    """What was compared, how much of it differs, and the `shown` most frequent differences."""
    if not section.compared:
        yield f"{section.subject}: nothing was compared ({section.unit})"
    else:
        yield f"{section.subject}: {section.differ:,} differ, of {section.compared:,} {section.unit}"
    for row in sorted(section.differences, key=lambda row: -row.number)[:shown]:
        yield f"  {_say(row)}"
    if len(section.differences) > shown > 0:
        yield f"  and {len(section.differences) - shown:,} more differences"


def _say(row: Difference) -> str:
    when = f" {row.when}" if row.when else ""
    return f"{row.item}{when}: {row.old} -> {row.new}" + (f"  ({row.number:,})" if row.number > 1 else "")


def say_explanation(found: Explanation) -> Iterator[str]:
    """Each cause with how many estimates it moves alone and how far."""
    known = [cause for cause in found.causes if cause not in found.refused]
    differ = "1 cause differs" if len(found.causes) == 1 else f"{len(found.causes)} causes differ"
    yield f"why: {differ} ({', '.join(found.causes) or 'none'}), each applied alone"
    for cause in (*known, CODE, TOGETHER):
        yield f"  {MEANING[cause]:<40} {_say_parts(found.moves, cause)}"
    if found.refused:
        yield "  the last holds also what cannot be applied alone:"
    for cause, why in found.refused.items():
        yield f"  {MEANING[cause]:<40} cannot be applied alone: {why}"
    yield (
        f"  all causes at once give {found.exact:,} of the {found.compared:,} estimates of the later extract to the "
        "last bit"
    )
    for causes, count in found.moves.loc[found.moves["appears"] != "", "appears"].value_counts().items():
        yield f"  {count:,} estimates are known in one extract alone by {causes} alone"


def _say_parts(moves: pd.DataFrame, cause: str) -> str:
    """How many moves have a part of the cause, and the largest in standard errors with its address."""
    known = both_known(moves)
    parts, counts = parts_in_errors(moves, cause), has_part(moves, cause) & known
    counted = f"a part of {int(counts.sum()):,} of {int(known.sum()):,} numbers known in both"
    moved = parts[counts & parts.notna()]
    if moved.empty:
        return counted
    place = moved.abs().idxmax()
    return f"{counted}, at most {moved[place]:+.2g} standard errors ({moves.loc[place, 'address']})"


def both_known(moves: pd.DataFrame) -> pd.Series:
    """Of which rows both extracts know the number, so that it has parts."""
    return (moves["kind"] == "moved") & (moves["column"] != "note") & (moves[["old", "new"]] != "unknown").all(axis=1)


def say_kinds(moves: pd.DataFrame) -> str:
    """How many estimates moved, and how many differ otherwise: the first are those that have parts."""
    known, is_note = both_known(moves), (moves["kind"] == "moved") & (moves["column"] == "note")
    counts = known & moves["column"].isin(COUNTS)
    kinds = {
        "moved": known & ~counts,
        "have another count alone": counts,
        "have another note alone": is_note,
        "are known in one alone": (moves["kind"] == "moved") & ~known & ~is_note,
        "are new": moves["kind"] == "new",
        "are gone": moves["kind"] == "vanished",
    }
    said = [f"{holds.sum():,} {kind}" for kind, holds in kinds.items() if holds.any()]
    return ", ".join(said)


def has_part(moves: pd.DataFrame, cause: str) -> pd.Series:
    """Of which moves the part of a cause is more than the rounding of a sum."""
    errors = moves["se"].where(moves["unit"] == "standard errors")
    return moves[cause].abs() > TOLERANCE * pd.concat([errors, moves["value"].abs()], axis=1).max(axis=1).fillna(0.0)


def parts_in_errors(moves: pd.DataFrame, cause: str) -> pd.Series:
    """The part of a cause in the earlier standard errors, missing of a move that is not measured in them."""
    return moves[cause].where(moves["unit"] == "standard errors") / moves["se"]


def say_move(row: Mapping[Hashable, Any], causes: Iterable[str], unit: str = "") -> str:
    """A move of a number in `unit` with its parts, in standard errors if it has one, all with signs.

    Of a number that is unknown now, what made it so.
    """
    kept = unit if row["column"] in ON_THE_SCALE_OF_THE_ESTIMATE else ""
    old, new = (_in_unit(row[side], kept) for side in ("old", "new"))
    what = f"{row['column']} {old or 'absent'} -> {new or 'absent'}"
    what += f" {kept.replace('_', ' ')}" if kept else ""
    if row["column"] == "note":
        return what
    if not math.isfinite(row["value"]) or row["new"] in ("", "unknown"):
        return f"{what}, by {row['appears'].replace(' ', ' and ') or 'what the causes do together'}"
    scale = row["se"] if row["unit"] == "standard errors" else 1.0
    parts = {cause: row[cause] / scale for cause in causes if abs(row[cause]) > TOLERANCE * scale}
    size = math.copysign(row["size"], float(row["new"]) - float(row["old"]))
    if row["unit"] and parts:  # the stored texts are rounded, the parts are not
        size = math.copysign(row["size"], sum(parts.values()))
    told = f", {size:+.2g} {row['unit'] or 'of it'}" if math.isfinite(size) else ""
    return f"{what}{told}: {', '.join(f'{cause} {part:+.2g}' for cause, part in parts.items())}"


def _in_unit(text: str, unit: str) -> str:
    """A number as text in a unit of exhibits, which moves the point: 0.0134 is 1.34 percentage points."""
    if unit not in UNITS or text in ("", "unknown"):
        return text
    return f"{float(text) * 10 ** UNITS[unit].shift:.4g}"


def tabulate(sections: Iterable[Section]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What was compared, a row a subject, and every difference."""
    sections = list(sections)
    compared = [(s.subject, s.compared, s.unit, s.differ) for s in sections]
    rows = [(section.subject, *row) for section in sections for row in section.differences]
    return (
        pd.DataFrame(compared, columns=["subject", "compared", "unit", "differ"]),
        pd.DataFrame(rows, columns=["subject", *Difference._fields]),
    )
