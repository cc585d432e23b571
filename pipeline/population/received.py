"""The register as received, of any format, as Parquet files that every engine reads: the columns needed, as text.

One that is Parquet is read where it lies. Text is read by DuckDB; what it cannot read, and every other format, goes
through the pipeline's own readers in chunks, so that memory does not grow with the rows.
"""

from __future__ import annotations

import datetime
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import InputError
from pipeline.register.files.kinds import open_file
from pipeline.register.files.layout import DECODED
from pipeline.register.parts import LAST_OF_A_LONG_YEAR, weeks_of_year
from pipeline.register.readers import rename, require_rows
from pipeline.settings.extract import RawFile

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MEMORY = "600MB"  # what DuckDB keeps before it writes to the disk: the process stays under 1 GB
GROUP = 10_000  # rows of a group of a Parquet file, which is held in memory whole
READ_AS_IT_IS = ("utf-8", "latin-1")  # by DuckDB without an extension, which a closed machine cannot load


@dataclass(frozen=True)
class Source:
    """A register file: what it is, what its columns are called by the study and in the file, and its Parquet.

    stored: by the study's name the name in the Parquet file.
    """

    path: Path
    facts: RawFile
    names: dict[str, str]
    parquet: Path
    stored: dict[str, str]


def prepare_source(path: Path, facts: RawFile, is_needed: Callable[[str], bool], folder: Path) -> Source:
    """The file as Parquet, in `folder` unless it is Parquet already; of its columns those that are needed.

    `is_needed` is asked of the study's names. InputError for what the format's reader refuses, naming the line.
    """
    own = open_file(path, facts).columns()
    renamed = weeks_of_year(rename(path, own, facts.columns), facts.year)
    names = {name: column for name, column in zip(renamed, own, strict=True) if is_needed(name)}
    if facts.year and datetime.date(facts.year, 12, 28).isocalendar().week < LAST_OF_A_LONG_YEAR:
        names.pop(f"Y_{facts.year % 100:02d}{LAST_OF_A_LONG_YEAR}", None)  # every such file has the column
    if facts.kind == "parquet":
        from pyarrow.parquet import read_schema

        stored = dict(zip(own, read_schema(path).names, strict=True))
        return Source(path, facts, names, path, {name: stored[column] for name, column in names.items()})
    target = folder / f"{path.name}.parquet"
    if facts.kind != "csv" or not _convert_text(path, facts, own, names, target):
        _convert_chunks(path, facts, names, target)
    return Source(path, facts, names, target, dict(zip(names, names, strict=True)))


def _convert_text(path: Path, facts: RawFile, own: Sequence[str], names: dict[str, str], target: Path) -> bool:
    """Have DuckDB write the columns of a text; False if it cannot read it, or not as many rows as it has."""
    import duckdb

    source, encoding = path, facts.encoding
    if encoding not in READ_AS_IT_IS:
        source, encoding = target.with_suffix(".txt"), "utf-8"
        codec = DECODED.get(facts.encoding, facts.encoding)
        with path.open(encoding=codec, newline="") as text, source.open("w", encoding="utf-8", newline="") as copy:
            shutil.copyfileobj(text, copy, 1 << 20)
    try:
        with duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": str(target.parent)}) as connection:
            rows = _copy_text(connection, source, facts, encoding, own, names, target)
    except duckdb.Error as error:
        print(f"population: {path}: not read by DuckDB ({type(error).__name__}); read by the pipeline's own reader")
        return False
    finally:
        if source != path:
            source.unlink()
    return rows == facts.rows


def _copy_text(
    connection: DuckDBPyConnection,
    source: Path,
    facts: RawFile,
    encoding: str,
    own: Sequence[str],
    names: dict[str, str],
    target: Path,
) -> int:
    """Write the columns of a text as Parquet, every cell as text, nothing guessed from a sample; how many rows."""
    columns = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(len(own)))
    chosen = ", ".join(f"c{own.index(column)} AS {_quoted(name)}" for name, column in names.items())
    options = (
        f"columns = {{{columns}}}, auto_detect = false, header = false, skip = {facts.header}, "
        f"delim = {_text(facts.separator)}, quote = '\"', escape = '\"', encoding = {_text(encoding)}"
    )
    connection.execute("SET preserve_insertion_order = false")
    connection.execute("SET enable_progress_bar = true")
    connection.execute("SET progress_bar_time = 3000")
    (rows,) = connection.execute(
        f"COPY (SELECT {chosen} FROM read_csv({_text(str(source))}, {options})) TO {_text(str(target))} "
        f"(FORMAT parquet, ROW_GROUP_SIZE {GROUP})"
    ).fetchone() or (0,)
    return int(rows)


def _convert_chunks(path: Path, facts: RawFile, names: dict[str, str], target: Path) -> None:
    """Write the columns of a file of any format as Parquet, chunk by chunk."""
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    schema, rows = pa.schema([(name, pa.string()) for name in names]), 0
    with ParquetWriter(target, schema) as writer:
        for chunk in open_file(path, facts).chunks(None, list(names.values()), None):
            rows += len(chunk.rows)
            table = pa.Table.from_pandas(chunk.rows.set_axis(list(names), axis="columns"), preserve_index=False)
            writer.write_table(table.cast(schema), row_group_size=GROUP)
    require_rows(path, rows, facts)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def find_source(sources: Sequence[Source], column: str) -> Source:
    """The file that has a column; InputError if there is none."""
    for source in sources:
        if column in source.names:
            return source
    raise InputError(f"{sources[0].path}: no column {column}. Ask for the register with it.")
