"""Files of SAS, Stata and SPSS, through pyreadstat: in chunks of rows, and only the columns asked for.

Codes are read and not their labels. Dates that the file marks as such are dates; where it does not they are numbers,
counted from the day of the package (`ORIGINS`).

pyreadstat cannot go on where it left off: it finds the first row of a chunk by reading what lies before, in Stata alone
by going there. So chunks are as large as the memory allows, the keys are read first, and of the other columns only
chunks with a row that is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError
from pipeline.register.files.rows import Choose, Chunk, Texts, keys_of, require_header, typed_frame

if TYPE_CHECKING:
    import pandas as pd

READERS = {"sas": "read_sas7bdat", "xport": "read_xport", "stata": "read_dta", "spss": "read_sav"}
HELD = 300_000_000  # bytes of the cells that are held in memory at once
NUMBER, TEXT = 18, 56  # bytes that a number takes in memory, and a text besides its letters: measured
NEAR = {"stata": 50_000}  # cells between two rows that take less time than to go from the one to the other
STATA_DATE, STATA_TIME = re.compile(r"%-?t?d"), re.compile(r"%-?t[cC]")
STATA_PERIOD = re.compile(r"%-?t[wmqh]")  # weeks, months, quarters, halves: no days, which their numbers could be


@dataclass
class Statistical:
    """A file of a statistical package; rows are numbered from 1, as nothing else tells where one lies."""

    path: Path
    kind: str
    texts: Texts

    def columns(self) -> list[str]:
        """The names of the columns."""
        return require_header(self.path, self._metadata.column_names, 1)

    def chunks(self, key: str | None, columns: Sequence[str], choose: Choose | None) -> Iterator[Chunk]:
        """The rows in chunks; of those that `choose` takes by their keys, all unless told, the `columns`."""
        if choose is None:
            for first, frame, share in self._read([*([key] if key else []), *columns]):
                keys = keys_of(frame[key].tolist(), self.texts) if key else []
                yield Chunk(keys, range(first, first + len(frame)), self._rows(frame, columns, first), share)
            return
        assert key is not None
        nothing, taken = typed_frame({name: [] for name in columns}, [], self.texts), []
        for first, frame, share in self._read([key]):
            keys = keys_of(frame[key].tolist(), self.texts)
            taken += [first + place for place in choose(keys)]
            yield Chunk(keys, range(first, first + len(frame)), nothing, share / 2)
        yield from self._take(columns, taken)

    def _take(self, columns: Sequence[str], taken: list[int]) -> Iterator[Chunk]:
        """The rows of these numbers, in ascending order: as many in one reading as lie within one chunk."""
        size, gap = self._size(columns), max(NEAR.get(self.kind, HELD) // max(len(columns), 1), 1)
        done = 0
        while done < len(taken):
            first = last = taken[done]
            near = []
            while done < len(taken) and taken[done] - last <= gap and taken[done] - first < size:
                last = taken[done]
                near.append(last)
                done += 1
            frame = self._call(columns, row_offset=first - 1, row_limit=last - first + 1)
            kept = frame.iloc[[row - first for row in near]]
            yield Chunk([], [], self._rows(kept, columns, near), (1 + done / len(taken)) / 2)

    def _read(self, names: Sequence[str]) -> Iterator[tuple[int, pd.DataFrame, float]]:
        """The columns in chunks, each with the number of its first row, and how much of the file is read by now."""
        columns = list(dict.fromkeys(names))
        size, first, is_last = self._size(columns), 1, False
        while not is_last:
            frame = self._call(columns, row_offset=first - 1, row_limit=size)
            is_last = len(frame) < size
            read = first + len(frame) - 1
            yield first, frame, 1.0 if is_last else min(read / max(self._metadata.number_rows or 0, read + 1), 1.0)
            first += len(frame)

    def _rows(self, frame: pd.DataFrame, columns: Sequence[str], lines: Sequence[int] | int) -> pd.DataFrame:
        numbers = range(lines, lines + len(frame)) if isinstance(lines, int) else lines
        return typed_frame({name: frame[name].tolist() for name in columns}, numbers, self.texts)

    def _size(self, columns: Sequence[str]) -> int:
        """How many rows of the columns may be held in memory at once."""
        found, stored = self._metadata, self._stored
        is_text = [found.readstat_variable_types[stored[name]] == "string" for name in columns]
        widths = [found.variable_storage_width[stored[name]] for name in columns]
        held = sum(TEXT + width if text else NUMBER for text, width in zip(is_text, widths, strict=True))
        return max(HELD // max(held, 1), 1)

    @cached_property
    def _formats(self) -> dict[str, list[str]]:
        """Formats of dates that pyreadstat does not know as such: those of Stata with a layout."""
        formats = set(self._metadata.original_variable_types.values()) if self.kind == "stata" else set()
        known = {"extra_date_formats": STATA_DATE, "extra_datetime_formats": STATA_TIME}
        return {name: [text for text in formats if form.match(text)] for name, form in known.items()}

    @cached_property
    def _metadata(self) -> Any:
        return self._ask(metadataonly=True)[1]

    @cached_property
    def _stored(self) -> dict[str, str]:
        return dict(zip(self.columns(), self._metadata.column_names, strict=True))

    def _call(self, columns: Sequence[str], **rows: int) -> pd.DataFrame:
        stored = self._stored
        options: dict[str, Any] = {"usecols": [stored[name] for name in columns], **rows}
        try:
            frame: pd.DataFrame = self._ask(**options, **self._formats)[0]
        except OverflowError:  # seconds with a format of days, as DTDATE of SAS: they are told by their size
            frame = self._ask(**options, disable_datetime_conversion=True)[0]
        for name, format in self._metadata.original_variable_types.items():
            if name in frame and self.kind == "stata" and (period := STATA_PERIOD.match(format or "")):
                frame[name] = [None if value != value else f"{value:g} ({period.group()})" for value in frame[name]]
        return frame.rename(columns={stored[name]: name for name in columns})

    def _ask(self, **options: Any) -> tuple[Any, Any]:
        import pyreadstat

        try:
            found: tuple[Any, Any] = getattr(pyreadstat, READERS[self.kind])(str(self.path), **options)
        except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, UnicodeDecodeError) as error:
            raise InputError(
                f"{self.path}: cannot be read as a file of {self.kind} ({error}). Ask for it again, or as parquet."
            ) from error
        return found
