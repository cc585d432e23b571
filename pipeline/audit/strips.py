"""The cells behind a number person by person, ready to be laid out: single weeks, or runs of what is alike."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import pandas as pd

from pipeline.audit.evidence import RootOfSquares, Sum
from pipeline.register.codes import NO_CODE

BLANK = "∅"  # how a cell without a code is written
IN, OUT, UNKNOWN, ANSWER = "in", "out", "unknown", "answer"
SIGNS = {IN: "1", OUT: "0", UNKNOWN: "?", ANSWER: ""}


@dataclass(frozen=True)
class Box:
    """One cell, or a run of cells that hold the same: what it holds, how it counts, its column, and how many it is.

    kind: IN, OUT, UNKNOWN, or ANSWER for what is no week; sign: the same as a character.
    """

    content: str
    kind: str
    column: str
    count: int = 1

    @property
    def sign(self) -> str:
        """How the state is written beside the colour."""
        return SIGNS[self.kind]


@dataclass(frozen=True)
class Member:
    """A person of a sum: what the person's cells contribute, where they stand, and the cells."""

    person: int
    contribution: float
    places: tuple[str, ...]
    boxes: tuple[Box, ...]

    @property
    def runs(self) -> tuple[Box, ...]:
        """The cells with neighbours that hold the same put together."""
        return tuple(gather_runs(self.boxes))


def members_of(part: Sum | RootOfSquares, weeks_in: Sequence[str], most: int) -> list[Member]:
    """The persons of a sum, those who contribute most first, at most `most`; `weeks_in` are the register's files."""
    order = part.by_person.index[:most]
    by_person = dict(iter(part.cells[part.cells["person"].isin(order)].groupby("person")))
    return [
        Member(int(person), float(part.by_person[person]), tuple(_places(own)), tuple(_boxes(own, weeks_in)))
        for person in order
        for own in (by_person[person],)
    ]


def _places(cells: pd.DataFrame) -> Iterator[str]:
    yield from dict.fromkeys(f"{file}:{line}" for file, line in zip(cells["file"], cells["line"], strict=True))


def _boxes(cells: pd.DataFrame, weeks_in: Sequence[str]) -> Iterator[Box]:
    for file, content, state, column in cells[["file", "content", "state", "column"]].itertuples(index=False):
        is_week = file in weeks_in
        yield Box(str(content) if content != NO_CODE else BLANK, _kind(state) if is_week else ANSWER, str(column))


def _kind(state: Any) -> str:
    return UNKNOWN if pd.isna(state) else IN if state == 1 else OUT


def gather_runs(boxes: Sequence[Box]) -> Iterator[Box]:
    """Neighbouring boxes of one content and kind as one, named by the first and the last column."""
    for _, own in groupby(boxes, key=lambda box: (box.content, box.kind)):
        run = list(own)
        columns = run[0].column if len(run) == 1 else f"{run[0].column}–{run[-1].column}"
        yield Box(run[0].content, run[0].kind, columns, len(run))


@dataclass(frozen=True)
class Week:
    """A register week of a history: its cell, the letters of the states that it is in, and the place of the first."""

    box: Box
    letters: str
    place: int
    row: Mapping[Hashable, Any]


def lay_out_weeks(weeks: pd.DataFrame, letters: Mapping[str, str]) -> Iterator[Week]:
    """Every week of a history; `letters` has one for each state."""
    for row in weeks.to_dict("records"):
        told = {name: row[name] for name in letters}
        held = [place for place, told_of in enumerate(told.values()) if told_of == "1"]
        kind = IN if held else UNKNOWN if set(told.values()) == {"?"} else OUT
        if not any(told.values()):  # so far from the draw that nothing is made of it
            kind = ANSWER
        names = [letter for letter, told_of in zip(letters.values(), told.values(), strict=True) if told_of == "1"]
        yield Week(Box(row["code"] or BLANK, kind, row["column"]), "".join(names), held[0] if held else 0, row)
