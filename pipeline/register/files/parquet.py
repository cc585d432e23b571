"""Parquet files: the key of every row first, then the columns of the rows that are kept alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import InputError
from pipeline.register.files.rows import Choose, Chunk, Texts, keys_of, require_header, typed_frame

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

MEMORY = "512MB"  # of the engine, for whatever size of file


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
            nothing = typed_frame({name: [] for name in columns}, [], self.texts)
            count, first, taken = max(file.metadata.num_rows, 1), 1, []
            for group in range(file.num_row_groups):
                rows = file.metadata.row_group(group).num_rows
                keys = self._keys(file, group, stored[key]) if key is not None else []
                if choose is None:
                    table, lines = (
                        file.read_row_group(group, [stored[name] for name in columns]),
                        range(first, first + rows),
                    )
                    frame = self._frame(table, columns, stored, lines)
                else:
                    taken += [first + place for place in choose(keys)]
                    frame = nothing
                yield Chunk(keys, range(first, first + rows), frame, (first + rows - 1) / count)
                first += rows
            if taken:
                table = self._take([stored[name] for name in columns], taken)
                yield Chunk([], [], self._frame(table, columns, stored, taken), 1.0)

    def _frame(
        self, table: pa.Table, columns: Sequence[str], stored: dict[str, str], lines: Sequence[int]
    ) -> pd.DataFrame:
        cells = {name: table.column(stored[name]).to_pylist() for name in columns}
        return typed_frame(cells, lines, self.texts)

    def _take(self, columns: list[str], lines: list[int]) -> pa.Table:
        """The rows of these numbers, which DuckDB finds without reading the others' columns."""
        import duckdb

        names = ", ".join('"' + name.replace('"', '""') + '"' for name in columns)
        source = str(self.path).replace("'", "''")
        numbers = ", ".join(str(line - 1) for line in lines)
        with duckdb.connect(config={"memory_limit": MEMORY}) as connection:
            return connection.sql(
                f"SELECT {names} FROM read_parquet('{source}', file_row_number = true) "
                f"WHERE file_row_number IN ({numbers}) ORDER BY file_row_number"
            ).to_arrow_table()

    def _keys(self, file: ParquetFile, group: int, name: str) -> list[str]:
        values = file.read_row_group(group, columns=[name]).column(name).to_pylist()
        return keys_of(values, self.texts)

    def _open(self) -> ParquetFile:
        import pyarrow as pa
        from pyarrow.parquet import ParquetFile

        try:
            return ParquetFile(self.path)
        except (OSError, pa.ArrowInvalid) as error:
            raise InputError(
                f"{self.path}: no parquet file ({str(error).splitlines()[0]}). Ask for it again."
            ) from error
