"""What bad input gets from the commands: exit code 2, one message, and nothing half-written."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.register.receive import register_extract
from tests.commands import PERSON_NUMBER, require_one_message, run_stage
from tests.delivery import (
    DAY,
    append_cell,
    break_encoding,
    change_cell,
    copy_line,
    inputs,
    register_inputs,
    write_delivery,
)

DERIVED = ["trial", "register_columns", "register_weeks", "baseline_items", "followup_items"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_delivery(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda path: change_cell(path, 3, "Y_1502", "651"), r"register\.csv: its SHA-256 is .* restore it"),
        (Path.unlink, r"register\.csv: the file is missing"),
    ],
    ids=["changed", "missing"],
)
def test_a_file_that_is_not_the_registered_one_is_refused(folder, tmp_path, change, message):
    register_extract(folder, folder.parent / "config", DAY)
    files = register_inputs(folder, tmp_path)
    change(folder / "register.csv")
    target = tmp_path / "derived"
    require_one_message(run_stage("register", files, ["register"], target), message, target)


def test_a_fault_in_a_registered_file_is_one_message_and_nothing_is_written(folder, tmp_path):
    change_cell(folder / "register.csv", 3, "Y_1502", "472")
    register_extract(folder, folder.parent / "config", DAY)
    kept = run_stage("register", register_inputs(folder, tmp_path), ["register"], tmp_path / "kept")
    assert kept.returncode == 0, kept.stderr
    files = [path for path in inputs(folder) if path.name != "register.csv"]
    target = tmp_path / "derived"
    result = run_stage("ingest", [*files, tmp_path / "kept" / "register.parquet"], DERIVED, target)
    require_one_message(result, r"line 3, column Y_1502: unknown benefit code; .*'xxx'", target)


@pytest.mark.parametrize(
    ("name", "breaks", "arguments", "message"),
    [
        ("register.csv", break_encoding, (6,), r"register\.csv, line 6: not UTF-8"),
        ("register.csv", append_cell, (4,), r"register\.csv, line 4: 26 cells"),
        ("allocation.csv", copy_line, (2, 3), r"allocation\.csv, column ID: .* more than once"),
    ],
)
def test_what_cannot_be_read_is_not_registered(folder, tmp_path, name, breaks, arguments, message):
    breaks(folder / name, *arguments)
    require_one_message(receive(folder), message, tmp_path / "nothing")
    assert not (folder / "extract.toml").exists()


def test_registering_says_what_it_found_and_shows_no_number(folder):
    result = receive(folder)
    assert result.returncode == 0, result.stderr
    assert "register.csv is register: 5 rows, key CPR" in result.stdout
    assert not PERSON_NUMBER.search(result.stdout)


def receive(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipeline.register.receive", folder, "--settings", folder.parent / "config"]
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
