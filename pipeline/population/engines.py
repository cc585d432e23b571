"""The engine that runs the relational expressions: DuckDB in this process, or Spark where ENGINE names a master."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.errors import InputError
from pipeline.population.received import MEMORY

EMBEDDED = "duckdb"
SPARK = re.compile(r"spark://.+|local\[(\d+|\*)\]|yarn|k8s://.+")
SPARK_REQUIREMENTS = "requirements-spark.lock"


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


@contextmanager
def told_errors(path: Path) -> Iterator[None]:
    """Turn what an engine raises into an InputError that names the register file, and holds no value of its rows."""
    try:
        yield
    except _raised() as error:
        raise InputError(
            f"{path}: the engine stopped ({type(error).__name__}). See to the memory and the space on the disk, and "
            "whether every row has the cells of the header: make check-extract reads the file row by row and says "
            "which has not."
        ) from error


def _raised() -> tuple[type[Exception], ...]:
    """What the engines that were started raise."""
    import duckdb

    if "pyspark" not in sys.modules:
        return (duckdb.Error,)
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    return (duckdb.Error, Py4JError, PySparkException)


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
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.local.dir": str(folder),
    }
    if master.startswith("local"):
        settings["spark.sql.shuffle.partitions"] = "1"  # what is grouped is small
    builder = SparkSession.builder.master(master).appName("population")
    for key, value in settings.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return ibis.pyspark.connect(session)
