"""The outcome definitions, as small tables that also are their documentation."""

import csv
from fractions import Fraction
from pathlib import Path

import msgspec
import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.register.spells import cumulative_shares, weeks_until_out, weeks_until_run
from pipeline.register.states import UNKNOWN, classify_weeks
from pipeline.runner.inputs import load_input

HERE = Path(__file__).parent
DEFINITIONS = load_input(Path("config/outcomes.toml"))
CODES = load_input(Path("config/benefit_codes.csv"))
WAGES = {"w": 1, "n": 0, "?": UNKNOWN}
RUN_WEEKS = 4


def cases(name: str) -> list:
    with (HERE / name).open(encoding="utf-8") as file:
        return [pytest.param(row, id=row["says"]) for row in csv.DictReader(file)]


def parse_states(text: str) -> np.ndarray:
    return np.array([[UNKNOWN if mark == "?" else int(mark) for mark in text]], dtype=np.int8)


@pytest.mark.parametrize("case", cases("states.csv"))
def test_state_of_a_register_cell(case):
    cells = case["cells"].split()
    codes = np.array([UNKNOWN if cell == "out" else int(cell[:-1].replace("-", "0")) for cell in cells], dtype=np.int16)
    wages = np.array([UNKNOWN if cell == "out" else WAGES[cell[-1]] for cell in cells], dtype=np.int8)
    states = classify_weeks(codes, wages, DEFINITIONS, CODES)[case["state"]]
    assert " ".join("?" if state == UNKNOWN else str(state) for state in states) == case["expected"]


@pytest.mark.parametrize(("key", "value"), [("groups", "sickness_benefitt"), ("activation", "guidanse")])
def test_a_misspelt_group_does_not_empty_a_state_in_silence(key, value):
    state = msgspec.structs.replace(DEFINITIONS.states["guidance"], **{key: [value]})
    wrong = msgspec.structs.replace(DEFINITIONS, states={"guidance": state})
    with pytest.raises(InputError, match=f"outcomes.toml, guidance, {key}: {value} .1 values. is on no code"):
        classify_weeks(np.zeros(1, np.int16), np.zeros(1, np.int8), wrong, CODES)


@pytest.mark.parametrize("case", cases("exits.csv"))
def test_weeks_until_exit(case):
    states, horizon = parse_states(case["weeks"]), int(case["horizon"])
    if case["exit"] == "run":
        weeks, exited = weeks_until_run(states, horizon, RUN_WEEKS)
    else:
        weeks, exited = weeks_until_out(states, horizon)
    assert (weeks[0], exited[0]) == (int(case["expected_week"]), case["expected_exit"] == "yes")


@pytest.mark.parametrize("case", cases("shares.csv"))
def test_share_of_weeks(case):
    shares = cumulative_shares(parse_states(case["weeks"]), case["rule"])[0]
    expected = [np.nan if mark == "?" else float(Fraction(mark)) for mark in case["expected"].split()]
    np.testing.assert_array_equal(shares, expected)
