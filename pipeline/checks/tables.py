"""Tables of settings cell by cell: closed lists, cells of numbers, rows that stand once."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import InputError
from pipeline.settings.scales import FIRST_LINE as FIRST_LINE

if TYPE_CHECKING:
    import pandas as pd

CELLS = Path(__file__).with_name("tables.csv")  # by table and column the pattern of a cell, and whether it stands once
SHOWN = 10


def checked_tables() -> list[str]:
    """The names of the tables of which tables.csv says what their cells hold."""
    return list(dict.fromkeys(row["table"] for row in _cells()))


def _cells() -> list[dict[str, str]]:
    with CELLS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def check_cells(table: str, frame: pd.DataFrame) -> None:
    """Raise InputError naming line, column and value of every cell that cannot be, and every row that stands twice."""
    wrong = []
    for row in (row for row in _cells() if row["table"] == table):
        cells = frame[row["column"]].astype(str)
        odd = ~cells.str.fullmatch(row["holds"])
        wrong += [f"line {place + FIRST_LINE}, {row['column']}: {cells.iloc[place]!r}" for place in places(odd)]
        if row["unique"]:
            twice = cells.duplicated() & (cells != "")
            wrong += [
                f"line {place + FIRST_LINE}, {row['column']}: {cells.iloc[place]!r} a second time"
                for place in places(twice)
            ]
    wrong += [f"line {place + FIRST_LINE}: the row a second time" for place in places(frame.duplicated())]
    refuse(f"{table}.csv", wrong, "cells that cannot be", "Mend the cells; a row stands once, and a list is closed")


def places(marked: pd.Series) -> list[int]:
    """The places of the rows that are marked."""
    return [place for place, is_marked in enumerate(marked) if is_marked]


def distinct(marked: pd.Series, cells: pd.Series) -> list[tuple[str, str]]:
    """Each value of the marked cells once, with where it stands: its first line, its column, and in how many lines."""
    found: dict[str, list[int]] = {}
    for place in places(marked):
        found.setdefault(str(cells.iloc[place]), []).append(place + FIRST_LINE)
    return [
        (value, f"line {lines[0]}, {cells.name}: {value!r}{f' in {len(lines)} lines' if len(lines) > 1 else ''}")
        for value, lines in found.items()
    ]


def refuse(file: str, wrong: list[str], fault: str, remedy: str) -> None:
    """Raise InputError with how many there are, the first of them, and the remedy; nothing where none is wrong."""
    if wrong:
        more = "" if len(wrong) <= SHOWN else f"; and {len(wrong) - SHOWN} more"
        raise InputError(f"{file}: {len(wrong)} {fault}: {'; '.join(wrong[:SHOWN])}{more}. {remedy}.")


def check_ends(table: str, frame: pd.DataFrame, first: str, last: str) -> None:
    """Raise InputError for a row whose first end, of numbers or months, is after its last; blank is no end."""
    both = (frame[first] != "") & (frame[last] != "")
    ends = [_as_numbers(frame[name]) for name in (first, last)]
    turned = places(both & (ends[0] > ends[1]))
    wrong = [f"line {place + FIRST_LINE}, {first}: {frame[first].iloc[place]!r}" for place in turned]
    refuse(f"{table}.csv", wrong, "rows that end before they begin", f"Mend {first} or {last}")


def _as_numbers(cells: pd.Series) -> pd.Series:
    """The cells as numbers, missing for what is none."""
    import pandas as pd

    return pd.to_numeric(cells, errors="coerce")
