"""Generated deliveries: what is right is accused of nothing, and a random fault is told where it lies."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from pipeline.audit.check_extract import check_extract
from pipeline.checks.rules import message_of
from tests.checks.crowd import PERSONS, PLACES, write_crowd
from tests.checks.malformed import register_again
from tests.commands import PERSON_NUMBER
from tests.delivery import WEEKS, change_cell, read_lines, replace, write_lines

SEEDS = range(16)
# By file the columns in which a fault can be put, each with the cells that cannot be there.
WRONG_CELLS = {
    "allocation": {"ID": ["", "x7", "1.5"], "CPR": ["", "12"], "ARM": ["", "newer"], "DRAWN": ["2015-13-01", "5/1/15"],
                   "CONSENT": ["", "yes"], "DISTRICT": ["", "--"]},
    "register": {"CPR": [""], **{week: ["8x0", "12", "89O", "NULL"] for week in WEEKS}, "GRAD_2015_02": ["half", "-1"]},
    "baseline_survey": {"ID": ["", "900"], "ANSWERED": ["2015-02-30"], "HOPE_1": ["5", "-1", "2.5", "\uff17"]},
    "followup_survey": {"ID": ["900"], "PAIN": ["eleven", "99"], "HOPE_3": ["9"]},
}  # fmt: skip


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("crowd")
    write_crowd(folder)
    return folder


def told(folder: Path) -> list[dict[str, str]]:
    """The rows that do not pass."""
    rows = check_extract(folder / "raw", folder / "config").rows
    return [row for row in rows if row["state"] in ("wrong", "suspicious")]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_cell_that_cannot_be_is_told_with_its_file_line_and_column(crowd, tmp_path, seed):
    draw = random.Random(seed)
    file = draw.choice(sorted(WRONG_CELLS))
    column = draw.choice(sorted(WRONG_CELLS[file]))
    value, line = draw.choice(WRONG_CELLS[file][column]), draw.randint(2, PERSONS + 1)
    shutil.copytree(crowd, tmp_path / "copy")
    path = tmp_path / "copy" / "raw" / f"{file}.csv"
    register_again(path, lambda: change_cell(path, line, column, value))
    rows = told(tmp_path / "copy")
    messages = [message_of(row) for row in rows if row["state"] == "wrong"]
    where = f"{file}.csv, line {line}, column {column}"
    assert any(where in message for message in messages), (where, value, messages)
    assert not any(PERSON_NUMBER.search(message) for message in messages)


def shuffle_rows(draw: random.Random, raw: Path) -> None:
    """The rows of every file in another order."""
    for path in sorted(raw.glob("*.csv")):
        header, *rows = read_lines(path)
        draw.shuffle(rows)
        write_lines(path, [header, *rows])


def rename_places(draw: random.Random, raw: Path) -> None:
    """Other names of the strata, and of the clusters in them."""
    names = draw.sample(["Århus", "Ærø", "Lemvig", "Tønder", "Odense", "Greve", "Skive"], len(PLACES))
    for place, name in zip(PLACES, names, strict=True):
        replace(raw / "allocation.csv", place, name)


def leave_columns(draw: random.Random, raw: Path) -> None:
    """A column that the pipeline does not read beside the others."""
    lines = read_lines(raw / "register.csv")
    write_lines(raw / "register.csv", [[*line, "OTHER" if not number else str(draw.randint(1, 9))]
                                       for number, line in enumerate(lines)])  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_a_right_delivery_with_other_names_and_orders_is_accused_of_nothing(crowd, tmp_path, seed):
    draw = random.Random(seed)
    shutil.copytree(crowd, tmp_path / "copy")
    raw = tmp_path / "copy" / "raw"
    for change in draw.sample([shuffle_rows, rename_places, leave_columns], draw.randint(1, 3)):
        register_again(raw, lambda change=change: change(draw, raw))
    assert told(tmp_path / "copy") == []


@pytest.mark.parametrize(("persons", "first"), [(40, 1), (90, 1), (60, 500)])
def test_a_right_delivery_of_another_size_is_accused_of_nothing(tmp_path, persons, first):
    write_crowd(tmp_path, range(first, first + persons))
    assert told(tmp_path) == []


@pytest.mark.parametrize("seed", range(6))
def test_rows_that_are_lost_are_counted(crowd, tmp_path, seed):
    draw = random.Random(seed)
    lost = draw.randint(1, 9)
    file, rule = draw.choice([("register", "in_register"), ("baseline_survey", "with_questionnaire")])
    shutil.copytree(crowd, tmp_path / "copy")
    path = tmp_path / "copy" / "raw" / f"{file}.csv"
    header, *rows = read_lines(path)
    kept = draw.sample(rows, PERSONS - lost)
    register_again(path, lambda: write_lines(path, [header, *kept]))
    found = {row["rule"]: row for row in told(tmp_path / "copy")}
    assert (found[rule]["failing"], found[rule]["looked_at"]) == (str(lost), str(PERSONS))
    assert found[rule]["said_en"].startswith(f"{lost} of {PERSONS} randomised persons ({lost / PERSONS:.1%})")
