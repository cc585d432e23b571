"""Time and memory of the counting of everybody in a register as it grows, on both engines, beside a bare scan.

python -m benchmarks.population [ROWS ...]

The register is a synthetic one around the synthetic trial (benchmarks/crowd.py), as csv and as parquet, in a temporary
folder. The bare scan has DuckDB read every cell of the columns that are counted, from the same file, and nothing else.
Each is a process of its own; seconds are those of the work without the imports and, of Spark, without its start.
"""

from __future__ import annotations

import importlib.util
import json
import math
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from benchmarks.crowd import write_crowd
from benchmarks.scan import peak_memory
from pipeline.population.definitions import Definitions, read_trial
from pipeline.population.engines import EMBEDDED, connected
from pipeline.population.received import MEMORY, prepare_source
from pipeline.population.register import count_population, open_register
from pipeline.pseudonyms.hashed import Pseudonyms
from pipeline.register.calendar import week_of_date
from pipeline.register.readers import read_received
from pipeline.runner.inputs import load_input

SIZES = (5_000, 50_000, 500_000)
MOST_ON_SPARK = 50_000  # a machine of two cores has little to gain from it
SPARK = "local[2]"
RAW, DERIVED, SETTINGS = Path("data_raw/twin"), Path("data_derived/twin"), Path("config")


def main() -> None:
    """Print rows, MB, seconds of the counting and of the scan, their ratio, the memory, and the exponents."""
    sizes = tuple(map(int, sys.argv[1:])) or SIZES
    has_spark = bool(importlib.util.find_spec("pyspark") and shutil.which("java"))
    print("| engine | format | rows | file, MB | seconds | bare scan, seconds | ratio | largest process, MB |")
    print("|---|---|---|---|---|---|---|---|")
    for kind in ("csv", "parquet"):
        with tempfile.TemporaryDirectory() as place:
            _print_sizes(kind, sizes, Path(place), has_spark=has_spark)
    if not has_spark:
        print("Spark was not measured: pyspark (requirements-spark.lock) or Java is not here.")


def _print_sizes(kind: str, sizes: Sequence[int], place: Path, *, has_spark: bool) -> None:
    """The rows of one format, and how the seconds grow over the last step."""
    seconds: dict[int, float] = {}
    for rows in sizes:
        folder = place / "crowd"
        size = write_crowd(RAW, folder, rows, kind).stat().st_size / 1e6
        bare, _ = _measure("scan", folder, EMBEDDED)
        for engine in [EMBEDDED, *([SPARK] if has_spark and rows <= MOST_ON_SPARK and kind == "parquet" else [])]:
            took, memory = _measure("count", folder, engine)
            apart = "" if engine == EMBEDDED else " and the JVM"
            ratio = f"{took:.1f} | {bare:.2f} | {took / bare:.1f}"
            print(f"| {engine} | {kind} | {rows:,} | {size:.0f} | {ratio} | {memory:.0f}{apart} |", flush=True)
            if engine == EMBEDDED:
                seconds[rows] = took
        shutil.rmtree(folder)
    for small, large in pairwise(sizes):
        exponent = math.log(seconds[large] / seconds[small]) / math.log(large / small)
        print(f"| {EMBEDDED} | {kind} | exponent from {small:,} to {large:,} | | {exponent:.2f} | | | |", flush=True)


def _measure(what: str, folder: Path, engine: str) -> tuple[float, float]:
    """Seconds and MB of one piece of work in a process of its own."""
    code = "import sys; from benchmarks.population import work; work(*sys.argv[1:])"
    run = subprocess.run(
        [sys.executable, "-c", code, what, str(folder), engine], stdout=subprocess.PIPE, text=True, check=True
    )
    seconds, memory = json.loads(run.stdout.splitlines()[-1])
    return seconds, memory


def work(what: str, folder: str, engine: str) -> None:
    """Do one piece of work and print its seconds and the MB of this process."""
    raw = Path(folder)
    study, outcomes, codes = (
        load_input(SETTINGS / name) for name in ("study.toml", "outcomes.toml", "benefit_codes.csv")
    )
    found = Definitions(study, outcomes, load_input(raw / "extract.toml"), codes)
    seconds = _scan(raw, found) if what == "scan" else _count(raw, found, engine)
    print(f"\n{json.dumps([seconds, peak_memory()])}")  # after a bar of progress, if one stands there


def _count(raw: Path, found: Definitions, engine: str) -> float:
    allocation = read_received(raw / found.extract.files["allocation"].path, found.extract)
    trial = read_trial(
        allocation, load_input(DERIVED / "sample.parquet"), found.study.design, Pseudonyms.of(found.extract)
    )
    days = load_input(DERIVED / "trial.parquet")["allocation_date"]
    weeks = [week_of_date(day.date()) for day in days]
    with tempfile.TemporaryDirectory() as place, connected(engine, Path(place)) as connection:
        started = time.perf_counter()
        counts = count_population(open_register(connection, raw, found, weeks, Path(place)), trial, found)
        seconds = time.perf_counter() - started
    assert counts.weeks["n"].sum() > 0
    return seconds


def _scan(raw: Path, found: Definitions) -> float:
    """Read every cell of the columns that are counted."""
    import duckdb

    facts = found.extract.registers[0]
    path = raw / facts.path
    names = prepare_source(path, facts, found.is_needed, raw).names if facts.kind == "parquet" else []
    with duckdb.connect(config={"memory_limit": MEMORY}) as connection:
        started = time.perf_counter()
        if names:
            read = f"read_parquet('{path}')"
        else:
            options = f"delim = '{facts.separator}', header = true, all_varchar = true, sample_size = 1"
            read = f"read_csv('{path}', {options})"
            columns = [row[0] for row in connection.execute(f"DESCRIBE FROM {read}").fetchall()]
            names = [name for name in columns if found.is_needed(name)]
        lengths = ", ".join(f'sum(strlen("{name}"))' for name in names)  # which no statistics of the file can answer
        connection.execute(f"SELECT {lengths} FROM {read}").fetchall()
        return time.perf_counter() - started


if __name__ == "__main__":
    main()
