"""Register a received extract: write its description, extract.toml, from the files that lie in its folder.

python -m pipeline.register.receive data_raw/<extract>
"""

from __future__ import annotations

import argparse
import datetime
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import InputError, command
from pipeline.register.persons import count_invented
from pipeline.register.readers import read_separated, require_columns
from pipeline.storage import digest, write_if_changed

if TYPE_CHECKING:
    import pandas as pd

KEYS = {"dream": "PNR", "allocation": "LOEBENR", "baseline_survey": "LOEBENR", "followup_survey": "LOEBENR"}
MONTH = re.compile(r"(?:branche|br)_(\d{4})_(\d{2})", re.IGNORECASE)


def describe_extract(folder: Path, received: datetime.date) -> str:
    """The text of extract.toml for the files in `folder`: layout, rows and SHA-256 of each.

    The register version is the last month among the columns of dream.csv; the extract is synthetic if every person's
    number is one that no real person has. Raises InputError for a file that is missing or that the pipeline could not
    read, so that what is registered can be read.
    """
    absent = [f"{stem}.csv" for stem in KEYS if not (folder / f"{stem}.csv").exists()]
    if absent:
        raise InputError(f"{folder}: {', '.join(absent)} missing. Put the received files into the folder.")
    paths = {stem: folder / f"{stem}.csv" for stem in KEYS}
    frames = {stem: read_separated(path, _separator(path), KEYS[stem]) for stem, path in paths.items()}
    require_columns(frames["allocation"], ["PNR"])
    numbers = frames["allocation"]["PNR"]
    head = [
        f'name = "{folder.name}"',
        f'label = "Extract {folder.name}"',
        f"synthetic = {str(len(numbers) > 0 and count_invented(numbers) == len(numbers)).lower()}",
        f'register_version = "{_version(frames["dream"])}"',
        'format = "dream_wide_csv"',
        f"received = {received.isoformat()}",
    ]
    return "\n".join(head + [_describe_file(paths[stem], frame) for stem, frame in frames.items()]) + "\n"


def _version(dream: pd.DataFrame) -> str:
    months = [match.groups() for name in dream.columns if (match := MONTH.fullmatch(name))]
    if not months:
        raise InputError(
            f"{dream.attrs['path']}, line 1: no month columns (BRANCHE_yyyy_mm), so no version. Is this the register "
            "file?"
        )
    return "".join(max(months))


def _describe_file(path: Path, frame: pd.DataFrame) -> str:
    separator = _separator(path)
    text = path.read_text(encoding="utf-8-sig")
    points = sum(1 for _ in re.finditer(r"\d\.\d", text))
    commas = 0 if separator == "," else sum(1 for _ in re.finditer(r"\d,\d", text))
    return (
        f'\n[files.{path.stem}]\npath = "{path.name}"\nrows = {len(frame)}\nsha256 = "{digest(path)}"\n'
        f'key = "{KEYS[path.stem]}"\nseparator = "{separator}"\ndecimal = "{"." if points > commas else ","}"'
    )


def _separator(path: Path) -> str:
    """The separator that the header line has most of."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        return max(";,\t", key=file.readline().count)


@command
def main() -> None:
    """Write extract.toml into the folder given on the command line unless the folder has one."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.register.receive", description="Register an extract.")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    target = folder / "extract.toml"
    if target.exists():
        raise InputError(
            f"{target}: already there. A registered extract never changes; if the data owner mended a file, delete "
            "extract.toml and say make extract again."
        )
    write_if_changed(target, describe_extract(folder, datetime.date.today()).encode())
    print(f"wrote {target}: read it, and correct its label")


if __name__ == "__main__":
    sys.exit(main())
