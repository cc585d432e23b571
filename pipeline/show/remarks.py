"""What the notes of the estimates say, gathered for the note of the exhibit that shows them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

SEPARATOR = "; "  # between the parts of a note


@dataclass(frozen=True)
class Remark:
    """One kind of note: its pattern, and the words for {count} estimates with it.

    {size} is the size of its first group over them: of a list its length, of a number the number; no words, no remark.
    """

    pattern: str
    words_en: str
    words_da: str


REMARKS = (
    Remark(
        r"one arm only, so no comparison, in (.+)",
        "Municipalities with one arm only, which say nothing about the effect: {size}, in {count} estimates.",
        "Kommuner med kun den ene gruppe, som intet siger om effekten: {size}, i {count} estimater.",
    ),
    Remark(
        r"one arm only, so one mean, in (\d+) teams",
        "In {count} estimates {size} teams have one arm only, and so one mean.",
        "I {count} estimater har {size} hold kun den ene gruppe og dermed ét gennemsnit.",
    ),
    Remark(
        r"left out the answers of (\d+) persons who are not analysed",
        "The answers of {size} persons who are not analysed are left out.",
        "Svar fra {size} personer, der ikke er analyseret, er udeladt.",
    ),
    Remark(
        r"left out (\d+) persons whose outcome is unknown",
        "From {count} estimates {size} persons whose outcome is unknown are left out.",
        "Fra {count} estimater er {size} personer med ukendt udfald udeladt.",
    ),
    Remark(
        r"left out (\d+) persons of whose team nobody else has the variable",
        "From {count} estimates {size} persons are left out, because nobody else in the team has the variable.",
        "Fra {count} estimater er {size} personer udeladt, fordi ingen andre på holdet har variablen.",
    ),
    Remark(
        r"left out the covariate (\w+), which the split determines",
        "From {count} estimates the covariate that makes the groups is left out.",
        "Fra {count} estimater er den kovariat, der danner grupperne, udeladt.",
    ),
    Remark(
        r"dropped \w+ \S+ \(person-weeks: (\d+), teams: \d+\)",
        "From {count} estimates {size} person-weeks are dropped with an indicator that predicts perfectly.",
        "Fra {count} estimater udgår {size} personuger med en indikator, der forudsiger perfekt.",
    ),
    Remark(
        r"did not converge: no estimate",
        "{count} estimates did not converge and are not shown.",
        "{count} estimater konvergerede ikke og vises ikke.",
    ),
    Remark(
        r"the outcome is fitted exactly: no standard error",
        "{count} estimates fit their outcome exactly and have no standard error.",
        "{count} estimater rammer udfaldet præcist og har ingen standardfejl.",
    ),
    Remark(
        r"a single person in an arm of (.+): no standard error",
        "{count} estimates have no standard error: in {size} of the municipalities an arm has a single person.",
        "{count} estimater har ingen standardfejl: i {size} af kommunerne har en gruppe en enkelt person.",
    ),
    Remark(
        r"nobody in the sample has the variable",
        "{count} means are of a variable that nobody in the sample has.",
        "{count} gennemsnit er af en variabel, som ingen i stikprøven har.",
    ),
    Remark(r"bandwidth \S+", "", ""),
)


def gather_remarks(cells: pd.DataFrame, language: str) -> str:
    """What is to be said of the estimates behind `cells`, '' if nothing; a note of no known kind is said as it is."""
    notes = cells.drop_duplicates("estimate_id")["note"]
    parts = [part for note in notes for part in note.split(SEPARATOR) if part]
    known = [remark for remark in REMARKS for part in parts if re.fullmatch(remark.pattern, part)]
    said = [text for remark in REMARKS if remark in known and (text := _say(remark, parts, language))]
    return " ".join([*said, *sorted(set(_unknown(parts)))])


def _say(remark: Remark, parts: list[str], language: str) -> str:
    matches = [match for part in parts if (match := re.fullmatch(remark.pattern, part))]
    sizes = [_size(match[1]) for match in matches if match.re.groups]
    low, high = min(sizes, default=0), max(sizes, default=0)
    size = str(low) if low == high else f"{low}\N{EN DASH}{high}"
    words = {"en": remark.words_en, "da": remark.words_da}[language]
    return words.format(count=len(matches), size=size)


def _size(group: str) -> int:
    return int(group) if group.isdigit() else len(group.split(", "))


def _unknown(parts: list[str]) -> Iterator[str]:
    return (part for part in parts if not any(re.fullmatch(remark.pattern, part) for remark in REMARKS))
