"""Time and memory of the reading of a whole register as it grows, beside a bare scan of the same file.

python -m benchmarks.scan [ROWS ...]

The register of the synthetic trial is written with other persons around its own, in a temporary folder: as csv and as
parquet whole, and narrow for SAS, Stata and SPSS, whose writers are slow, with the last NARROW of its weeks and the
months of wages over them. Kept are the rows of the trial's persons, with the checks of the stage; the bare scan reads
every line and counts its cells, or reads every cell of the columns that are read, by the same library, and does nothing
with them.
Each is a process of its own, timed without its imports. The seconds of the largest two sizes give what a million rows
take, and what is left of those of the smallest is the constant.
"""

from __future__ import annotations

import importlib
import json
import math
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
import numpy as np
import pandas as pd

from pipeline.pseudonyms.hashed import Pseudonyms
from pipeline.register.columns import DEGREE, WAGE, WEEK
from pipeline.register.files.statistical import READERS
from pipeline.register.kept import Asked, keep_rows
from pipeline.register.persons import link_keys, usual_form
from pipeline.settings.extract import RawFile
from pipeline.settings.reading import read_settings
from pipeline.storage import digest
from tests.formats import WRITERS, write_sas

SIZES = (5_000, 50_000, 500_000)
ROUNDS = 3
BLOCK = 1 << 24
RAW = Path("data_raw/twin")
NARROW = 26  # weeks, half a year
SUFFIX = {kind: suffix for kind, (suffix, _) in WRITERS.items()}
KINDS = ("csv", "parquet", "sas", "stata", "spss")


def main() -> None:
    """Print rows, MB, seconds of both, their ratio and the memory, and the exponents of the last step."""
    sizes = tuple(map(int, sys.argv[1:])) or SIZES
    print("| format | rows | file, MB | seconds | bare scan, seconds | ratio | largest process, MB |")
    print("|---|---|---|---|---|---|---|")
    for kind in KINDS:
        seconds = {}
        for rows in sizes:
            with tempfile.TemporaryDirectory() as place:
                facts, keys = write_register(Path(place), kind, rows)
                path = Path(place) / facts.path
                runs = [[_measure(what, path, facts, keys) for what in WORK] for _ in range(ROUNDS)]
                size = path.stat().st_size / 1e6
            kept, bare = (median(run[part][0] for run in runs) for part in range(len(WORK)))
            memory, seconds[rows] = max(run[0][1] for run in runs), kept
            print(f"| {kind} | {rows:,} | {size:.0f} | {kept:.2f} | {bare:.2f} | {kept / bare:.2f} | {memory:.0f} |")
        small, large = sizes[-2:]
        exponent = math.log(seconds[large] / seconds[small]) / math.log(large / small)
        slope = (seconds[large] - seconds[small]) / (large - small)
        constant = seconds[sizes[0]] - slope * sizes[0]
        told = f"{constant:.2f} + {slope * 1e6:.1f} a million rows"
        print(f"| {kind} | exponent of the last step {exponent:.2f} | | {told} | | | |")


def write_register(place: Path, kind: str, rows: int) -> tuple[RawFile, list[str]]:
    """The trial's register with other persons around its own, `rows` in all: its facts, and the trial's keys."""
    path = place / f"dream{SUFFIX.get(kind, '.csv')}"
    own = read_settings(RAW / "extract.toml").files["register"]
    header, *lines = (RAW / own.path).read_text(encoding="utf-8").splitlines()
    text = path.with_suffix(".csv")
    with text.open("w", encoding="utf-8", newline="\n") as file:
        file.write(header + "\n")
        file.writelines(f"{line}\n" for line in _lines(lines, own.separator, rows))
    if kind == "parquet":
        _write_parquet(text, path, own.separator)
    elif kind != "csv":
        _write_narrow(text, path, own)
    facts = msgspec.structs.replace(own, path=path.name, rows=rows, sha256=digest(path), kind=kind)
    return facts, [line.split(own.separator, 1)[0] for line in lines]


def _lines(lines: list[str], separator: str, rows: int) -> Iterator[str]:
    """The lines of the trial's persons among those of others, whose months of birth nobody has."""
    places = set(np.random.default_rng(1).choice(rows, len(lines), replace=False).tolist())
    own, others = iter(lines), cycle([line.split(separator, 1)[1] for line in lines])
    for row in range(rows):
        number = f"{1 + row % 28:02d}{25 + row % 12:02d}{row % 1_000_000:06d}"
        yield next(own) if row in places else f"{number}{separator}{next(others)}"


def _write_parquet(source: Path, target: Path, separator: str) -> None:
    import duckdb

    with duckdb.connect() as connection:
        connection.execute("SET memory_limit = '4GB'")
        connection.execute(
            f"COPY (FROM read_csv('{source}', delim = '{separator}', all_varchar = true, header = true, quote = '')) "
            f"TO '{target}' (FORMAT parquet)"
        )
    source.unlink()


def _write_narrow(source: Path, target: Path, own: RawFile) -> None:
    """The last weeks and the months over them, codes and industries as numbers, as the packages store them."""
    import pyreadstat

    header = pd.read_csv(source, sep=own.separator, nrows=0).columns
    weeks = [name for name in header if WEEK.fullmatch(name)][-NARROW:]
    months = [name for name in header if WAGE.fullmatch(name)][-NARROW // 4 :]
    types: Any = {own.key: str, **dict.fromkeys([*weeks, *months], float)}
    table = pd.read_csv(source, sep=own.separator, usecols=list(types), dtype=types)
    source.unlink()
    if target.suffix == ".sas7bdat":
        write_sas(table, target)
    else:
        (pyreadstat.write_dta if target.suffix == ".dta" else pyreadstat.write_sav)(table, str(target))


def _measure(what: str, path: Path, facts: RawFile, keys: list[str]) -> tuple[float, float]:
    """Seconds and MB of one piece of work in a process of its own."""
    asked = json.dumps([what, str(path), msgspec.to_builtins(facts), keys])
    code = "import sys; from benchmarks.scan import work; work(sys.stdin.read())"
    run = subprocess.run([sys.executable, "-c", code], input=asked, capture_output=True, text=True, check=True)
    seconds, memory = json.loads(run.stdout.splitlines()[-1])
    return seconds, memory


def work(asked: str) -> None:
    """Do one piece of work and print its seconds and the MB of this process."""
    for name in ("duckdb", "pandas", "pyarrow.parquet", "pyreadstat", "narwhals"):
        importlib.import_module(name)
    what, path, facts, keys = json.loads(asked)
    started = time.perf_counter()
    WORK[what](Path(path), msgspec.convert(facts, RawFile), keys)
    seconds = time.perf_counter() - started
    print(json.dumps([seconds, peak_memory()]))


def peak_memory() -> float:
    """The most MB that this process held."""
    status = Path("/proc/self/status").read_text(encoding="ascii")  # getrusage would tell the parent's, if that is more
    return int(next(iter(re.findall(r"VmHWM:\s+(\d+)", status)))) / 1024


def _keep(path: Path, facts: RawFile, keys: list[str]) -> None:
    pseudonyms = Pseudonyms(bytes(range(32)))
    numbers = pd.Series(keys, dtype=object)
    asked = Asked(frozenset(pseudonyms.keys(link_keys(numbers))), usual_form(numbers), frozenset(), pseudonyms)
    kept = keep_rows(path, facts, asked, is_wide=True)
    assert len(kept) == len(keys), len(kept)


def _scan(path: Path, facts: RawFile, _: list[str]) -> None:
    if facts.kind == "csv":
        with path.open("rb") as file:
            for block in iter(lambda: file.read(BLOCK), b""):
                for line in block.split(b"\n"):
                    line.count(facts.separator.encode())
        return
    if facts.kind != "parquet":
        import pyreadstat

        getattr(pyreadstat, READERS[facts.kind])(str(path))
        return
    from pyarrow.parquet import ParquetFile

    with ParquetFile(path) as file:
        read = [name for name in file.schema_arrow.names if any(form.fullmatch(name) for form in (WEEK, WAGE, DEGREE))]
        for batch in file.iter_batches(10_000, columns=[facts.key, *read]):
            batch.num_rows  # noqa: B018


WORK: dict[str, Callable[[Path, RawFile, list[str]], None]] = {"keep": _keep, "scan": _scan}

if __name__ == "__main__":
    main()
