"""The answers after the course: what the pipeline makes of them, and what whole answers can give at all."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from calibration.followup.controls import plan_controls, whole_sums
from calibration.followup.targets import PEERS_ROWS, WITH_WAIT, control_means, declared_targets
from calibration.followup.targets import numbers_of_observations as observations
from calibration.printed.targets import Target, read_targets, variable_of_label
from calibration.search.steering import Aims, Room, steer

FORMS = {"first": ("low_low", "low_high", "high"), "second": ("low_low", "low_high", "high_low", "high_high")}
NEAR = 0.01  # one unit of the last printed digit, the margin that the errors are given
SPARE = 1e-9  # a number on the edge of its rounding counts as met


def address(one: Target) -> str:
    """The cell that holds a printed number."""
    if one.exhibit in WITH_WAIT:
        side = f"low_{one.column[2:]}" + ("_control" if one.statistic == "control_mean" else "")
        if one.statistic == "n":
            return f"{one.exhibit}/{variable_of_label(one.name)}/observations/n"
        return f"{one.exhibit}/{variable_of_label(one.name)}/{side}/{'se' if one.statistic == 'se' else 'estimate'}"
    form = {"first": "pooled", "second": "separate"}[one.panel]
    if one.statistic == "n":
        return f"{one.exhibit}/{form}_observations/self_efficacy/n"
    row = FORMS[one.panel][PEERS_ROWS[one.panel].index(one.name)]
    return f"{one.exhibit}/{form}_{row}/self_efficacy/{'se' if one.statistic == 'se' else 'estimate'}"


@pytest.fixture(scope="module")
def compared() -> pd.DataFrame:
    """Every declared number beside the pipeline's: printed, its rounding, rebuilt."""
    cells = pd.read_parquet("data_derived/twin/shown.parquet").set_index("cell_id")["value"]
    targets = [*read_targets("table_3_5"), *read_targets("table_6_2")]
    targets += [one for one in read_targets("table_3_6") if one.column == "self_efficacy"]
    assert len(targets) == len(declared_targets())
    rows = [
        (one.exhibit, one.statistic, address(one), float(one.low + one.high) / 2, float(one.half_width))
        for one in targets
    ]
    table = pd.DataFrame(rows, columns=["exhibit", "statistic", "cell", "printed", "half"])
    table["rebuilt"] = cells.loc[table["cell"]].to_numpy()
    table["distance"] = (table["rebuilt"] - table["printed"]).abs()
    return table


def test_means_effects_and_numbers_come_out_as_printed(compared: pd.DataFrame) -> None:
    numbers = compared[compared["statistic"] != "se"]
    missed = numbers[numbers["distance"] > numbers["half"] * 1.011 + SPARE]  # targets keep a hundredth clear
    assert len(numbers) == 2 * 198 + 9
    assert len(missed) <= 11, missed
    assert missed["distance"].max() < 0.02, missed  # and those by a unit or two of the last digit


def test_errors_are_near_and_stars_follow(compared: pd.DataFrame) -> None:
    errors = compared[compared["statistic"] == "se"]
    assert (errors["distance"] <= NEAR + SPARE).mean() >= 0.9
    assert (errors["rebuilt"] / errors["printed"]).between(1 / 1.5, 1.5).all()


def test_the_means_that_no_whole_answers_give_are_three() -> None:
    """With at most 60 controls; 67 controls with 0-7 points are more than the group has."""
    impossible = [
        (variable, 6 + k)
        for variable in observations()
        for k, mean in enumerate(control_means(variable))
        if variable != "self_efficacy"
        and not any(whole_sums(mean, number)[1] for number in range(15, (31, 45, 60, 73)[k]))
    ]
    assert sorted(impossible) == [("bipq_concern", 6), ("bipq_treatment_control", 7), ("sleep_quality", 7)]


def test_a_plan_gives_every_mean_that_it_does_not_call_unmet() -> None:
    means, strata = control_means("pain"), (27, 14, 7, 11)
    plan = plan_controls(means, strata, 15, 1, 9)
    sizes = np.cumsum(np.array(strata) - plan.lacking)
    sums = np.cumsum(plan.total)
    assert plan.unmet == ()
    for mean, size, total in zip(means, sizes, sums, strict=True):
        assert mean.low <= Fraction(int(total), int(size)) <= mean.high


def test_the_search_keeps_sums_and_bounds() -> None:
    """Twenty answers of 0 to 10, the first ten with a fixed sum: a mean of the rest and a sum of squares to reach."""
    weight = np.zeros((20, 1), dtype=np.int64)
    weight[10:, 0] = 1 << 30
    score = np.zeros((20, 1, 2), dtype=np.int64)
    score[:10, 0, 0], score[10:, 0, 1] = np.arange(10) << 8, 1 << 8
    aims = Aims(weight, np.array([62.5 * (1 << 30)]), np.array([63.5 * (1 << 30)]), score,
                np.array([63.0**2 + 150**2]), np.array([63.0**2 + 152**2]))  # fmt: skip
    everyone = np.ones(20, dtype=np.int64)
    room = Room(0 * everyone, 10 * everyone, everyone, np.repeat([0, -1], 10))
    found, met = steer(aims, room, 5 * everyone, np.random.default_rng(1))
    assert met.all()
    assert found[:10].sum() == 50
    assert found[10:].sum() == 63
    assert (found @ score[:, 0, 0]) >> 8 in (150, 151, 152)
    assert found.min() >= 0
    assert found.max() <= 10
