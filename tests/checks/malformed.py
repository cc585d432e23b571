"""The malformed inputs of malformed.csv: how each is made, and what the checks tell of it.

python -m tests.checks.malformed writes what is told now into the file; read every line that changed before it is kept.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from pipeline.audit.check_extract import check_extract
from pipeline.checks.rules import message_of
from pipeline.errors import InputError
from pipeline.storage import digest
from tests.checks.crowd import write_crowd
from tests.delivery import (
    append_cell,
    break_encoding,
    change_cell,
    copy_line,
    drop_column,
    read_lines,
    replace,
    write_lines,
)

CASES = Path(__file__).with_suffix(".csv")
COLUMNS = ("file", "what", "change", "arguments", "state", "told")
BETWEEN = " // "  # faults told of one input


def fill(path: Path, columns: str, value: str, every: int = 1) -> None:
    """The value in every cell, or in that of every so many lines, of the columns whose names fit."""
    lines = read_lines(path)
    for line in lines[1::every]:
        for place, name in enumerate(lines[0]):
            if re.fullmatch(columns, name):
                line[place] = value
    write_lines(path, lines)


def move_up(path: Path, column: str) -> None:
    """The cells of a column one line up, the first one last."""
    lines = read_lines(path)
    place = lines[0].index(column)
    cells = [line[place] for line in lines[1:]]
    for line, cell in zip(lines[1:], cells[1:] + cells[:1], strict=True):
        line[place] = cell
    write_lines(path, lines)


def exchange(path: Path, one: int, other: int, column: str) -> None:
    """The cells of a column in two lines exchanged."""
    lines = read_lines(path)
    place = lines[0].index(column)
    lines[one - 1][place], lines[other - 1][place] = lines[other - 1][place], lines[one - 1][place]
    write_lines(path, lines)


def cut(path: Path, lines: int) -> None:
    """Only the first lines, the header among them."""
    write_lines(path, read_lines(path)[:lines])


def turn(path: Path, columns: str, sum_of_ends: int) -> None:
    """Every number of the columns taken from the sum of the ends of its scale."""
    lines = read_lines(path)
    for line in lines[1:]:
        for place, name in enumerate(lines[0]):
            if re.fullmatch(columns, name) and line[place]:
                line[place] = str(sum_of_ends - int(line[place]))
    write_lines(path, lines)


def add_line(path: Path, line: str) -> None:
    """One more line at the end."""
    path.write_text(path.read_text(encoding="utf-8") + line + "\n", encoding="utf-8")


def remove(path: Path) -> None:
    """The file is not there."""
    path.unlink()


CHANGES: dict[str, Callable[..., None]] = {
    function.__name__: function
    for function in (
        change_cell, copy_line, drop_column, append_cell, replace, break_encoding, fill, move_up, exchange, cut, turn,
        add_line, remove,
    )
}  # fmt: skip


def read_cases() -> list[dict[str, str]]:
    """The rows of malformed.csv."""
    with CASES.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def tell(crowd: Path, target: Path, case: dict[str, str]) -> tuple[str, str]:
    """What is told of a copy of the folder `crowd` with the change of the case, and whether it stops a build.

    The changed file is registered as it is, so that its content is looked at and not only its hash.
    """
    shutil.copytree(crowd, target)
    path = (
        target / ("config" if case["file"] in {p.name for p in (target / "config").iterdir()} else "raw") / case["file"]
    )
    before = digest(path)
    register_again(path, lambda: CHANGES[case["change"]](path, *json.loads(case["arguments"])))
    assert not path.exists() or digest(path) != before, f"{case}: nothing changed"
    try:
        rows = check_extract(target / "raw", target / "config").rows
    except InputError as error:
        return "wrong", BETWEEN.join(error.messages).replace(f"{target}/", "")
    told = [row for row in rows if row["state"] in ("wrong", "suspicious")]
    state = "wrong" if any(row["state"] == "wrong" for row in told) else "suspicious" if told else "passes"
    return state, BETWEEN.join(map(message_of, told)).replace(f"{target}/", "")


def register_again(path: Path, change: Callable[[], None]) -> None:
    """Change a received file, or those of a folder, which are then registered as they are."""
    files = sorted(path.glob("*.csv")) if path.is_dir() else [path]
    before = {file: digest(file) for file in files}
    change()
    description = (path if path.is_dir() else path.parent) / "extract.toml"
    for file, sha256 in before.items() if description.exists() and path != description else ():
        text, rows = description.read_text(encoding="utf-8"), len(file.read_bytes().splitlines()) - 1
        text = re.sub(rf"rows = [0-9]+\nsha256 = \"{sha256}\"", f'rows = {rows}\nsha256 = "{digest(file)}"', text)
        description.write_text(text, encoding="utf-8")


def main() -> None:
    """Write what is told now."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CONFIG_HOME"] = folder  # where keys are made
        crowd = Path(folder, "crowd")
        crowd.mkdir()
        write_crowd(crowd)
        cases = read_cases()
        for number, case in enumerate(cases):
            case["state"], case["told"] = tell(crowd, Path(folder, str(number)), case)
    with CASES.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(cases)


if __name__ == "__main__":
    sys.exit(main())
