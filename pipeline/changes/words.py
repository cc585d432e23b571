"""What changed in words, a line each, and as tables."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.audit.compare import TOLERANCE
from pipeline.changes.causes import CODE, TOGETHER
from pipeline.changes.differences import Difference

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
    agree = f"{linked.alike:,} of the {linked.both:,} trial numbers in both have the same {', '.join(linked.compared)}"
    if linked.common:
        yield f"persons are matched by trial number: {agree}"
    else:
        yield f"persons are not matched: {agree}, so the numbers do not name the same persons"


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
    yield f"why: {len(found.causes)} causes differ ({', '.join(found.causes) or 'none'}), each applied alone"
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
    parts, counts = parts_in_errors(moves, cause), has_part(moves, cause)
    counted = f"a part of {int(counts.sum()):,} of {int(moves[cause].notna().sum()):,} moves"
    moved = parts[counts & parts.notna()]
    if moved.empty:
        return counted
    place = moved.abs().idxmax()
    return f"{counted}, at most {moved[place]:+.2g} standard errors ({moves.loc[place, 'address']})"


def has_part(moves: pd.DataFrame, cause: str) -> pd.Series:
    """Of which moves the part of a cause is more than the rounding of a sum."""
    errors = moves["se"].where(moves["unit"] == "standard errors")
    return moves[cause].abs() > TOLERANCE * pd.concat([errors, moves["value"].abs()], axis=1).max(axis=1).fillna(0.0)


def parts_in_errors(moves: pd.DataFrame, cause: str) -> pd.Series:
    """The part of a cause in the earlier standard errors, missing of a move that is not measured in them."""
    return moves[cause].where(moves["unit"] == "standard errors") / moves["se"]


def say_move(row: Mapping[Hashable, Any], causes: Iterable[str]) -> str:
    """A move with its parts, in standard errors where there is one; of a number that is unknown now what made it so."""
    if not math.isfinite(row["size"]):
        cause = row["appears"].replace(" ", " and ") or "what the causes do together"
        return f"{row['address']}  {row['column']} {row['old'] or 'absent'} -> {row['new'] or 'absent'}, by {cause}"
    scale = row["se"] if row["unit"] == "standard errors" else 1.0
    parts = ", ".join(f"{cause} {row[cause] / scale:+.2g}" for cause in causes if abs(row[cause]) > TOLERANCE * scale)
    size = f"{row['size']:.2g} {row['unit'] or 'of it'}"
    return f"{row['address']}  {row['column']} {row['old']} -> {row['new']}, {size}: {parts}"


def tabulate(sections: Iterable[Section]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What was compared, a row a subject, and every difference."""
    sections = list(sections)
    compared = [(s.subject, s.compared, s.unit, s.differ) for s in sections]
    rows = [(section.subject, *row) for section in sections for row in section.differences]
    return (
        pd.DataFrame(compared, columns=["subject", "compared", "unit", "differ"]),
        pd.DataFrame(rows, columns=["subject", *Difference._fields]),
    )
