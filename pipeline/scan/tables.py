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
Table = tuple[list[str], int]  # the names of columns, and the number of rows


def person_tables(parts: Sequence[Part], sought: Sought) -> Iterator[tuple[Part, int]]:
    """The parts that hold a table of persons, with its rows."""
    shared = next((_strings(part.text) for part in parts if part.where.endswith("sharedStrings.xml")), [])
    for part in parts:
        for columns, rows in _tables(part, shared):
            if _is_of_persons({name.strip().casefold() for name in columns}, rows, sought):
                yield part, rows


def _is_of_persons(columns: set[str], rows: int, sought: Sought) -> bool:
    """Whether a table has persons' numbers, or persons' variables for as many as there are, or several for many."""
    variables = len(columns & sought.variables)
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
                if lines:
                    yield [_cell(found, shared) for found in re.finditer(cell, lines[0], re.S)], len(lines) - 1
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


def _of_lines(text: str) -> Iterator[Table]:
    head = text.partition("\n")[0]
    separator = max(",;\t|", key=head.count)
    if separator in head:
        yield next(csv.reader([head], delimiter=separator)), text.count("\n") - 1 + (not text.endswith("\n"))


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
    elif isinstance(value, list) and len(value) > 1 and isinstance(value[0], list):
        yield [str(name) for name in value[0]], len(value) - 1
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        if isinstance(each, dict | list):
            yield from _within(each)
