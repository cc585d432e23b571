"""Tables read as text; those of the fit with messages that name the place of what is no such thing, never the value."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, TypeVar

from pipeline.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Container
    from pathlib import Path

T = TypeVar("T")
REMEDY = "Run make calibrate."


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a comma-separated file as dictionaries of text."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_stored(path: Path, columns: list[str]) -> list[dict[str, str]]:
    """The rows of a stored table that has these columns first. Raises InputError if it is missing or no such table."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except FileNotFoundError as error:
        raise InputError(f"{path}: the file is missing. {REMEDY}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not a text in UTF-8. {REMEDY}") from error
    if not rows or list(rows[0])[: len(columns)] != columns:
        raise InputError(f"{path}, line 1: not a table of the columns {', '.join(columns)}. {REMEDY}")
    return rows


def read_column(path: Path, rows: list[dict[str, str]], name: str, read: Callable[[str], T]) -> list[T]:
    """The values of a column. Raises InputError with the line of the first that cannot be read."""
    values = []
    for line, row in enumerate(rows, start=2):
        try:
            values.append(read(row[name] or ""))
        except (ValueError, OverflowError) as error:
            raise InputError(f"{path}, line {line}, column {name}: not a value of that column. {REMEDY}") from error
    return values


def one_of(text: str, known: Container[str]) -> str:
    """The text; ValueError if it is none of the known."""
    if text not in known or not text:
        raise ValueError("unknown")
    return text
