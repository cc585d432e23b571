"""What bad input gets: exit code 2, one message that says where, what and what to do, and nothing half-written."""

import hashlib
import re
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from pipeline.register.calendar import week_of_iso
from pipeline.register.receive import describe_extract
from pipeline.runner.inputs import load_input
from tests.commands import PERSON_NUMBER, require_one_message, run_stage

RAW = Path("data_raw/twin")
CONFIG = Path("config")
DERIVED = ["trial", "register_columns", "register_weeks", "baseline_items", "followup_items"]


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


def rename_column(path: Path, column: str, name: str) -> None:
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(rf"\b{column}\b", name, text, count=1), encoding="utf-8")


def rewrite_numbers(path: Path, pattern: str, replacement: str) -> None:
    path.write_text(re.sub(pattern, replacement, path.read_text(encoding="utf-8")), encoding="utf-8")


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
    # wages: an industry code, and a degree of employment
    (
        "dream.csv",
        change_cell,
        (7, "BRANCHE_2015_03", "ja"),
        r"line 7, column BRANCHE_2015_03: the value 'ja' is no ind",
    ),
    ("dream.csv", change_cell, (7, "BRANCHE_2015_03", "12"), r"the value '12' is no industry code \(1 cells\)"),
    (
        "dream.csv",
        change_cell,
        (7, "GRAD_2015_03", "1,5"),
        r"line 7, column GRAD_2015_03: the value '1,5' is no degree",
    ),
    ("dream.csv", change_cell, (7, "GRAD_2015_03", "0.5"), r"the value '0\.5' is no degree .* decimal mark ','"),
    # the months, as the weeks
    (
        "dream.csv",
        drop_column,
        ("BRANCHE_2014_02",),
        r"a gap in the months: none between BRANCHE_2014_01 and BRANCHE_2014",
    ),
    ("dream.csv", drop_column, ("GRAD_2014_02",), r"a gap in the months: none between GRAD_2014_01 and GRAD_2014_03"),
    (
        "dream.csv",
        drop_column,
        ("BRANCHE_2012_01",),
        r"4 weeks, the first of them Y_1201, have no wage column of their mon",
    ),
    (
        "dream.csv",
        drop_column,
        ("BRANCHE_2017_08",),
        r"1 weeks, the first of them Y_1736, have no wage column of their month",
    ),
    ("dream.csv", rename_column, ("BRANCHE_2014_02", "BRANCHE_2014_13"), r"column BRANCHE_2014_13 names no month"),
    ("dream.csv", rename_column, ("BRANCHE_2014_02", "BRANCHE_2014_2"), r"column BRANCHE_2014_2 names no month"),
    (
        "dream.csv",
        rename_column,
        ("BRANCHE_2014_02", "BR_2014_01"),
        r"BRANCHE_2014_01 and BR_2014_01 are the same month",
    ),
    # names, and persons' numbers where none should be
    ("allocation.csv", change_cell, (4, "KOMMUNE", ""), r"line 4, column KOMMUNE: the value '' is no name \(1 cells\)"),
    (
        "allocation.csv",
        change_cell,
        (4, "KOMMUNE", "0113501234"),
        r"column KOMMUNE: the value \(digits hidden\) is no na",
    ),
    (
        "allocation.csv",
        change_cell,
        (4, "HOLD", "011350-1234 Ib"),
        r"column HOLD: the value \(digits hidden\) is no name",
    ),
    (
        "allocation.csv",
        change_cell,
        (4, "HOLD", "01-1350-1234"),
        r"column HOLD: the value \(digits hidden\) is no name",
    ),
    (
        "allocation.csv",
        change_cell,
        (4, "GRUPPE", "0113-50-1234"),
        r"column GRUPPE: the value \(digits hidden\) is none of",
    ),
    (
        "allocation.csv",
        change_cell,
        (4, "KOMMUNE", "Utopia"),
        r"line 4, .*team .* lies in more than one municipality: .*Ut",
    ),
    # the same person in two ways
    (
        "baseline_survey.csv",
        change_cell,
        (3, "LOEBENR", "0001"),
        r"baseline_survey\.csv, column LOEBENR: .* more than once",
    ),
    (
        "allocation.csv",
        change_cell,
        (3, "LOEBENR", "001"),
        r"allocation\.csv, column LOEBENR: .*\(2 lines, the first 2, 3",
    ),
    (
        "dream.csv",
        rewrite_numbers,
        (r"(?m)^(\d{6})(\d{4});", r"\1-\2;"),
        r"dream\.csv, line 2, column PNR: 645 persons' numbers are written as x{6}-x{4}, those .* as x{10}",
    ),
    (
        "allocation.csv",
        rewrite_numbers,
        (r"(?m)^(7;\d{6})(\d{4});", r"\1-\2;"),
        r"allocation\.csv, line 8, column PNR: 1 persons' numbers are written as xxxxxx-xxxx",
    ),
    # the date of an answer
    (
        "followup_survey.csv",
        change_cell,
        (9, "SVARDATO", "9/4/2015"),
        r"line 9, column SVARDATO: .* is no date of the form",
    ),
    (
        "followup_survey.csv",
        change_cell,
        (9, "SVARDATO", "2013-01-01"),
        r"the value '2013-01-01' is before the person's dr",
    ),
    (
        "baseline_survey.csv",
        change_cell,
        (9, "SVARDATO", "2017-01-01"),
        r"the value '2017-01-01' is after the person's dr",
    ),
    ("baseline_survey.csv", change_cell, (9, "SVARDATO", "2099-01-01"), r"is later than the extract was received"),
    ("baseline_survey.csv", drop_column, ("SVARDATO",), r"baseline_survey\.csv, line 1: columns missing: SVARDATO"),
    # what extract.toml says
    (
        "extract.toml",
        rewrite_numbers,
        ("dream_wide_csv", "spss_long"),
        r"extract\.toml, line \d: Invalid enum value 'spss_",
    ),
    (
        "extract.toml",
        rewrite_numbers,
        ('"201708"', '"DREAM1802"'),
        r"extract\.toml, line \d: .* - at `\$\.register_version`",
    ),
    (
        "extract.toml",
        rewrite_numbers,
        ('decimal = ","', 'decimal = "komma"'),
        r"extract\.toml: Invalid enum value 'komma'",
    ),
    (
        "extract.toml",
        rewrite_numbers,
        ("synthetic = true", "synthetic = false"),
        r"synthetic = false, but 657 of 657 persons' numbers .* month field from 13 to 24",
    ),
    (
        "allocation.csv",
        rewrite_numbers,
        (r"(?m)^(7;\d\d)\d\d", r"\g<1>11"),
        r"synthetic = true, but 1 of 657 persons' numbers",
    ),
]


@pytest.fixture
def extract(tmp_path: Path) -> Path:
    """A copy of the synthetic extract whose files may be broken."""
    folder = tmp_path / "raw"
    shutil.copytree(RAW, folder)
    return folder


def register(folder: Path) -> None:
    """Give extract.toml the rows and hashes of the broken files, so that the fault itself is met and not the hash."""
    text = (RAW / "extract.toml").read_text(encoding="utf-8")
    for path in folder.glob("*.csv"):
        for known, found in zip(describe(RAW / path.name), describe(path), strict=True):
            text = text.replace(known, found)
    if (folder / "extract.toml").read_text(encoding="utf-8") == (RAW / "extract.toml").read_text(encoding="utf-8"):
        (folder / "extract.toml").write_text(text, encoding="utf-8")


def describe(path: Path) -> tuple[str, str]:
    content = path.read_bytes()
    rows = content.rstrip(b"\n").count(b"\n")
    return f'path = "{path.name}"\nrows = {rows}\n', hashlib.sha256(content).hexdigest()


def ingest(folder: Path, target: Path) -> subprocess.CompletedProcess[str]:
    files = ["extract.toml", "dream.csv", "allocation.csv", "baseline_survey.csv", "followup_survey.csv"]
    settings = [CONFIG / "benefit_codes.csv", CONFIG / "scales.csv"]
    return run_stage("ingest", [folder / name for name in files] + settings, DERIVED, target)


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


BLANK = ["", ".", "0", "NaN"]


@pytest.mark.parametrize("blank", BLANK)
def test_a_blank_month_is_no_wage_however_it_is_written(extract, tmp_path, blank):
    for column in ("BRANCHE_2015_03", "GRAD_2015_03"):
        change_cell(extract / "dream.csv", 7, column, blank)
    register(extract)
    result = ingest(extract, tmp_path / "derived")
    assert result.returncode == 0, result.stderr
    trial, weeks = (pd.read_parquet(tmp_path / "derived" / f"{name}.parquet") for name in ("trial", "register_weeks"))
    person = trial.loc[trial["register_line"] == 7, "person"].item()
    month = [week_of_iso(2015, number) for number in range(10, 14)]  # their Thursdays lie in March
    assert not weeks.loc[(weeks["person"] == person) & weeks["week"].isin(month), "wage"].any()
    assert weeks["wage"].any()


# file, how it is broken, its arguments, what registering it says: nothing is registered that could not be read
UNREADABLE = [
    (
        "dream.csv",
        break_encoding,
        (6,),
        r"dream\.csv, line 6: not UTF-8. .* delete .*extract\.toml and say make extract",
    ),
    ("dream.csv", append_cell, (4,), r"dream\.csv, line 4: \d+ cells"),
    ("allocation.csv", copy_line, (2, 3), r"allocation\.csv, column LOEBENR: .* more than once"),
    ("dream.csv", change_cell, (3, "PNR", ""), r"dream\.csv, line 3, column PNR: the person key is missing"),
]


@pytest.mark.parametrize(
    ("name", "breaks", "arguments", "message"), UNREADABLE, ids=[breaks.__name__ for _, breaks, _, _ in UNREADABLE]
)
def test_what_cannot_be_read_is_not_registered(extract, name, breaks, arguments, message):
    (extract / "extract.toml").unlink()
    breaks(extract / name, *arguments)
    result = receive(extract)
    assert result.returncode == 2
    assert re.search(message, result.stderr), result.stderr
    assert not PERSON_NUMBER.search(result.stderr)
    assert not (extract / "extract.toml").exists()


def receive(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipeline.register.receive", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_copy_of_the_synthetic_trial_is_registered_as_synthetic_and_read_in_spite_of_blank_lines(extract, tmp_path):
    (extract / "extract.toml").unlink()
    for path in extract.glob("*.csv"):
        path.write_bytes(path.read_bytes() + b"\n\n")
    assert receive(extract).returncode == 0
    described = load_input(extract / "extract.toml")
    assert described.synthetic
    assert (described.files["allocation"].rows, described.files["dream"].decimal) == (657, ",")
    result = ingest(extract, tmp_path / "derived")
    assert result.returncode == 0, result.stderr


def test_real_numbers_are_registered_as_real_and_keys_that_stand_in_for_numbers_too(extract):
    (extract / "extract.toml").unlink()
    for pattern, replacement in ((r"(?m)^(\d+;\d\d)\d\d", r"\g<1>11"), (r"(?m)^(\d+;\d\d)\d\d", r"\g<1>77")):
        rewrite_numbers(extract / "allocation.csv", pattern, replacement)
        assert "synthetic = false" in describe_extract(extract, date(2026, 1, 1))


def test_a_changed_file_is_refused_by_its_hash(extract, tmp_path):
    change_cell(extract / "dream.csv", 7, "Y_1502", "783")
    target = tmp_path / "derived"
    require_one_message(ingest(extract, target), r"dream\.csv: its SHA-256 is .* restore it", target)


def test_a_missing_file_is_refused(extract, tmp_path):
    (extract / "dream.csv").unlink()
    target = tmp_path / "derived"
    require_one_message(ingest(extract, target), r"dream\.csv: the file is missing", target)
