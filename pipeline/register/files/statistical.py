"""Files of SAS, Stata and SPSS, through pyreadstat: in chunks of rows, and only the columns asked for.

Codes are read and not their labels. Dates that the file marks as such are dates; where it does not they are numbers,
counted from the day of the package (`ORIGINS`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError
from pipeline.register.files.rows import Choose, Chunk, Texts, require_header, typed_frame

if TYPE_CHECKING:
    import pandas as pd

READERS = {"sas": "read_sas7bdat", "xport": "read_xport", "stata": "read_dta", "spss": "read_sav"}
CELLS = 20_000_000  # of a chunk: what is held in memory at once, less than 400 MB of numbers
LEAST_ROWS = 1_000


@dataclass
class Statistical:
    """A file of a statistical package; rows are numbered from 1, as nothing else tells where one lies."""

    path: Path
    kind: str
    texts: Texts

    def columns(self) -> list[str]:
        """The names of the columns."""
        return require_header(self.path, self._metadata().column_names, 1)

    def chunks(self, key: str | None, columns: Sequence[str], choose: Choose | None) -> Iterator[Chunk]:
        """The rows in chunks; of those that `choose` takes by their keys, all unless told, the `columns`."""
        metadata = self._metadata()
        stored = dict(zip(require_header(self.path, metadata.column_names, 1), metadata.column_names, strict=True))
        wanted = list(dict.fromkeys([*([key] if key is not None else []), *columns]))
        size = max(CELLS // max(len(wanted), 1), LEAST_ROWS)
        first = 1
        while True:
            frame = self._read(usecols=[stored[name] for name in wanted], row_offset=first - 1, row_limit=size)
            rows = len(frame)
            keys = self._keys(frame[stored[key]], first) if key is not None else []
            kept = range(rows) if choose is None else choose(keys)
            cells = {name: frame[stored[name]].iloc[list(kept)].tolist() for name in columns}
            lines = range(first, first + rows)
            is_last = rows < size
            share = 1.0 if is_last else min((first + rows - 1) / max(metadata.number_rows or 0, first + rows), 1.0)
            yield Chunk(keys, lines, typed_frame(cells, [lines[place] for place in kept], self.texts), share)
            if is_last:
                return
            first += rows

    def _keys(self, column: pd.Series, first: int) -> list[str]:
        texts = Texts(".")
        return list(typed_frame({"key": column.tolist()}, range(first, first + len(column)), texts)["key"])

    def _metadata(self) -> Any:
        return self._call(metadataonly=True)[1]

    def _read(self, **options: Any) -> pd.DataFrame:
        frame: pd.DataFrame = self._call(**options)[0]
        return frame

    def _call(self, **options: Any) -> tuple[Any, Any]:
        import pyreadstat

        try:
            found: tuple[Any, Any] = getattr(pyreadstat, READERS[self.kind])(str(self.path), **options)
        except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, UnicodeDecodeError) as error:
            raise InputError(
                f"{self.path}: cannot be read as a file of {self.kind} ({error}). Ask for it again, or as parquet."
            ) from error
        return found
