"""Parquet files: the key of every row first, then the columns of the rows that are kept alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import InputError
from pipeline.register.files.rows import Choose, Chunk, Texts, pad_numbers, require_header, typed_frame

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

CELLS = 4_000_000  # of a batch, whatever its columns: what is held in memory at once


@dataclass
class Parquet:
    """A parquet file; rows are numbered from 1, as nothing else tells where one lies."""

    path: Path
    texts: Texts

    def columns(self) -> list[str]:
        """The names of the columns."""
        with self._open() as file:
            return require_header(self.path, list(file.schema_arrow.names), 1)

    def chunks(self, key: str | None, columns: Sequence[str], choose: Choose | None) -> Iterator[Chunk]:
        """The rows in chunks; of those that `choose` takes by their keys, all unless told, the `columns`."""
        with self._open() as file:
            stored = dict(zip(self.columns(), file.schema_arrow.names, strict=True))
            count, first = max(file.metadata.num_rows, 1), 1
            for group in range(file.num_row_groups):
                keys = self._keys(file, group, stored[key]) if key is not None else []
                rows = file.metadata.row_group(group).num_rows
                kept = range(rows) if choose is None else choose(keys)
                table = _take(file, group, [stored[name] for name in columns], kept)
                cells = {name: table.column(stored[name]).to_pylist() for name in columns}
                lines = [first + place for place in kept]
                frame = typed_frame(cells, lines, self.texts)
                yield Chunk(keys, range(first, first + rows), frame, (first + rows - 1) / count)
                first += rows

    def _keys(self, file: ParquetFile, group: int, name: str) -> list[str]:
        from pipeline.register.files.rows import text_of

        values = file.read_row_group(group, columns=[name]).column(name).to_pylist()
        keys = [self.texts.text(text_of(value)) for value in values]
        return pad_numbers(keys) if any(isinstance(value, (int, float)) for value in values[:1000]) else keys

    def _open(self) -> ParquetFile:
        import pyarrow as pa
        from pyarrow.parquet import ParquetFile

        try:
            return ParquetFile(self.path)
        except (OSError, pa.ArrowInvalid) as error:
            raise InputError(
                f"{self.path}: no parquet file ({str(error).splitlines()[0]}). Ask for it again."
            ) from error


def _take(file: ParquetFile, group: int, columns: list[str], kept: Sequence[int]) -> pa.Table:
    """The rows of a row group at these places, in batches, of which the rows that are not kept are let go at once."""
    import numpy as np
    import pyarrow as pa

    places, first, parts = np.asarray(kept, dtype=np.int64), 0, []
    schema = pa.schema([file.schema_arrow.field(name) for name in columns])
    size = max(CELLS // max(len(columns), 1), 1)
    if len(places):
        for batch in file.iter_batches(size, row_groups=[group], columns=columns):
            inside = places[(places >= first) & (places < first + len(batch))] - first
            parts.append(batch.take(pa.array(inside)))
            first += len(batch)
    return pa.Table.from_batches(parts, schema=parts[0].schema if parts else schema)
