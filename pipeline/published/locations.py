"""Where a printed number stands in the report, and which number of the rebuilt tables it is compared with."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, NamedTuple

from pipeline.errors import InputError

TABLES_FILE = "data_raw/published/tables.csv"
ROWS_FILE = "published_rows.csv"
COLUMNS_FILE = "published_columns.csv"
FIRST_DATA_LINE = 2
ABOVE = "{above}"
UNITS = {"": 1.0, "date": 1.0, "percent": 100.0}  # printed numbers to one in the unit shown


class Place(NamedTuple):
    """Where a number is printed; a table may have several numbers at one place, as under a repeated row label."""

    exhibit: str
    panel: str
    row: str
    column: str
    statistic: str

    def __str__(self) -> str:
        """The parts that are not empty: 'table_3_3, panel high, row 8-24, column employment, coef'."""
        parts = [self.exhibit, self.panel and f"panel {self.panel}", f"row {self.row}", f"column {self.column}"]
        return ", ".join(part for part in [*parts, self.statistic] if part)


@dataclass(frozen=True)
class Printed:
    """A number as the report prints it; `line` is its line in the file."""

    line: int
    place: Place
    name: str
    value: str
    decimals: int
    stars: str
    text: str

    @property
    def is_date(self) -> bool:
        """Whether the number is a date, written in ISO form."""
        return self.place.statistic == "date"


class ShownPlace(NamedTuple):
    """What tells a number of the rebuilt tables from every other."""

    exhibit: str
    row: str
    column: str
    statistic: str


@dataclass(frozen=True)
class Location:
    """The rebuilt number to compare with, the factor from its unit to the printed one, and the marks printed there."""

    place: ShownPlace
    factor: float
    marks: tuple[str, ...]


@dataclass(frozen=True)
class Rule:
    """A line of one of the two files of rules; a blank pattern fits everything."""

    line: int
    patterns: tuple[str, ...]
    texts: Mapping[str, str]

    def fits(self, values: Sequence[str]) -> bool:
        """Whether every pattern fits the whole of its value."""
        return all(fits_whole(pattern, value) for pattern, value in zip(self.patterns, values, strict=True))


def read_printed(records: Iterable[Mapping[Any, str]]) -> list[Printed]:
    """The printed numbers in the order of the file."""
    return [
        Printed(
            line=line,
            place=read_place(record),
            name=record["name"],
            value=record["value"],
            decimals=int(record["decimals"] or 0),
            stars=record["stars"],
            text=record["printed"],
        )
        for line, record in enumerate(records, FIRST_DATA_LINE)
    ]


def read_place(record: Mapping[Any, str]) -> Place:
    """The place that a record names, or the patterns of one."""
    return Place(*(record[part] for part in Place._fields))


@cache
def fits_whole(pattern: str, value: str) -> bool:
    """Whether a pattern fits the whole of a value; a blank one fits everything."""
    return not pattern or _compile(pattern).fullmatch(value) is not None


@cache
def _compile(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise InputError(f"the pattern {pattern!r} of a rule is none: {error}. Mend it.") from error


@cache
def _expand(pattern: str, template: str, value: str) -> str:
    """The template with what the groups of the pattern hold of the value, '' where the pattern does not fit."""
    match = _compile(pattern or ".*").fullmatch(value)
    return match.expand(template) if match else ""


class Locator:
    """The rules of published_rows.csv and published_columns.csv, and which of them were used."""

    def __init__(self, rows: Iterable[Mapping[Any, str]], columns: Iterable[Mapping[Any, str]]) -> None:
        """Rules as the records of the two files."""
        self._rows = _rules(ROWS_FILE, rows, ("exhibit", "panel", "row"))
        self._columns = _rules(COLUMNS_FILE, columns, ("exhibit", "column", "statistic"))
        self._found: dict[tuple[str, tuple[str, ...]], Rule] = {}

    def locate_all(self, numbers: Sequence[Printed]) -> list[Location]:
        """The location of every number; InputError unless each has one rule of each file and a place of its own."""
        located: list[Location] = []
        above = ""
        for number in numbers:
            own = self._row_key(number)
            above = above if own == ABOVE else own
            located.append(self._location(number, above))
        counts = Counter(location.place for location in located)
        for number, location in zip(numbers, located, strict=True):
            if counts[location.place] > 1:
                raise InputError(
                    f"{TABLES_FILE}, line {number.line}: {number.place} has the same place as another number, "
                    f"{'/'.join(location.place)}. Mend the rules of {ROWS_FILE} and {COLUMNS_FILE}."
                )
        return located

    def locate(self, number: Printed) -> Location:
        """The location of one number whose row has a key of its own, as after a label was corrected."""
        return self._location(number, self._row_key(number))

    def has_row(self, place: Place) -> bool:
        """Whether the row label exists in the panel of the place."""
        return any(rule.fits((place.exhibit, place.panel, place.row)) for rule in self._rows)

    def require_all_used(self) -> None:
        """InputError naming the first rule that fitted no number."""
        used = {(file, rule.line) for (file, _), rule in self._found.items()}
        for file, rules in ((ROWS_FILE, self._rows), (COLUMNS_FILE, self._columns)):
            for rule in rules:
                if (file, rule.line) not in used:
                    raise InputError(f"{file}, line {rule.line}: the rule fits no printed number. Delete or mend it.")

    def _row_key(self, number: Printed) -> str:
        place = number.place
        rule = self._rule(ROWS_FILE, self._rows, number, (place.exhibit, place.panel, place.row))
        return _expand(rule.patterns[2], rule.texts["key"], place.row).replace("{name}", number.name)

    def _location(self, number: Printed, row_key: str) -> Location:
        place = number.place
        rule = self._rule(COLUMNS_FILE, self._columns, number, (place.exhibit, place.column, place.statistic))
        column = _expand(rule.patterns[1], rule.texts["key"], place.column)
        row = self._rule(ROWS_FILE, self._rows, number, (place.exhibit, place.panel, place.row))
        unit = rule.texts["unit"] or row.texts["unit"]
        return Location(
            ShownPlace(place.exhibit, row_key, column, rule.texts["shown"]),
            _factor(unit, number),
            tuple(rule.texts["marks"].split()),
        )

    def _rule(self, file: str, rules: list[Rule], number: Printed, values: tuple[str, ...]) -> Rule:
        key = (file, values)
        if key not in self._found:
            fitting = [rule for rule in rules if rule.fits(values)]
            if len(fitting) != 1:
                which = f"lines {', '.join(str(rule.line) for rule in fitting)} fit" if fitting else "no rule fits"
                raise InputError(
                    f"{TABLES_FILE}, line {number.line}: {file}: {which} {number.place}. Each number needs one."
                )
            self._found[key] = fitting[0]
        return self._found[key]


def _rules(file: str, records: Iterable[Mapping[Any, str]], patterns: tuple[str, ...]) -> list[Rule]:
    rules = [
        Rule(line, tuple(record[name] for name in patterns), {str(key): text for key, text in record.items()})
        for line, record in enumerate(records, FIRST_DATA_LINE)
    ]
    if not rules:
        raise InputError(f"{file}: no rules. Restore the file.")
    return rules


def _factor(unit: str, number: Printed) -> float:
    if unit not in UNITS:
        raise InputError(f"{number.place}: the unit {unit!r} of its rule is none of {', '.join(map(repr, UNITS))}.")
    return UNITS[unit]


def with_row(number: Printed, row: str) -> Printed:
    """The number as if it stood under another row label of its panel."""
    return replace(number, place=number.place._replace(row=row))


def with_panel(number: Printed, panel: str) -> Printed:
    """The number as if it stood in another panel."""
    return replace(number, place=number.place._replace(panel=panel))
