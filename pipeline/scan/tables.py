"""Tables with a row for each person, in whatever form: comma-separated text, a sheet, a page, or JSON."""

from __future__ import annotations

import csv
import html
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from pipeline.scan.parts import TAG, Part
from pipeline.scan.sought import Sought

FEWEST_ROWS, FEWEST_COLUMNS = 20, 3  # of a table of some persons: with fewer it may be one of kinds or of groups
SCRIPT = re.compile(r"<script[^>]*application/json[^>]*>(.*?)</script>", re.S)
TABLES = [  # how a table, a row and a cell begin and end in a page, a text document and a sheet
    (r"<table\b", "</table>", r"<tr\b", r"<t[hd]\b[^>]*>(.*?)</t[hd]>"),
    (r"<w:tbl>", "</w:tbl>", r"<w:tr\b", r"<w:tc>(.*?)</w:tc>"),
    (r"<sheetData>", "</sheetData>", r"<row\b", r"<c\b[^>]*?(?:/>|>(.*?)</c>)"),
]
SHARED = re.compile(r't="s"[^>]*><v>(\d+)</v>')
NUMERIC = re.compile(r"[+-]?[\d.,]*\d")
LOOKED_AT = 6  # first rows of a table, among which its head is
Table = tuple[Sequence[str], int]  # the names of columns, none of a table without a head, and the number of rows


def person_tables(parts: Sequence[Part], sought: Sought) -> Iterator[tuple[Part, int]]:
    """The parts that hold a table of persons, with its rows."""
    shared = next((_strings(part.text) for part in parts if part.where.endswith("sharedStrings.xml")), [])
    for part in parts:
        for columns, rows in _tables(part, shared):
            if _is_of_persons({name.strip().casefold() for name in columns}, rows, sought):
                yield part, rows


def _is_of_persons(columns: set[str], rows: int, sought: Sought) -> bool:
    """Whether a table has persons' numbers, or persons' variables for as many as there are, or several for many.

    One without a head tells nothing but its rows: whether they are as many as persons.
    """
    variables = len(columns & sought.variables)
    if not columns:
        return rows in sought.sizes
    return rows > 0 and (
        bool(columns & sought.person_columns)
        or (variables > 0 and rows in sought.sizes)
        or (variables >= FEWEST_COLUMNS and rows >= FEWEST_ROWS)
    )


def _tables(part: Part, shared: Sequence[str]) -> Iterator[Table]:
    text = part.text
    if part.kind == "markup":
        for table, end, row, cell in TABLES:
            for begun in re.split(table, text)[1:]:
                lines = re.split(row, begun.partition(end)[0])[1:]
                first = [
                    [_cell(found, shared) for found in re.finditer(cell, line, re.S)] for line in lines[:LOOKED_AT]
                ]
                yield from _headed(first, len(lines))
        for script in SCRIPT.findall(text):
            yield from _of_json(script)
    elif part.kind == "text" and text.lstrip()[:1] in ("{", "["):
        yield from _of_json(text)
    elif part.kind == "text":
        yield from _of_lines(text)


def _cell(found: re.Match[str], shared: Sequence[str]) -> str:
    reference = SHARED.search(found[0])
    return shared[int(reference[1])] if reference else html.unescape(TAG.sub("", found[1] or "")).strip()


def _strings(text: str) -> list[str]:
    return [html.unescape(TAG.sub("", found)) for found in re.findall(r"<si>(.*?)</si>", text, re.S)]


def _headed(first: Sequence[Sequence[str]], rows: int) -> Iterator[Table]:
    """A table under its first row, under the first that is as wide as the next, and without a head if it has none."""
    if not first:
        return
    yield first[0], rows - 1
    widths = [len(row) for row in first]
    head = next((at for at in range(1, len(first) - 1) if widths[at - 1] != widths[at] == widths[at + 1]), 0)
    if head and widths[head] > 1:
        yield first[head], rows - head - 1
    if any(NUMERIC.fullmatch(cell.strip()) for cell in first[0]):
        yield [], rows


def _of_lines(text: str) -> Iterator[Table]:
    lines = [line for line in text.splitlines() if line.strip()]
    first = lines[:LOOKED_AT]
    separator = max(",;\t|", key=lambda sign: sum(sign in line for line in first))
    if any(separator in line for line in first):
        yield from _headed(list(csv.reader(first, delimiter=separator)), len(lines))
    elif len({len(line.split()) for line in lines[1:]}) == 1 and NUMERIC.search(lines[-1]):  # else it is of sentences
        titles = int(len(first[0].split()) != len(first[1].split()))
        yield from _headed([line.split() for line in first[titles:]], len(lines) - titles)


def _of_json(text: str) -> Iterator[Table]:
    try:
        yield from _within(json.loads(text))
    except (ValueError, RecursionError):
        yield from (_within([json.loads(line) for line in text.splitlines()]) if _is_lines(text) else ())


def _is_lines(text: str) -> bool:
    return all(line.startswith("{") and line.endswith("}") for line in text.splitlines())


def _within(value: Any) -> Iterator[Table]:
    """Lists of objects, objects of equally long lists, and what lies in them."""
    if isinstance(value, dict):
        lengths = [len(each) for each in value.values() if isinstance(each, list)]
        if lengths:
            yield [name for name, each in value.items() if isinstance(each, list)], max(lengths)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        yield list(value[0]), len(value)
    elif isinstance(value, list) and value and isinstance(value[0], list):
        yield from _headed(
            [[str(cell) for cell in row] for row in value[:LOOKED_AT] if isinstance(row, list)], len(value)
        )
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        if isinstance(each, dict | list):
            yield from _within(each)
