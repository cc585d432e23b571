"""What each person's rows of the register say of each week, whatever its form: a code, and whether there is a wage."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.verify.plain import received
from pipeline.verify.plain.received import Facts, Line, link

MONDAY_OF_WEEK_ONE = datetime.date(1991, 8, 5)
WEEK = re.compile(r"y_?(\d\d)(\d\d)", re.IGNORECASE)
WEEK_OF_FILE = re.compile(r"y_?(\d\d?)", re.IGNORECASE)
MONTH = re.compile(r"(?:branche|br)_(\d{4})_(\d\d)", re.IGNORECASE)
ISO_WEEK = re.compile(r"(\d{4})(?:-?W)?(\d\d)", re.IGNORECASE)
FILE = 1_000_000_000  # what is added to a line for each file of the register before its own


class Cell(NamedTuple):
    """What is known of a week: the code, None if not observed, whether there is a wage, and the line of the code."""

    code: str | None = None
    wage: bool | None = None
    line: int | None = None


UNSEEN = Cell()


@dataclass
class Course:
    """The weeks of one person by their number, and what a week without a cell is."""

    cells: dict[int, Cell] = field(default_factory=dict)

    def cell(self, week: int) -> Cell:
        """What is known of a week."""
        return self.cells.get(week, UNSEEN)


@dataclass
class _Wide:
    """The cells of a person in the wide form before weeks and months are put together."""

    codes: dict[int, tuple[str, int]] = field(default_factory=dict)
    wages: dict[tuple[int, int], bool] = field(default_factory=dict)


def number_of(year: int, week: int) -> int:
    """The number of an ISO week, 1 being 1991-W32."""
    return (datetime.date.fromisocalendar(year, week, 1) - MONDAY_OF_WEEK_ONE).days // 7 + 1


def number_of_day(day: datetime.date) -> int:
    """The number of the week of a day."""
    return (day - MONDAY_OF_WEEK_ONE).days // 7 + 1


@cache
def month_of(week: int) -> tuple[int, int]:
    """Year and month of the Thursday of a week."""
    thursday = MONDAY_OF_WEEK_ONE + datetime.timedelta(weeks=week - 1, days=3)
    return thursday.year, thursday.month


def read_courses(
    raw: Path, extract: Mapping[str, Any], key: str, persons: set[str], is_dated: bool, has_codes: bool
) -> dict[str, Course]:
    """By linking key the course of every person looked for who has a row; `has_codes`: the study lists its codes."""
    files = [facts for role, facts in sorted(extract["files"].items()) if role.partition("_")[0] == "register"]
    is_none = extract.get("uncovered") == "none"
    if extract["format"] == "dream_wide":
        return _read_wide(raw, files, key, persons, is_none)
    spellings = None if has_codes else extract.get("spellings", {})
    return _read_long(raw, files, key, persons, is_none, is_dated, spellings)


# --- The wide form: a column a week, and a column a month ------------------------------------------------------------


def _read_wide(raw: Path, files: list[Facts], key: str, persons: set[str], is_none: bool) -> dict[str, Course]:
    found: dict[str, _Wide] = {}
    weeks, months = dict[int, int](), set[tuple[int, int]]()
    for place, facts in enumerate(files):
        header, lines = received.read_persons(raw, facts, key, persons)
        columns = _columns(header, facts.get("year", 0))
        for line in lines:
            _put(found.setdefault(link(line.cells[key]), _Wide()), line, columns, place)
        weeks |= {at: place for at in columns.values() if isinstance(at, int)}
        months |= {at for at in columns.values() if isinstance(at, tuple)}
    return {name: _course(own, weeks, months if is_none else set()) for name, own in found.items()}


def _columns(cells: Iterable[str], year: int) -> dict[str, int | tuple[int, int]]:
    """By column the number of its week, or its year and month."""
    found: dict[str, int | tuple[int, int]] = {}
    for name in cells:
        if match := WEEK.fullmatch(name):
            short = int(match[1])
            found[name] = number_of(short + (1900 if short >= 91 else 2000), int(match[2]))
        elif year and (match := WEEK_OF_FILE.fullmatch(name)):
            if int(match[1]) <= datetime.date(year, 12, 28).isocalendar().week:
                found[name] = number_of(year, int(match[1]))
        elif match := MONTH.fullmatch(name):
            found[name] = int(match[1]), int(match[2])
    return found


def _put(own: _Wide, line: Line, columns: Mapping[str, Any], place: int) -> None:
    for name, at in columns.items():
        if isinstance(at, int):
            own.codes[at] = plain_code(line.cells[name]), line.number + FILE * place
        else:
            own.wages[at] = line.cells[name] not in ("", "0")


def _course(own: _Wide, weeks: Iterable[int], without: set[tuple[int, int]]) -> Course:
    """The weeks of a person; a month in `without` that no file tells of the person has no wage."""
    wages = {**dict.fromkeys(without, False), **own.wages}
    unseen = ("", None) if without else (None, None)
    cells = {}
    for week in weeks:
        code, line = own.codes.get(week, unseen)
        cells[week] = Cell(code, wages.get(month_of(week)), line)
    return Course(cells)


@lru_cache(maxsize=100_000)
def plain_code(text: str) -> str:
    """A code without the fraction and the zeros in front that programs write; '' for none."""
    return re.sub(r"[.,]0+$", "", text).lstrip("0")


# --- The long forms: a row a week, or a row a spell ------------------------------------------------------------------


def _read_long(
    raw: Path, files: list[Facts], key: str, persons: set[str], is_none: bool, is_dated: bool, spellings: Any
) -> dict[str, Course]:
    rows = list(_long_rows(raw, files, is_dated))
    start, end = min(row.first for row in rows), max(max(row.first, row.last or row.first) for row in rows)
    has_wages = any("wage" in row.cells for row in rows)
    bare = Cell("", False if has_wages else None) if is_none else UNSEEN
    found: dict[str, Course] = {}
    for row in rows:
        name = link(row.cells[key.lower()])
        if name not in persons:
            continue
        course = found.setdefault(name, Course(dict.fromkeys(range(start, end + 1), bare)))
        cell = Cell(_state(row, spellings), {"1": True, "0": False}.get(row.cells.get("wage", "")), row.line)
        for week in range(row.first, (end if row.last is None else row.last) + 1):
            if course.cells[week].line is None:
                course.cells[week] = cell
    return found


class _Row(NamedTuple):
    """A row of a long form: its weeks, the last None of an open spell, and its cells by names in small letters."""

    first: int
    last: int | None
    line: int
    cells: dict[str, str]
    state_column: str


def _long_rows(raw: Path, files: list[Facts], is_dated: bool) -> Iterator[_Row]:
    for place, facts in enumerate(files):
        for line in received.read(raw, facts):
            cells = {name.lower(): cell for name, cell in line.cells.items()}
            column = next(name for name in line.cells if name.lower() == "state")
            first = _number(cells.get("week", cells.get("first_week", "")), is_dated)
            last = first if "week" in cells else _number(cells["last_week"], is_dated) if cells["last_week"] else None
            yield _Row(first, last, line.number + FILE * place, cells, column)


def _number(text: str, is_dated: bool) -> int:
    if not is_dated:
        return int(text)
    if match := ISO_WEEK.fullmatch(text):
        return number_of(int(match[1]), int(match[2]))
    return number_of_day(datetime.date.fromisoformat(text))


def _state(row: _Row, spellings: Any) -> str:
    """The code of the study's table, or, where it has none, the name of the state."""
    if spellings is None:
        return plain_code(row.cells["state"])
    name = received.canonical(row.cells["state"])
    declared = {received.canonical(a): received.canonical(b) for a, b in spellings.get(row.state_column, {}).items()}
    return declared.get(name, name)
