"""What the notes of the estimates say, gathered for the note of the exhibit that shows them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from pipeline.settings.exhibits import fill
from pipeline.show.kinds_of_notes import KINDS, NO_ESTIMATE, NO_NUMBER, REMARKS, SEPARATOR
from pipeline.show.kinds_of_reasons import REASONS, Remark
from pipeline.show.numbers import ABSENT

if TYPE_CHECKING:
    import pandas as pd

MISSING = re.compile(r"no estimate|no number|no standard error")  # a part that says why a number is missing
GROUPINGS = (("stratum", "strata"), ("cluster", "clusters"))
NAMED = 3  # names in a list before it is cut short

SINCE = {
    NO_ESTIMATE: {
        "en": f"{ABSENT} no estimate could be made, since {{}}{{}}.",
        "da": f"{ABSENT} intet estimat kunne laves, da {{}}{{}}.",
    },
    NO_NUMBER: {
        "en": f"{ABSENT} there is no such number, since {{}}{{}}.",
        "da": f"{ABSENT} et sådant tal findes ikke, da {{}}{{}}.",
    },
}
OTHERWISE = {"en": f"{ABSENT} not defined{{}}.", "da": f"{ABSENT} ikke defineret{{}}."}
ESTIMATES = {
    "en": (" (all estimates shown)", " ({number} of {total} estimates shown)"),
    "da": (" (alle viste estimater)", " ({number} af {total} viste estimater)"),
}
NUMBERS = {
    "en": (" (all numbers shown)", " ({number} of {total} numbers shown)"),
    "da": (" (alle viste tal)", " ({number} af {total} viste tal)"),
}
WITHHELD = {"en": "{} withheld: {}{}.", "da": "{} udeladt: {}{}."}
TO = {"en": "to", "da": "til"}
FEW = {"en": "fewer than {}", "da": "færre end {}"}
PERSONS = {"en": ("person", "persons"), "da": ("person", "personer")}


def gather_remarks(shown: pd.DataFrame, words: Mapping[str, str], language: str) -> str:
    """What is to be said of the estimates behind numbers shown, '' if nothing; an unknown note is said as it is.

    A reason for a missing estimate comes last, behind the dash that stands in its place; of one with no reason it is
    said that it is not defined. `words` are the study's.
    """
    by_estimate = dict[str, dict[str, None]]()
    for estimate_id, note in zip(shown["estimate_id"], shown["note"], strict=True):
        by_estimate.setdefault(estimate_id, {})[note] = None
    notes = [list(dict.fromkeys(SEPARATOR.join(own).split(SEPARATOR))) for own in by_estimate.values()]
    others = [[part for part in note if part and not part.startswith(tuple(SINCE))] for note in notes]
    missing = shown[is_missing(shown)]
    unexplained = missing[~missing["note"].str.contains(MISSING)]["estimate_id"].nunique()
    said = [
        *(text for text, _ in _say(others, REMARKS, words, language)),
        *(text for begins in SINCE for text in _say_reasons(begins, notes, words, language)),
        *([OTHERWISE[language].format(_count(unexplained, len(notes), language))] if unexplained else []),
        *_say_withheld(shown, language),
    ]
    return " ".join(said)


def _say_reasons(begins: str, notes: Sequence[Sequence[str]], words: Mapping[str, str], language: str) -> Iterator[str]:
    """Why numbers are missing, by the parts of notes that begin so."""
    reasons = [[part.removeprefix(begins) for part in note if part.startswith(begins)] for note in notes]
    for text, count in _say(reasons, REASONS, words, language):
        yield SINCE[begins][language].format(text, count)


def is_missing(shown: pd.DataFrame) -> pd.Series:
    """Which of the numbers shown could not be estimated; what is withheld, or leaves as a month, is there."""
    return shown["value"].isna() & (shown["reason"] == "")


def _say_withheld(shown: pd.DataFrame, language: str) -> Iterator[str]:
    """What disclosure control withholds of the numbers shown, and what leaves coarser than it is, with the reason."""
    changed = shown[shown["reason"] != ""]
    held = changed["status"] == "fail"
    for (mark, reason), own in changed[held].groupby(["text", "reason"], sort=False):
        yield WITHHELD[language].format(mark, reason, _count(len(own), len(shown), language, NUMBERS))
    for reason in changed[~held]["reason"].drop_duplicates():
        yield f"{reason[0].upper()}{reason[1:]}."


def reason_of(note: str) -> tuple[str, str]:
    """The kind of the first reason in a note for which a number is missing, and the reason as it is written there."""
    reason = next((part for part in note.split(SEPARATOR) if MISSING.search(part)), "not defined")
    bare = reason.removeprefix(NO_ESTIMATE).removeprefix(NO_NUMBER)
    known = (remark.pattern for remark in KINDS if re.fullmatch(remark.pattern, bare))
    return next(known, reason), reason


def _say(
    notes: Sequence[Sequence[str]], remarks: Sequence[Remark], words: Mapping[str, str], language: str
) -> Iterator[tuple[str, str]]:
    """The text of each kind among the parts of notes, and how many estimates have it; then those of no known kind."""
    parts = Counter(part for note in notes for part in set(note))
    unknown = set(parts)
    for remark in remarks:
        known = {part: match for part in parts if (match := re.fullmatch(remark.pattern, part))}
        unknown -= set(known)
        text = {"en": remark.words_en, "da": remark.words_da}[language]
        if known and text:
            matches = [own for note in notes if (own := [known[part] for part in note if part in known])]
            count = _count(len(matches), len(notes), language)
            filled = fill(text, {**words, **_sizes(matches, words, language), "estimates": count})
            yield (filled[0].upper() + filled[1:] if remark in REMARKS else filled), count
    for part in sorted(unknown):
        yield part, _count(parts[part], len(notes), language)


def _sizes(matches: Sequence[Sequence[re.Match[str]]], words: Mapping[str, str], language: str) -> dict[str, str]:
    """The least and greatest size of an estimate, the sum over the parts of its note, and the names in any of them."""
    groups = [[match[1] for match in own if match.re.groups] for own in matches]
    few = [FEW[language].format(own[0].removeprefix("<")) for own in groups if own and own[0].startswith("<")]
    others = [own for own in groups if not (own and own[0].startswith("<"))]
    sizes = [sum(int(name) if name.isdigit() else len(name.split(", ")) for name in own) for own in others]
    low, high = min(sizes, default=0), max(sizes, default=0)
    size = str(low) if low == high else f"{low}\N{EN DASH}{high}"
    if few:
        size = few[0] if not others else f"{few[0]} {TO[language]} {high}"
    names = [words.get(f"{name}_label", name) for name in dict.fromkeys(name for own in groups for name in own)]
    counted = {"persons": PERSONS[language]}
    counted |= {f"in_{many}": (words[one], words[many]) for one, many in GROUPINGS if one in words}
    return {
        "size": size,
        "names": ", ".join([*names[:NAMED], *(["\N{HORIZONTAL ELLIPSIS}"] if len(names) > NAMED else [])]),
        **{name: f"{size} {forms[size != '1']}" for name, forms in counted.items()},
    }


def _count(number: int, total: int, language: str, words: Mapping[str, tuple[str, str]] = ESTIMATES) -> str:
    """How many of the estimates shown are meant, in brackets; nothing where there is one."""
    every, some = words[language]
    return "" if total == 1 else every if number == total else some.format(number=number, total=total)
