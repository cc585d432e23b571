"""Workbooks of Excel: the first sheet, its header found by content as in a file of text."""

from __future__ import annotations

import datetime
import zipfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import InputError
from pipeline.register.files.layout import LINES_BEFORE_A_HEADER
from pipeline.register.files.rows import Choose, Chunk, Texts, require_header, text_of, typed_frame


@dataclass
class Sheet:
    """The first sheet of a workbook; a row that is empty is none. Lines are the rows of the sheet."""

    path: Path
    header_line: int
    texts: Texts

    def columns(self) -> list[str]:
        """The names of the columns; those beyond the last that has a name are none."""
        return require_header(self.path, _names(self._rows()[self.header_line - 1]), self.header_line)

    def chunks(self, key: str | None, columns: Sequence[str], choose: Choose | None) -> Iterator[Chunk]:
        """The rows in one chunk; of those that `choose` takes by their keys, all unless told, the `columns`."""
        header = self.columns()
        numbered = list(enumerate(self._rows()[self.header_line :], self.header_line + 1))
        rows = [(line, row) for line, row in numbered if any(cell is not None for cell in row)]
        self._require_width(rows, len(header))
        every = {name: [_cell(row, place) for _, row in rows] for place, name in enumerate(header)}
        lines = [line for line, _ in rows]
        keys = list(typed_frame({key: every[key]}, lines, self.texts)[key]) if key is not None else []
        frame = typed_frame({name: every[name] for name in columns}, lines, self.texts)
        yield Chunk(keys, lines, frame if choose is None else frame.iloc[list(choose(keys))], 1.0)

    def _require_width(self, rows: list[tuple[int, tuple[Any, ...]]], width: int) -> None:
        wide = [line for line, row in rows if any(cell is not None for cell in row[width:])]
        if wide:
            raise InputError(
                f"{self.path}, line {wide[0]}: cells beyond the last column that has a name ({len(wide)} such lines). "
                "Give the column a name, or take the cells out."
            )

    def _rows(self) -> list[tuple[Any, ...]]:
        rows = getattr(self, "_read", None)
        if rows is None:
            rows = self._read = read_rows(self.path)
        if len(rows) < self.header_line:
            raise InputError(f"{self.path}: no row {self.header_line} for the header. Restore the file.")
        return rows


def find_header(path: Path, known: Collection[str]) -> int:
    """The row with a cell among the `known` names, in any case; the first if there is none."""
    wanted = {name.casefold() for name in known}
    for number, row in enumerate(read_rows(path)[:LINES_BEFORE_A_HEADER], 1):
        if {text_of(cell).strip().casefold() for cell in row} & wanted:
            return number
    return 1


def read_rows(path: Path) -> list[tuple[Any, ...]]:
    """The values of the first sheet; InputError for what is no workbook."""
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, OSError) as error:
        raise InputError(f"{path}: no workbook of Excel ({error}). Save it as .xlsx, or as csv.") from error
    try:
        return list(book.worksheets[0].iter_rows(values_only=True))
    finally:
        book.close()


def _names(row: tuple[Any, ...]) -> list[str]:
    names = [text_of(cell).strip() for cell in row]
    while names and not names[-1]:
        names.pop()
    return names


def _cell(row: tuple[Any, ...], place: int) -> Any:
    value = row[place] if place < len(row) else None
    return value.date() if isinstance(value, datetime.datetime) else value
