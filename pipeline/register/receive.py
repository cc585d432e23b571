"""Register a received extract: write its description, extract.toml, from the files that lie in its folder.

python -m pipeline.register.receive data_raw/<extract>
"""

from __future__ import annotations

import argparse
import datetime
import re
import sys
from pathlib import Path

from pipeline.errors import InputError
from pipeline.files import digest, write_if_changed

KEYS = {"dream": "PNR", "allocation": "LOEBENR", "baseline_survey": "LOEBENR", "followup_survey": "LOEBENR"}


def describe_extract(folder: Path, received: datetime.date) -> str:
    """The text of extract.toml for the files in `folder`: layout, rows and SHA-256 of each.

    The register version is the last month among the columns of dream.csv. Raises InputError for a file that is missing.
    """
    absent = [f"{stem}.csv" for stem in KEYS if not (folder / f"{stem}.csv").exists()]
    if absent:
        raise InputError(f"{folder}: {', '.join(absent)} missing. Put the received files into the folder.")
    head = [
        f'name = "{folder.name}"',
        f'label = "Extract {folder.name}"',
        "synthetic = false",
        f'register_version = "{_version(folder / "dream.csv")}"',
        'format = "dream_wide_csv"',
        f"received = {received.isoformat()}",
    ]
    return "\n".join(head + [_describe_file(folder / f"{stem}.csv", key) for stem, key in KEYS.items()]) + "\n"


def _version(path: Path) -> str:
    months = re.findall(r"(?:branche|br)_(\d{4})_(\d{2})", _header(path), re.IGNORECASE)
    if not months:
        raise InputError(
            f"{path}, line 1: no month columns (BRANCHE_yyyy_mm), so no version. Is this the register file?"
        )
    return "".join(max(months))


def _describe_file(path: Path, key: str) -> str:
    with path.open("rb") as file:
        rows = sum(1 for line in file if line.strip()) - 1
    return (
        f'\n[files.{path.stem}]\npath = "{path.name}"\nrows = {rows}\nsha256 = "{digest(path)}"\nkey = "{key}"\n'
        f'separator = "{_separator(path)}"\ndecimal = ","'
    )


def _separator(path: Path) -> str:
    header = _header(path)
    return max(";,\t", key=header.count)


def _header(path: Path) -> str:
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        return file.readline()


def main() -> int:
    """Write extract.toml into the folder given on the command line unless the folder has one."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.register.receive", description="Register an extract.")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    target = folder / "extract.toml"
    try:
        if target.exists():
            raise InputError(
                f"{target}: already there. A registered extract never changes; delete the file to redo it."
            )
        write_if_changed(target, describe_extract(folder, datetime.date.today()).encode())
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"wrote {target}: read it, and correct its label")
    return 0


if __name__ == "__main__":
    sys.exit(main())
