"""Every malformed input of malformed.csv gets the message that stands there, and nothing shows a person's number."""

import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from pipeline.audit.check_extract import check_extract, write_page
from pipeline.checks.rules import LOOK
from tests.checks.crowd import write_crowd
from tests.checks.malformed import read_cases, tell
from tests.commands import PERSON_NUMBER

CASES = read_cases()


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("crowd")
    write_crowd(folder)
    return folder


@pytest.mark.parametrize("case", CASES, ids=[f"{case['file']}-{case['what'][:60]}" for case in CASES])
def test_a_malformed_input_is_told_as_it_is_documented(crowd, tmp_path, case):
    state, told = tell(crowd, tmp_path / "copy", case)
    assert (state, told) == (case["state"], case["told"])
    assert not PERSON_NUMBER.search(told)


def test_the_cases_are_many_and_few_of_them_pass():
    states = Counter(case["state"] for case in CASES)
    assert len(CASES) >= 150
    assert states["passes"] <= 2  # a death to the last week, and codes with an empty fraction, are right


def test_where_a_part_could_not_be_read_one_line_says_so_of_the_rules_that_rest_on_it(crowd, tmp_path):
    shutil.copytree(crowd, tmp_path / "copy")
    (tmp_path / "copy" / "raw" / "register.csv").write_bytes(b"\x00" * 100)
    rows = check_extract(tmp_path / "copy" / "raw", tmp_path / "copy" / "config").rows
    page = write_page("raw", rows).splitlines()
    unseen = [line for line in page if line.endswith(": the register, which could not be read")]
    assert len(unseen) == 1
    assert set(unseen[0].partition(":")[0].strip().split(", ")) == {"sample", *LOOK}
    assert {row["rule"]: row["state"] for row in rows}["baseline_survey"] == "passes"


def test_what_a_check_writes_is_its_owners_alone_also_where_nothing_was_built(crowd, tmp_path):
    out = tmp_path / "data_derived/x/check"
    alone, check = ["-I", "pipeline/runner/alone.py"], ["pipeline.audit.check_extract", crowd / "raw"]
    command = [sys.executable, *alone, *check, "--settings", crowd / "config", "--out", out]
    assert f"{out} has checks.csv and answer.txt" in subprocess.run(command, capture_output=True, text=True).stdout
    assert sorted(path.name for path in out.iterdir()) == ["answer.txt", "checks.csv"]
    assert {path.stat().st_mode & 0o077 for path in (out.parents[1], out.parent, out, *out.iterdir())} == {0}
