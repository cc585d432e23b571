"""What bad settings, bad names and outputs that cannot be written get: one message, and nothing half-written."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from benchmarks.projects import environment
from pipeline.errors import InputError
from pipeline.register.codes import check_code_table
from pipeline.runner.inputs import load_input
from pipeline.settings.reading import read_settings
from pipeline.storage import write_if_changed
from tests.commands import run_stage

CONFIG = Path("config")


STUDY = """\
[time]
horizon_weeks = 8

[outcomes]
unknown_weeks = "missing"
hazard_interval_weeks = 4

[inference]
level = 0.95
stars = { "*" = 0.05 }

[design]
person = "ID"
arm = "ARM"
treated = { value = "new", label_en = "new", label_da = "ny" }
control = { value = "usual", label_en = "usual", label_da = "vanlig" }

[samples.all]
label_en = "All"
label_da = "Alle"
conditions = []
"""

BROKEN = [
    (
        "horizon_weeks = 8",
        "horizon_weeks = 8\nhorizont = 3",
        r"line 3: .*`horizont`.*Allowed keys there: horizon_weeks",
    ),
    ("horizon_weeks = 8", "", r"line 1: .*missing required field `horizon_weeks`"),
    ("horizon_weeks = 8", 'horizon_weeks = "long"', r"line 2: .*Expected `int`"),
    ("horizon_weeks = 8", "horizon_weeks = 0", r"line 2: Expected `int` >= 1"),
    ("horizon_weeks = 8", "horizon_weeks = -3", r"line 2: Expected `int` >= 1"),
    ("interval_weeks = 4", "interval_weeks = 0", r"Expected `int` >= 1 .*hazard_interval_weeks"),
    ("level = 0.95", "level = 95", r"Expected `float` < 1.0 - at `\$\.inference\.level`"),
    ("level = 0.95", "level = 0.95\ndraws = 9", r"line 10: Expected `int` >= 99 - at `\$\.inference\.draws"),
    ("level = 0.95", "level = 0.95\ndraws = 99999999", r"line 10: Expected `int` <= 999999 .*inference\.draws"),
    ('"*" = 0.05', '"*" = 5', r"Expected `float` < 1.0 - at `\$\.inference\.stars"),
    ("horizon_weeks = 8", "horizon_weeks = = 8", r"not valid TOML.*line 2"),
]


@pytest.mark.parametrize(("before", "after", "message"), BROKEN, ids=[case[1] for case in BROKEN])
def test_a_broken_setting_is_refused(tmp_path, before, after, message):
    path = tmp_path / "study.toml"
    path.write_text(STUDY, encoding="utf-8")
    assert read_settings(path).time.horizon_weeks == 8
    assert STUDY.count(before) == 1
    path.write_text(STUDY.replace(before, after), encoding="utf-8")
    with pytest.raises(InputError, match=rf"study\.toml.*{message}"):
        read_settings(path)


@pytest.mark.parametrize("name", ["scales.csv", "benefit_codes.csv", "variables.csv"])
def test_a_settings_table_with_another_header_is_refused(tmp_path, name):
    path = tmp_path / name
    text = (CONFIG / name).read_text(encoding="utf-8")
    first = text.split(",")[0]
    path.write_text(text.replace(first, "shoe_size", 1), encoding="utf-8")
    with pytest.raises(InputError, match=rf"{name}, line 1: columns missing: {first}; unknown columns: shoe_size"):
        load_input(path)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("890,sickness_benefit,none,,,x,x,sourced", r"1 codes have more than one row: 890\. Keep one row"),
        ("8x0,sickness_benefit,none,,,x,x,sourced", r"'8x0' is no code of three digits"),
        ("199,sickness_benefit,none,2018,,x,x,sourced", r"'2018' is no code of three digits, or no month yyyymm"),
    ],
)
def test_a_code_table_with_a_double_or_misshapen_code_is_refused(line, message, tmp_path):
    path = tmp_path / "benefit_codes.csv"
    path.write_text((CONFIG / path.name).read_text(encoding="utf-8").rstrip("\n") + f"\n{line}\n", encoding="utf-8")
    with pytest.raises(InputError, match=message):
        check_code_table(load_input(path))


SCALE = "variable,items,item_minimum,item_maximum,scoring,indicator_values,minimum_answered,followup,rule_source"


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("worry,W_1..3,0,4,Sum,,2,0,x", "line 3, items: 'W_1..3'; line 3, scoring: 'Sum'"),
        ("worry,W_1..3,0,4,value,,2,0,x", "line 3, items: 'W_1..3'"),
        ("worry,W_1..3,0,four,sum,,2,0,x", "line 3, item_maximum: 'four'"),
        ("worry,W_1..3,0,4,sum,,half,0,x", "line 3, minimum_answered: 'half'"),
        ("worry,W,0,4,indicator,,1,0,x", "line 3, indicator_values: ''"),
        ("worry,W,0,4,indicator,'1 2',1,0,x", "line 3, indicator_values"),
        ("worry,W,0,4,value,,1,yes,x", "line 3, followup: 'yes'"),
        ("age,W,0,4,value,,1,0,x", "line 3, variable: 'age'"),
        ("worry,AGE,0,4,value,,1,0,x", "line 3, items: 'AGE'"),
    ],
)
def test_a_scale_that_cannot_be_scored_is_refused_with_its_cells(tmp_path, row, fault):
    path = tmp_path / "scales.csv"
    path.write_text(f"{SCALE}\nage,AGE,18,99.5,number,,1,0,x\n", encoding="utf-8")
    assert len(load_input(path)) == 1
    path.write_text(f"{path.read_text(encoding='utf-8')}{row}\n", encoding="utf-8")
    with pytest.raises(InputError, match=rf"scales\.csv: \d cells that cannot be: {re.escape(fault)}"):
        load_input(path)


@pytest.mark.parametrize("name", ["../data_raw", "", "a b", "a/b", "a.b", "a#b", "*", "published"])
def test_make_takes_no_extract_by_a_name_that_is_a_path(name):
    command = ["make", "--dry-run", "clean", f"EXTRACT={name}"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "is no name of an extract" in result.stderr
    assert "rm" not in result.stdout


def test_make_cleans_an_extract_by_its_name():
    command = ["make", "--dry-run", "clean", "EXTRACT=2018q2_a-B"]
    said = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True).stdout
    assert said.splitlines()[-1] == "rm -rf data_derived/2018q2_a-B reports/2018q2_a-B"


def test_make_controls_a_real_extract_whatever_is_or_was_asked(tmp_path):
    (tmp_path / "data_raw/real").mkdir(parents=True)
    (tmp_path / "data_raw/real/extract.toml").write_text("synthetic = false\n")
    (tmp_path / "data_derived/real").mkdir(parents=True)
    (tmp_path / "data_derived/real/asked.toml").write_text('asked = "off"\n')
    make = ["make", "--dry-run", "-f", Path("Makefile").resolve(), "EXTRACT=real"]
    options = {"cwd": tmp_path, "env": environment(), "capture_output": True, "text": True, "check": False}
    refused = subprocess.run([*make, "all", "DISCLOSURE=off"], **options)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "DISCLOSURE=off: the extract real is not synthetic" in refused.stderr
    assert """echo 'asked = ""' >""" in subprocess.run([*make, "data_derived/real/asked.toml"], **options).stdout


@pytest.mark.parametrize(
    ("name", "is_ignored"),
    [("data_raw/2018q2/dream.csv", True), ("data_raw/twin/dream.csv", True), ("data_raw/published/tables.csv", False)],
)
def test_git_takes_the_published_numbers_and_no_received_file(name, is_ignored):
    result = subprocess.run(["git", "check-ignore", "--no-index", "--quiet", name], check=False)
    assert (result.returncode == 0) == is_ignored


def test_an_output_that_cannot_be_written_is_one_message(tmp_path):
    target = tmp_path / "derived"
    target.write_text("a file where the folder should be", encoding="utf-8")
    inputs = [Path("data_derived/twin") / f"{name}.parquet" for name in ("trial", "register_columns")]
    inputs += [CONFIG / "study.toml", Path("data_raw/twin/extract.toml")]
    result = run_stage("sample", inputs, ["sample", "groups", "exclusions"], target, (CONFIG / "variables.csv",))
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert re.search(r"derived/\w+\.parquet: cannot be written: ", result.stderr)


def test_a_folder_in_the_place_of_an_output_is_named(tmp_path):
    (tmp_path / "x.csv").mkdir()
    with pytest.raises(InputError, match=rf"x\.csv: cannot be written: {os.strerror(21)}"):
        write_if_changed(tmp_path / "x.csv", b"")
