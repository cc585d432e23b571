"""Shares, exits and history of persons whose weeks at the edges are unlike their neighbours."""

import msgspec
import numpy as np
import pandas as pd
import pytest

from pipeline.settings.outcomes import State
from pipeline.stages import outcomes
from tests.small_study import CODES, definitions, study

STUDY = study(time={"horizon_weeks": 20}, history={"weeks": 10, "window_weeks": 4, "states": ["sick"]})
HORIZON, BEFORE = STUDY.time.horizon_weeks, STUDY.history.weeks
ALLOCATED = 1200
SICK, STUDYING = "890", "651"


def run(
    sick: set[int], employed: set[int], defined=None, weeks=range(-BEFORE - 3, HORIZON + 10), rule="missing"
) -> dict[str, pd.DataFrame]:
    """The tables of one person who is sick and employed in these weeks from allocation, and studies in all others."""
    codes = [SICK if week in sick else "" if week in employed else STUDYING for week in weeks]
    register = pd.DataFrame({"person": 1, "week": np.array(weeks) + ALLOCATED, "code": codes, "line": 2})
    register["wage"] = pd.array([week in employed for week in weeks], dtype="boolean")
    sample = pd.DataFrame(
        {"person": [1], "allocation_date": [pd.Timestamp("2015-01-05")], "allocation_week": [ALLOCATED], "wait_days": 3}
    )
    settings = msgspec.structs.replace(STUDY, outcomes=msgspec.structs.replace(STUDY.outcomes, unknown_weeks=rule))
    return outcomes.run(sample, register, defined or definitions(), settings, benefit_codes=CODES)


# weeks in the state, the share before allocation, the first and the last week of follow-up share
SHARES = [
    ({0}, 0.0, 0.0, 0.0),
    (set(range(-BEFORE, 0)), 1.0, 0.0, 0.0),
    ({-BEFORE - 1, -1}, 1 / BEFORE, 0.0, 0.0),
    ({0, 1, HORIZON + 1}, 0.0, 1.0, 1 / HORIZON),
    ({HORIZON, HORIZON + 2}, 0.0, 0.0, 1 / HORIZON),
]


@pytest.mark.parametrize(("sick", "before", "first", "last"), SHARES, ids=[str(sorted(row[0])[-3:]) for row in SHARES])
def test_week_zero_and_the_weeks_past_the_horizon_are_in_no_share(sick, before, first, last, capsys):
    tables = run(sick, set())
    assert tables["background.parquet"]["sick_pre_share"].item() == before
    shares = tables["shares.parquet"].query("outcome == 'sick'").set_index("week")["share"]
    assert (shares.index.min(), shares.index.max()) == (1, HORIZON)
    assert (shares[1], shares[HORIZON]) == (first, last)
    assert capsys.readouterr().out == ""


def test_the_windows_before_allocation_part_its_weeks():
    table = run({-10, -9, -8, 0, -4, -1}, set())["background.parquet"].iloc[0]
    sizes = {name: last - first + 1 for name, (_, first, last) in STUDY.windows.items() if name[-1].isdigit()}
    assert sizes == {"sick_pre_10_9": 2, "sick_pre_8_5": 4, "sick_pre_4_1": 4}
    found = {name: round(table[name] * size) for name, size in sizes.items()}
    assert found == {"sick_pre_10_9": 2, "sick_pre_8_5": 1, "sick_pre_4_1": 2}


# the weeks that the register has, the rule, history and last share of a person always sick, what is said
PARTLY = [
    (range(-BEFORE + 1, HORIZON + 10), "missing", np.nan, 1.0, "fewer than 10 weeks before allocation for 1 of 1"),
    (range(-BEFORE + 1, HORIZON + 10), "known", 1.0, 1.0, "fewer than 10 weeks before allocation for 1 of 1"),
    (range(-BEFORE, HORIZON), "missing", 1.0, np.nan, "fewer than 20 weeks after allocation for 1 of 1"),
    (range(0, 1), "missing", np.nan, np.nan, "fewer than 10 weeks before"),
]


@pytest.mark.parametrize(("weeks", "rule", "before", "last", "says"), PARTLY, ids=[case[-1] for case in PARTLY])
def test_weeks_outside_the_register_are_unknown_and_stop_nothing(weeks, rule, before, last, says, capsys):
    tables = run(set(range(-50, 50)), set(), weeks=weeks, rule=rule)
    np.testing.assert_equal(tables["background.parquet"]["sick_pre_share"].item(), before)
    shares = tables["shares.parquet"].query("outcome == 'sick'").set_index("week")["share"]
    np.testing.assert_equal(shares[HORIZON], last)
    assert says in capsys.readouterr().out


# employed weeks, week of the exit to work or last week at risk, whether it was an exit
EXITS = [
    ({HORIZON, HORIZON + 1}, HORIZON, True),
    ({HORIZON}, HORIZON, False),
    ({HORIZON + 1, HORIZON + 2}, HORIZON, False),
    (set(range(-5, 2)), HORIZON, False),
    ({0, 1, 2}, 1, True),
]


@pytest.mark.parametrize(("employed", "weeks", "exited"), EXITS, ids=[str(sorted(row[0])) for row in EXITS])
def test_a_run_of_employment_may_end_past_the_horizon_and_begins_after_allocation(employed, weeks, exited):
    row = run(set(), employed)["durations.parquet"].set_index("outcome").loc["to_work"]
    assert (row["weeks"], row["exited"]) == (weeks, exited)


@pytest.mark.parametrize(("died", "at_risk"), [(9, 8), (-BEFORE - 2, 0)], ids=["after the draw", "before the history"])
@pytest.mark.parametrize("rule", ["missing", "known"])
def test_after_the_first_week_of_a_terminal_group_nothing_is_known(died, at_risk, rule):
    dead = CODES.iloc[[0]].assign(code="999", group="dead")
    weeks = np.arange(-BEFORE - 3, HORIZON + 10)
    codes = np.where(weeks == died, "999", np.where(weeks < died, SICK, ""))
    register = pd.DataFrame({"person": 1, "week": weeks + ALLOCATED, "code": codes, "line": 2})
    register["wage"] = pd.array(weeks > died, dtype="boolean")  # living codes and wages after a death are no life
    sample = pd.DataFrame(
        {"person": [1], "allocation_date": [pd.Timestamp("2015-01-05")], "allocation_week": [ALLOCATED], "wait_days": 3}
    )
    settings = msgspec.structs.replace(STUDY, outcomes=msgspec.structs.replace(STUDY.outcomes, unknown_weeks=rule))
    ends = msgspec.structs.replace(definitions(), unknown_groups=["dead"], terminal_groups=["dead"])
    tables = outcomes.run(sample, register, ends, settings, benefit_codes=pd.concat([CODES, dead]))
    weekly = tables["weekly.parquet"].set_index("week")
    assert weekly.loc[weekly.index >= died, ["sick", "working"]].isna().all(axis=None)
    assert weekly.loc[weekly.index < died, "sick"].eq(1).all()
    exits = tables["durations.parquet"].set_index("outcome").loc["to_work"]
    assert (exits["weeks"], exits["exited"]) == (at_risk, False)
    share = tables["shares.parquet"].query(f"outcome == 'working' and week == {HORIZON}")["share"].item()
    assert share == 0 if rule == "known" and at_risk else np.isnan(share)


def test_an_added_outcome_has_shares_and_no_history():
    given = definitions()
    states = {**given.states, "studying": State(kind="groups", groups=["studying"])}
    tables = run(set(), {1}, msgspec.structs.replace(given, states=states, shares=(*given.shares, "studying")))
    shares = tables["shares.parquet"].query("outcome == 'studying'")["share"].tolist()
    assert shares == [(week - 1) / week for week in range(1, HORIZON + 1)]
    assert not [name for name in tables["background.parquet"] if name.startswith("studying")]
