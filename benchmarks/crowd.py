"""A synthetic register of any number of persons around those of the synthetic trial, in the same wide form.

python -m benchmarks.crowd SOURCE FOLDER ROWS [csv|parquet]

A person is one of the trial's, with a number of its own, another month of birth and municipality, and the weeks moved
by up to two years, so that spells of sickness fall elsewhere; four in five of them have no benefit at all. The same
bytes on every run. The folder gets the other files of the extract, registered anew, beside it.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.register.columns import find_columns
from pipeline.storage import digest
from pipeline.twin.randomness import generator

CHUNK = 20_000  # rows written at once, so that memory does not grow with them
LEAST, MOST = 4, 120  # weeks that a history is moved by
ON_BENEFITS = 0.2  # of everybody, the share with any
MUNICIPALITY = re.compile(r"NYKOM\d{4}")


def write_crowd(source: Path, folder: Path, rows: int, suffix: str = "csv") -> Path:
    """Write an extract with a register of `rows` persons, those of `source` first; the path of the register."""
    folder.mkdir(parents=True, exist_ok=True)
    trial = pd.read_csv(source / "dream.csv", sep=";", dtype=str, keep_default_na=False)
    path = folder / f"dream.{suffix}"
    path.unlink(missing_ok=True)
    draw = generator(f"crowd/{rows}")
    writer = None
    for start in range(0, rows, CHUNK):
        part = _persons(trial, start, min(CHUNK, rows - start), draw)
        if suffix == "csv":
            part.to_csv(path, sep=";", index=False, mode="a", header=start == 0)
        else:
            table = pa.Table.from_pandas(part, preserve_index=False)
            writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
            writer.write_table(table)
    if writer is not None:
        writer.close()
    _register(source, folder, path, rows)
    return path


def _persons(trial: pd.DataFrame, start: int, count: int, draw: np.random.Generator) -> pd.DataFrame:
    number = np.arange(start, start + count)
    own = number < len(trial)
    like = np.where(own, number % len(trial), draw.integers(0, len(trial), count))
    part = trial.iloc[like].reset_index(drop=True)
    known = set(trial["PNR"])
    fresh = [f"{1 + n % 28:02d}{13 + n % 12:02d}{n:06d}" for n in number]
    part["PNR"] = np.where(own, part["PNR"], [f"29{key[2:]}" if key in known else key for key in fresh])
    born = [f"{1950 + n}-{1 + n % 12:02d}-01" for n in draw.integers(0, 47, count)]
    part["FOEDDT"] = np.where(own, part["FOEDDT"], born)
    for column in filter(MUNICIPALITY.fullmatch, trial.columns):
        part[column] = np.where(own, part[column], trial[column].to_numpy()[draw.integers(0, len(trial), count)])
    _move(part, own, draw)
    weeks = list(find_columns("crowd", list(part.columns)).weeks.values())
    part.loc[~own & (draw.random(count) >= ON_BENEFITS), weeks] = ""
    return part


def _move(part: pd.DataFrame, own: np.ndarray, draw: np.random.Generator) -> None:
    """Move the weeks and, by as many months, the wages and degrees of everybody but the trial's own persons."""
    columns = find_columns("crowd", list(part.columns))
    weeks = np.where(own, 0, draw.integers(LEAST, MOST, len(part)) * draw.choice([-1, 1], len(part)))
    for names, by in (
        (list(columns.weeks.values()), weeks),
        (list(columns.months.values()), weeks * 12 // 52),
        (list(columns.degrees.values()), weeks * 12 // 52),
    ):
        cells = part[names].to_numpy()
        at = (np.arange(len(names)) - by[:, None]) % len(names)
        part[names] = np.take_along_axis(cells, at, axis=1)


def _register(source: Path, folder: Path, path: Path, rows: int) -> None:
    """Copy the other files, and extract.toml with the register as it is now."""
    text = (source / "extract.toml").read_text(encoding="utf-8")
    text = text.replace(f'name = "{source.name}"', f'name = "{folder.name}"').replace("published = true\n", "")
    before, table = text.split("[files.register]")
    table = re.sub(r'path = "[^"]*"', f'path = "{path.name}"\nkind = "{path.suffix[1:]}"', table, count=1)
    table = re.sub(r"rows = \d+", f"rows = {rows}", table, count=1)
    table = re.sub(r'sha256 = "\w+"', f'sha256 = "{digest(path)}"', table, count=1)
    (folder / "extract.toml").write_text(f"{before}[files.register]{table}", encoding="utf-8")
    for file in source.iterdir():
        if file.name not in ("extract.toml", "dream.csv"):
            (folder / file.name).write_bytes(file.read_bytes())


if __name__ == "__main__":
    written = write_crowd(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:])
    print(written)
