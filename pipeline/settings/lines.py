"""In which line of a TOML file a key stands: what its reader does not tell."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

Keys = tuple[str | int, ...]  # of a table and its keys; a number counts the elements of an array from 0

HEADER = re.compile(r"\[{1,2}([\w.\-\" ]+)\]{1,2}\s*(#.*)?")
KEY = re.compile(r"\s*((?:[\w\-]+|\"[^\"]+\")(?:\s*\.\s*(?:[\w\-]+|\"[^\"]+\"))*)\s*=")


class Document(dict[str, Any]):
    """A parsed TOML file that knows its path and text, so that whoever looks at it later can say where a key stands."""

    def __init__(self, data: dict[str, Any], path: str, text: str) -> None:
        """The parsed tables, the path as messages show it, and the text."""
        super().__init__(data)
        self.path, self.text = path, text


def file_and_text(tables: object, file: str) -> tuple[str, str]:
    """The path and the text of a Document; of other tables the name of the file, and none."""
    return (tables.path, tables.text) if isinstance(tables, Document) else (file, "")


def place(tables: object, file: str, keys: Sequence[str | int], value: str = "") -> str:
    """'config/models.toml, line 12' of a key of a Document, and of a value in it; `file` alone where it is none."""
    if not isinstance(tables, Document):
        return file
    line = find_line(tables.text, keys, value)
    return tables.path if line is None else f"{tables.path}, line {line}"


def find_line(text: str, keys: Sequence[str | int], value: str = "") -> int | None:
    """The line of the key that `keys` lead to, or of the last of them that has one; in its lines that with `value`."""
    table, found, depth, elements = Keys(), None, 0, Counter[str]()
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        header, key = HEADER.fullmatch(line), KEY.match(line)
        if header:
            here = table = _parts(header.group(1))
            if line.startswith("[["):
                here = table = (*table, elements[header.group(1)])
                elements[header.group(1)] += 1
        elif key:
            here = (*table, *_parts(key.group(1)))
        else:
            continue
        if here == tuple(keys[: len(here)]) and len(here) > depth:
            found, depth = number, len(here)
    if found is None or not value:
        return found
    return next((number for number in _extent(lines, found) if value in lines[number - 1]), found)


def _parts(text: str) -> Keys:
    return tuple(part.strip().strip('"') for part in text.split("."))


def _extent(lines: Sequence[str], first: int) -> range:
    """The lines from `first` to the next that begins a table, or if `first` begins none, the next that begins a key."""
    is_table = HEADER.fullmatch(lines[first - 1]) is not None
    for number in range(first + 1, len(lines) + 1):
        line = lines[number - 1]
        if HEADER.fullmatch(line) or (KEY.match(line) and not is_table):
            return range(first, number)
    return range(first, len(lines) + 1)
