"""The engine that runs the relational expressions: DuckDB in this process, or Spark where ENGINE names a master."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError
from pipeline.register.readers import read_header
from pipeline.settings.extract import RawFile

if TYPE_CHECKING:
    from ibis.expr.types import Table

EMBEDDED = "duckdb"
SPARK = re.compile(r"spark://.+|local\[(\d+|\*)\]|yarn|k8s://.+")
MEMORY = "700MB"  # what DuckDB keeps before it writes to the disk: the process stays under 1 GB
SPARK_REQUIREMENTS = "requirements-spark.lock"
PARTITIONS = 8  # of what Spark has grouped, which is small
CONVERT = (
    'python -c "import pyreadstat, sys; pyreadstat.read_sas7bdat(sys.argv[1])[0].astype(str).to_parquet(sys.argv[2])"'
)


@contextmanager
def connected(engine: str, folder: Path) -> Iterator[Any]:
    """A backend of ibis for the named engine, closed at the end; what it writes in between lies in `folder`.

    InputError for a name that is no engine, and for Spark where pyspark is not installed.
    """
    if engine == EMBEDDED:
        connection = _connect_duckdb(folder)
    elif SPARK.fullmatch(engine):
        connection = _connect_spark(engine, folder)
    else:
        raise InputError(
            f"ENGINE={engine}: no engine. Leave it out for DuckDB in this process, or name the master of a Spark: "
            "spark://host:port, yarn, k8s://..., or local[2]."
        )
    try:
        yield connection
    finally:
        connection.disconnect()


def _connect_duckdb(folder: Path) -> Any:
    import ibis

    connection = ibis.duckdb.connect(
        folder / "population.duckdb", memory_limit=MEMORY, temp_directory=str(folder), preserve_insertion_order=False
    )
    connection.raw_sql("SET lambda_syntax = 'ENABLE_SINGLE_ARROW'")  # as ibis 12 writes it
    connection.raw_sql("SET enable_progress_bar = true")
    connection.raw_sql("SET progress_bar_time = 2000")
    return connection


def _connect_spark(master: str, folder: Path) -> Any:
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise InputError(
            f"ENGINE={master}: pyspark is not installed. Say pip install --require-hashes -r {SPARK_REQUIREMENTS}; it "
            "needs Java 17."
        ) from error
    import ibis

    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "true",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": str(PARTITIONS),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.local.dir": str(folder),
    }
    builder = SparkSession.builder.master(master).appName("population")
    for key, value in settings.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return ibis.pyspark.connect(session)


def read_register(connection: Any, path: Path, file: RawFile) -> Table:
    """The register file as a relation of text, read when it is asked for; the names of its columns as in the file.

    A csv is read as extract.toml describes it, every column as text, nothing guessed from a sample. InputError for a
    file in a form that no engine reads.
    """
    if path.suffix == ".parquet":
        return connection.read_parquet(str(path))
    if path.suffix == ".csv":
        return _read_csv(connection, path, file)
    raise InputError(
        f"{path}: make population reads csv and parquet, not {path.suffix}. Convert it first, for a sas7bdat that fits "
        f"in memory with {CONVERT} {path.name} {path.stem}.parquet, and name that file in extract.toml."
    )


def _read_csv(connection: Any, path: Path, file: RawFile) -> Table:
    if connection.name == EMBEDDED:
        columns = dict.fromkeys(read_header(path, file.separator), "VARCHAR")
        return connection.read_csv(
            str(path), columns=columns, delim=file.separator, quote='"', header=True, auto_detect=False
        )
    return connection.read_csv(
        str(path), sep=file.separator, quote='"', header=True, inferSchema=False, mode="FAILFAST", enforceSchema=False
    )
