"""What bad input gets: exit code 2, one message that says where, what and what to do, and nothing half-written."""

import re
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.files import load_input
from pipeline.register.receive import describe_extract

RAW = Path("data_raw/twin")
CONFIG = Path("config")
DERIVED = ["trial", "register_columns", "register_weeks", "baseline_items", "followup_items"]
PERSON_NUMBER = re.compile(r"\b\d{10}\b")


def change_cell(path: Path, line: int, column: str, value: str) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    cells = lines[line - 1].split(";")
    cells[lines[0].split(";").index(column)] = value
    lines[line - 1] = ";".join(cells)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def copy_line(path: Path, source: int, target: int) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[target - 1] = lines[source - 1]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def drop_column(path: Path, column: str) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    position = lines[0].split(";").index(column)
    kept = [";".join(cell for i, cell in enumerate(line.split(";")) if i != position) for line in lines]
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")


def append_cell(path: Path, line: int) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[line - 1] += ";890"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def break_encoding(path: Path, line: int) -> None:
    lines = path.read_bytes().split(b"\n")
    lines[line - 1] += "ø".encode("latin-1")
    path.write_bytes(b"\n".join(lines))


# file, how it is broken, its arguments, what the message must say
RECEIVED = [
    (
        "dream.csv",
        change_cell,
        (3, "PNR", ""),
        r"dream\.csv, line 3, column PNR: the person key is missing \(1 lines\)",
    ),
    ("dream.csv", copy_line, (5, 9), r"dream\.csv, column PNR: .* more than once \(2 lines, the first 5, 9\)"),
    (
        "dream.csv",
        change_cell,
        (7, "Y_1502", "472"),
        r"line 7, column Y_1502: unknown benefit code; .*'472' \(1 cells\)",
    ),
    ("dream.csv", change_cell, (7, "Y_1502", "115"), r"not valid in version 201708: '115' \(1 cells\)"),
    ("dream.csv", change_cell, (7, "Y_1502", "x"), r"column Y_1502: unknown benefit code; .*'x' \(1 cells\)"),
    ("dream.csv", drop_column, ("Y_1553",), r"a gap in the weeks: 1 missing between Y_1201 and Y_\d{4}: Y_1553"),
    ("dream.csv", append_cell, (4,), r"dream\.csv, line 4: \d+ cells, the header has \d+ \(1 such lines\)"),
    ("dream.csv", break_encoding, (6,), r"dream\.csv, line 6: not UTF-8"),
    ("allocation.csv", copy_line, (2, 3), r"allocation\.csv, column LOEBENR: .* more than once"),
    ("allocation.csv", change_cell, (4, "PNR", ""), r"allocation\.csv, line 4, column PNR: the person key is missing"),
    (
        "allocation.csv",
        change_cell,
        (4, "GRUPPE", "begge"),
        r"line 4, column GRUPPE: the value 'begge' is none of Kontrol",
    ),
    (
        "allocation.csv",
        change_cell,
        (4, "ALLOKERINGSDATO", "31-12-2014"),
        r"line 4, column ALLOKERINGSDATO: .* no date",
    ),
    ("allocation.csv", drop_column, ("HOLD",), r"allocation\.csv, line 1: columns missing: HOLD"),
    (
        "baseline_survey.csv",
        change_cell,
        (9, "UWSES_3", "5"),
        r"line 9, column UWSES_3: the value '5' is off the scale 0 to 4",
    ),
    (
        "baseline_survey.csv",
        change_cell,
        (9, "SMERTER", "2,5"),
        r"column SMERTER: the value '2,5' is off the scale 0 to 10",
    ),
    (
        "baseline_survey.csv",
        change_cell,
        (9, "LOEBENR", "900"),
        r"line 9, column LOEBENR: .* is of nobody in the allocation",
    ),
    (
        "followup_survey.csv",
        change_cell,
        (9, "BIPQ_4", "11"),
        r"followup_survey\.csv, line 9, column BIPQ_4: the value '11'",
    ),
]


@pytest.fixture
def extract(tmp_path: Path) -> Path:
    """A copy of the synthetic extract whose files may be broken."""
    folder = tmp_path / "raw"
    shutil.copytree(RAW, folder)
    return folder


def register(folder: Path) -> None:
    """Describe the broken files as received, so that the fault itself is met and not the changed hash."""
    (folder / "extract.toml").write_text(describe_extract(folder, date(2026, 1, 1)), encoding="utf-8")


def run_stage(name: str, inputs: list[Path], outputs: list[str], target: Path) -> subprocess.CompletedProcess[str]:
    paths = [target / f"{output}.parquet" for output in outputs]
    command = [
        sys.executable,
        "-m",
        "pipeline.stage",
        name,
        "--in",
        *inputs,
        "--out",
        *paths,
        "--record",
        target / "r.json",
    ]
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)


def ingest(folder: Path, target: Path) -> subprocess.CompletedProcess[str]:
    files = ["extract.toml", "dream.csv", "allocation.csv", "baseline_survey.csv", "followup_survey.csv"]
    settings = [CONFIG / "benefit_codes.csv", CONFIG / "scales.csv"]
    return run_stage("ingest", [folder / name for name in files] + settings, DERIVED, target)


def require_one_message(result: subprocess.CompletedProcess[str], message: str, target: Path) -> None:
    assert result.returncode == 2, result.stderr
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.stderr
    assert re.search(message, result.stderr), result.stderr
    assert not PERSON_NUMBER.search(result.stderr), "a person's number in an error"
    assert not target.exists() or not list(target.iterdir()), "something was written"


@pytest.mark.parametrize(
    ("name", "breaks", "arguments", "message"),
    RECEIVED,
    ids=[f"{name}-{breaks.__name__}-{'-'.join(map(str, arguments))}" for name, breaks, arguments, _ in RECEIVED],
)
def test_a_broken_file_is_refused(extract, tmp_path, name, breaks, arguments, message):
    breaks(extract / name, *arguments)
    register(extract)
    target = tmp_path / "derived"
    require_one_message(ingest(extract, target), message, target)


def test_a_changed_file_is_refused_by_its_hash(extract, tmp_path):
    change_cell(extract / "dream.csv", 7, "Y_1502", "783")
    target = tmp_path / "derived"
    require_one_message(ingest(extract, target), r"dream\.csv: its SHA-256 is .* restore it", target)


def test_a_missing_file_is_refused(extract, tmp_path):
    (extract / "dream.csv").unlink()
    target = tmp_path / "derived"
    require_one_message(ingest(extract, target), r"dream\.csv: the file is missing", target)


@pytest.mark.parametrize(
    ("name", "before", "after", "message"),
    [
        (
            "study.toml",
            "horizon_weeks = 81",
            "horizon_weeks = 81\nhorizont = 3",
            r"study\.toml, line 5: .*`horizont`.*Allowed keys there: horizon_weeks",
        ),
        ("study.toml", "pre_weeks = 104", "", r"study\.toml: .*missing required field `pre_weeks`"),
        ("study.toml", "horizon_weeks = 81", 'horizon_weeks = "long"', r"study\.toml: .*Expected `int`"),
        ("study.toml", "horizon_weeks = 81", "horizon_weeks = = 81", r"study\.toml: not valid TOML.*line 4"),
        (
            "study.toml",
            '"Frederiksberg"',
            '"Nowhere"',
            r"1 team\(s\) with one arm only .*: Frederiksberg \(8 persons\)",
        ),
    ],
)
def test_a_broken_setting_is_refused(tmp_path, name, before, after, message):
    text = (CONFIG / name).read_text(encoding="utf-8")
    assert before in text
    broken = tmp_path / name
    broken.write_text(text.replace(before, after), encoding="utf-8")
    target = tmp_path / "derived"
    inputs = [Path("data_derived/twin/trial.parquet"), Path("data_derived/twin/register_columns.parquet"), broken]
    require_one_message(run_stage("sample", inputs, ["sample", "exclusions"], target), message, target)


@pytest.mark.parametrize("name", ["scales.csv", "benefit_codes.csv", "variables.csv"])
def test_a_settings_table_with_another_header_is_refused(tmp_path, name):
    path = tmp_path / name
    text = (CONFIG / name).read_text(encoding="utf-8")
    first = text.split(",")[0]
    path.write_text(text.replace(first, "shoe_size", 1), encoding="utf-8")
    with pytest.raises(InputError, match=rf"{name}, line 1: columns missing: {first}; unknown columns: shoe_size"):
        load_input(path)
