"""The outcome definitions, as small tables that also are their documentation."""

import csv
from fractions import Fraction
from pathlib import Path

import msgspec
import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.register.spells import cumulative_shares, weeks_until_exit
from pipeline.register.states import UNKNOWN, classify_weeks, read_catalogue
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
    names = ["", *CODES["code"]]
    codes = [UNKNOWN if cell == "out" else names.index(cell[:-1].strip("-")) for cell in cells]
    wages = [UNKNOWN if cell == "out" else WAGES[cell[-1]] for cell in cells]
    states = classify(names, codes, wages, DEFINITIONS)[case["state"]]
    assert " ".join("?" if state == UNKNOWN else str(state) for state in states) == case["expected"]


def classify(names: list[str], codes: list[int], wages: list[int], definitions) -> dict[str, np.ndarray]:
    catalogue = read_catalogue(CODES, names)
    return classify_weeks(np.array(codes, np.int16), names, np.array(wages, np.int8), definitions, catalogue)


def test_without_a_table_of_codes_every_state_is_its_own_group():
    catalogue = read_catalogue(None, ["", "sick", "work"])
    assert (catalogue.codes(groups=["sick"]), catalogue.codes(activation=["none"])) == (["sick"], ["sick", "work"])


@pytest.mark.parametrize(("key", "value"), [("groups", "sickness_benefitt"), ("activation", "guidanse")])
def test_a_misspelt_group_does_not_empty_a_state_in_silence(key, value):
    state = msgspec.structs.replace(DEFINITIONS.states["guidance"], **{key: [value]})
    wrong = msgspec.structs.replace(DEFINITIONS, states={"guidance": state}, shares=(), exits={})
    with pytest.raises(InputError, match=f"outcomes.toml, guidance, {key}: {value} .1 values. is on no code"):
        classify([""], [0], [0], wrong)


@pytest.mark.parametrize("case", cases("exits.csv"))
def test_weeks_until_exit(case):
    run_weeks = RUN_WEEKS if case["to"] == "in" else 1
    weeks, exited = weeks_until_exit(parse_states(case["weeks"]), int(case["horizon"]), run_weeks, case["to"])
    assert (weeks[0], exited[0]) == (int(case["expected_week"]), case["expected_exit"] == "yes")


@pytest.mark.parametrize("case", cases("shares.csv"))
def test_share_of_weeks(case):
    shares = cumulative_shares(parse_states(case["weeks"]), case["rule"])[0]
    expected = [np.nan if mark == "?" else float(Fraction(mark)) for mark in case["expected"].split()]
    np.testing.assert_array_equal(shares, expected)
