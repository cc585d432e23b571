"""Workbooks of Excel: one sheet, the first with a name of a column that is known, and its header found by content."""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pipeline.errors import InputError
from pipeline.register.files.layout import LINES_BEFORE_A_HEADER
from pipeline.register.files.rows import Choose, Chunk, Texts, require_header, text_of, typed_frame
from pipeline.storage import Signature, signature


@dataclass
class Sheet:
    """A sheet of a workbook, the first unless named; a row that is empty is none. Lines are the rows of the sheet."""

    path: Path
    header_line: int
    sheet: str
    texts: Texts

    def columns(self) -> list[str]:
        """The names of the columns; those beyond the last that has a name are none."""
        return require_header(self.path, _names(self._rows()[self.header_line - 1]), self.header_line)

    def chunks(self, key: str | None, columns: Sequence[str], choose: Choose | None) -> Iterator[Chunk]:
        """The rows in one chunk; of those that `choose` takes by their keys, all unless told, the `columns`."""
        header = self.columns()
        numbered = list(enumerate(self._rows()[self.header_line :], self.header_line + 1))
        rows = [(line, row) for line, row in numbered if any(map(_is_given, row))]
        self._require_width(rows, len(header))
        every = {name: [_cell(row, place) for _, row in rows] for place, name in enumerate(header)}
        lines = [line for line, _ in rows]
        keys = list(typed_frame({key: every[key]}, lines, self.texts)[key]) if key is not None else []
        frame = typed_frame({name: every[name] for name in columns}, lines, self.texts)
        yield Chunk(keys, lines, frame if choose is None else frame.iloc[list(choose(keys))], 1.0)

    def _require_width(self, rows: list[tuple[int, tuple[Any, ...]]], width: int) -> None:
        wide = [line for line, row in rows if any(map(_is_given, row[width:]))]
        if wide:
            raise InputError(
                f"{self.path}, line {wide[0]}: cells beyond the last column that has a name ({len(wide)} such lines). "
                "Give the column a name, or take the cells out."
            )

    def _rows(self) -> list[tuple[Any, ...]]:
        book = _read(self.path, signature(self.path))
        if self.sheet and self.sheet not in book.sheets:
            raise InputError(f"{self.path}: no sheet {self.sheet}. Mend `sheet` in extract.toml.")
        name = self.sheet or next(iter(book.sheets))
        rows = book.sheets[name]
        merged = [place for place, line in book.merged[name] if line > self.header_line]
        if merged:
            raise InputError(
                f"{self.path}, sheet {name}: cells below the header are one: {merged[0]} ({len(merged)} such places). "
                "Ask for the file with a value in each cell."
            )
        if len(rows) < self.header_line:
            raise InputError(f"{self.path}: no row {self.header_line} for the header. Restore the file.")
        return rows


@dataclass(frozen=True)
class Book:
    """The values of each sheet by its name, and its merged cells with the last of their lines."""

    sheets: dict[str, list[tuple[Any, ...]]]
    merged: dict[str, list[tuple[str, int]]]
    counts_from_1904: bool


def find_header(path: Path, known: Collection[str]) -> tuple[str, int]:
    """The sheet, '' for the first, and the row with a cell among the `known` names, in any case; else the first row.

    Raises InputError if two sheets have a row with more than one of the names.
    """
    wanted, found = {name.casefold() for name in known}, []
    for name, rows in _read(path, signature(path)).sheets.items():
        cells = [{text_of(cell).strip().casefold() for cell in row} for row in rows[:LINES_BEFORE_A_HEADER]]
        hits = [len(row & wanted) for row in cells]
        found += [(name, hits.index(next(filter(None, hits))) + 1, max(hits))] if any(hits) else []
    tables = [name for name, _, hits in found if hits > 1]
    if len(tables) > 1:
        raise InputError(
            f"{path}: {len(tables)} sheets have columns of the study: {', '.join(tables)}. Save each as a file of its "
            "own, or keep one."
        )
    name, line, _ = max(found, key=lambda place: place[2], default=("", 1, 0))
    return "" if name == next(iter(_read(path, signature(path)).sheets)) else name, line


def counts_from_1904(path: Path) -> bool:
    """Whether the workbook counts days from 1904, as those of old Macintoshes do."""
    return _read(path, signature(path)).counts_from_1904


@lru_cache(maxsize=1)
def _read(path: Path, _: Signature) -> Book:
    """The values of all sheets; InputError for what is no workbook."""
    import openpyxl
    from openpyxl.utils.datetime import CALENDAR_MAC_1904
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with path.open("rb") as file:  # whatever its suffix
            book = openpyxl.load_workbook(file, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, OSError) as error:
        raise InputError(f"{path}: no workbook of Excel ({error}). Save it as .xlsx, or as csv.") from error
    sheets = {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets}
    merged = {
        sheet.title: [(str(place), place.max_row) for place in sheet.merged_cells.ranges] for sheet in book.worksheets
    }
    return Book(sheets, merged, book.epoch == CALENDAR_MAC_1904)


def _is_given(cell: Any) -> bool:
    return cell is not None and bool(text_of(cell).strip())


def _names(row: tuple[Any, ...]) -> list[str]:
    names = [text_of(cell).strip() for cell in row]
    while names and not names[-1]:
        names.pop()
    return names


def _cell(row: tuple[Any, ...], place: int) -> Any:
    return row[place] if place < len(row) else None
