"""Shares, exits and history of two persons whose weeks at the edges are unlike their neighbours."""

from pathlib import Path

import msgspec
import numpy as np
import pandas as pd
import pytest
from pipeline.people.history import PRE_WEEKS, WINDOWS

from pipeline.runner.inputs import load_input
from pipeline.stages import outcomes

STUDY = load_input(Path("config/study.toml"))
DEFINITIONS = load_input(Path("config/outcomes.toml"))
CODES = load_input(Path("config/benefit_codes.csv"))
HORIZON = STUDY.time.horizon_weeks
ALLOCATED = 1200
SICK, EDUCATED = 890, 651


def run(sick: set[int], employed: set[int], definitions=DEFINITIONS) -> dict[str, pd.DataFrame]:
    """The tables of one person who is sick and employed in these weeks from allocation, in education in all others."""
    weeks = np.arange(-PRE_WEEKS - 3, HORIZON + 10)
    codes = [SICK if week in sick else 0 if week in employed else EDUCATED for week in weeks]
    register = pd.DataFrame({"person": 1, "week": weeks + ALLOCATED, "code": np.array(codes, dtype=np.int16)})
    register["wage"] = pd.array([week in employed for week in weeks], dtype="boolean")
    sample = pd.DataFrame(
        {"person": [1], "allocation_date": [pd.Timestamp("2015-01-05")], "allocation_week": [ALLOCATED], "wait_days": 3}
    )
    return outcomes.run(sample, pd.DataFrame({"person": [1]}), register, CODES, definitions, STUDY)


BEFORE = set(range(-PRE_WEEKS, 0))

# weeks on sickness benefit, the share before allocation, the first and the last week of follow-up share
SHARES = [
    ({0}, 0.0, 0.0, 0.0),
    (BEFORE, 1.0, 0.0, 0.0),
    ({-PRE_WEEKS - 1, -1}, 1 / PRE_WEEKS, 0.0, 0.0),
    ({0, 1, HORIZON + 1}, 0.0, 1.0, 1 / HORIZON),
    ({HORIZON, HORIZON + 2}, 0.0, 0.0, 1 / HORIZON),
]


@pytest.mark.parametrize(("sick", "before", "first", "last"), SHARES, ids=[str(sorted(row[0])[-3:]) for row in SHARES])
def test_week_zero_and_the_weeks_past_the_horizon_are_in_no_share(sick, before, first, last):
    tables = run(sick, set())
    assert tables["background.parquet"]["sickness_benefit_pre_share"].item() == before
    shares = tables["shares.parquet"].query("outcome == 'sickness_benefit'").set_index("week")["share"]
    assert (shares.index.min(), shares.index.max()) == (1, HORIZON)
    assert (shares[1], shares[HORIZON]) == (first, last)


def test_the_windows_before_allocation_part_its_weeks():
    table = run({-104, -92, -91, 0, -13, -1}, set())["background.parquet"].iloc[0]
    found = {name: round(table[name] * 13) for name in WINDOWS if name.startswith("sick") and name[-1].isdigit()}
    assert {name: count for name, count in found.items() if count} == {
        "sickness_benefit_pre_104_92": 2,
        "sickness_benefit_pre_91_79": 1,
        "sickness_benefit_pre_13_1": 2,
    }
    assert sum(last - first + 1 for name, (state, first, last) in WINDOWS.items() if name[-1].isdigit()) == 2 * 104


# employed weeks, week of the exit to employment or last week at risk, whether it was an exit
EXITS = [
    (set(range(HORIZON, HORIZON + 4)), HORIZON, True),
    (set(range(HORIZON, HORIZON + 3)), HORIZON, False),
    (set(range(HORIZON + 1, HORIZON + 6)), HORIZON, False),
    (set(range(-5, 4)), HORIZON, False),
    (set(range(0, 5)), 1, True),
]


@pytest.mark.parametrize(("employed", "weeks", "exited"), EXITS, ids=[str(sorted(row[0])) for row in EXITS])
def test_a_run_of_employment_may_end_past_the_horizon_and_begins_after_allocation(employed, weeks, exited):
    row = run(set(), employed)["durations.parquet"].set_index("outcome").loc["employment_exit"]
    assert (row["weeks"], row["exited"]) == (weeks, exited)


def test_an_added_outcome_has_shares_and_no_history(monkeypatch):
    education = msgspec.structs.replace(DEFINITIONS.states["guidance"], kind="groups", groups=["education_grant"])
    added = msgspec.structs.replace(DEFINITIONS, states={**DEFINITIONS.states, "education": education})
    monkeypatch.setattr(outcomes, "SHARE_OUTCOMES", (*outcomes.SHARE_OUTCOMES, "education"))
    tables = run(set(), {1}, added)
    shares = tables["shares.parquet"].query("outcome == 'education'")["share"].tolist()
    assert shares == [(week - 1) / week for week in range(1, HORIZON + 1)]
    assert not [name for name in tables["background.parquet"] if name.startswith("education")]
