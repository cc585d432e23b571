"""A small delivery of a register in the wide form, for tests that break it."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path
from typing import Any

from pipeline.register.receive import register_extract
from pipeline.runner.inputs import load_input, name_of
from pipeline.stages import ingest, register, request
from tests.small_study import write_settings

DAY = datetime.date(2016, 1, 4)
WEEKS = [f"Y_14{week}" for week in range(49, 53)] + [f"Y_15{week:02d}" for week in range(1, 13)]
MONTHS = ["2014_12", "2015_01", "2015_02", "2015_03"]
NUMBERS = ["0113501234", "0213502345", "0313503456", "0413504567", "0513505678", "0613506789"]

ALLOCATION = """\
ID;CPR;ARM;DRAWN;CONSENT;DISTRICT;CLASS
1;{0};new;2015-01-05;1;North;A
2;{1};usual;2015-01-05;1;North;A
3;{2};new;2015-01-06;1;North;B 1
4;{3};usual;2015-01-06;1;North;B 1
5;{4};new;2015-01-07;1;South;C
6;{5};usual;2015-01-07;0;South;C
"""
BASELINE = """\
ID;ANSWERED;HOPE_1;HOPE_2;HOPE_3;PAIN
1;2015-01-02;1;2;3;4
2;2015-01-02;1;2;;10
3;;0;0;4;
5;2015-01-02;4;4;4;0
"""
FOLLOWUP = """\
ID;ANSWERED;PAIN
1;2015-03-02;2
4;2015-03-03;3
"""


def write_delivery(parent: Path) -> Path:
    """The folder of a delivery of six persons, one of them not in the register, and beside it the settings."""
    folder = parent / "raw"
    folder.mkdir()
    write_settings(parent / "config", design={"register_key": "CPR"})
    (folder / "allocation.csv").write_text(ALLOCATION.format(*NUMBERS), encoding="utf-8")
    (folder / "baseline_survey.csv").write_text(BASELINE, encoding="utf-8")
    (folder / "followup_survey.csv").write_text(FOLLOWUP, encoding="utf-8")
    header = ["CPR", *WEEKS, *(f"BRANCHE_{month}" for month in MONTHS), *(f"GRAD_{month}" for month in MONTHS)]
    cells = ["890"] * 8 + ["651"] * 4 + [""] * 4 + ["841100", "", "11100", "841100"] + ["0,5", "", "1", "1,00"]
    lines = [";".join([number, *cells]) for number in NUMBERS[:5]]
    (folder / "register.csv").write_text("\n".join([";".join(header), *lines]) + "\n", encoding="utf-8")
    return folder


def ingested(folder: Path) -> dict[str, Any]:
    """Register the delivery, unless it is, and read it as the stage does."""
    if not (folder / "extract.toml").exists():
        register_extract(folder, folder.parent / "config", DAY)
    return ingest.run(**with_register({name_of(path): load_input(path) for path in inputs(folder)}))


def with_register(loaded: dict[str, Any]) -> dict[str, Any]:
    """The inputs of the stage by name, with the rows kept of the register in place of its files."""
    files = {name: content for name, content in loaded.items() if isinstance(content, Path)}
    asked = json.loads(request.run(loaded["extract"], loaded["study"], loaded.get("allocation"))["request.json"])
    others = {name: content for name, content in loaded.items() if name not in files}
    return {**others, "register": register.run(asked, **files)["register.parquet"]}


def register_inputs(folder: Path, place: Path) -> list[Path]:
    """The input files of the stage that reads the register: what is asked of it, written to `place`, and its file."""
    loaded = {name_of(path): load_input(path) for path in inputs(folder)}
    loaded = {name: loaded[name] for name in ("extract", "study", "allocation") if name in loaded}
    asked = place / "request.json"
    asked.write_text(request.run(**loaded)["request.json"], encoding="utf-8")
    return [asked, folder / "register.csv"]


def inputs(folder: Path) -> list[Path]:
    """The input files of the stage."""
    config = folder.parent / "config"
    names = ("study.toml", "benefit_codes.csv", "scales.csv", "outcomes.toml")
    settings = [config / name for name in names if (config / name).exists()]
    return [folder / "extract.toml", *sorted(path for path in folder.iterdir() if path.suffix != ".toml"), *settings]


def change_cell(path: Path, line: int, column: str, value: str) -> None:
    lines = read_lines(path)
    lines[line - 1][lines[0].index(column)] = value
    write_lines(path, lines)


def copy_line(path: Path, source: int, target: int) -> None:
    lines = read_lines(path)
    lines[target - 1] = lines[source - 1]
    write_lines(path, lines)


def drop_column(path: Path, column: str) -> None:
    lines = read_lines(path)
    place = lines[0].index(column)
    write_lines(path, [line[:place] + line[place + 1 :] for line in lines])


def append_cell(path: Path, line: int) -> None:
    lines = read_lines(path)
    lines[line - 1].append("890")
    write_lines(path, lines)


def replace(path: Path, pattern: str, replacement: str) -> None:
    path.write_text(re.sub(pattern, replacement, path.read_text(encoding="utf-8")), encoding="utf-8")


def break_encoding(path: Path, line: int) -> None:
    """One letter of the line in Latin-1, in a file that is UTF-8 in its second line."""
    lines = path.read_bytes().split(b"\n")
    lines[1] += "ø".encode()
    lines[line - 1] += "ø".encode("latin-1")
    path.write_bytes(b"\n".join(lines))


def read_lines(path: Path) -> list[list[str]]:
    return [line.split(";") for line in path.read_text(encoding="utf-8").splitlines()]


def write_lines(path: Path, lines: list[list[Any]]) -> None:
    path.write_text("\n".join(";".join(line) for line in lines) + "\n", encoding="utf-8")
