"""Scores from answers: each rule of scales.csv on a few answers."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.runner.inputs import load_input
from pipeline.settings.scales import item_names
from pipeline.stages.survey import score_scale

SCALES = load_input(Path("config/scales.csv")).set_index("variable")
X = np.nan

CASES = [
    ("self_efficacy", [0, 1, 2, 3, 4, 4], 14, "the sum of six answers"),
    ("self_efficacy", [2, 1, 2, 2, X, X], 10.5, "the mean of the four answers times six"),
    ("self_efficacy", [2, 2, 2, X, X, X], 12, "half of the items are enough"),
    ("self_efficacy", [4, 4, X, X, X, X], X, "fewer than half are not"),
    ("cmdq_illness_worry", [1, 1, 1, 1, X, X, X], 7, "of seven items four are at least half"),
    ("cmdq_illness_worry", [1, 1, 1, X, X, X, X], X, "three are not"),
    ("tsrq_introjected", [7, X], 14, "one of two items is half"),
    ("partner", [3], 1, "in a relationship counts as a partner"),
    ("partner", [4], 0, "single does not"),
    ("partner", [X], X, "unanswered is unknown, not no"),
    ("pain", [7], 7, "a single item is its own score"),
    ("pain", [X], X, "unanswered is missing"),
]


@pytest.mark.parametrize(("variable", "answers", "score", "says"), CASES, ids=[case[-1] for case in CASES])
def test_score(variable, answers, score, says):
    scale = SCALES.loc[variable].to_dict()
    items = pd.DataFrame([answers], columns=item_names(scale["items"])).astype("Float64").astype("Int16")
    np.testing.assert_equal(score_scale(items, scale).tolist(), [score])


def test_every_scale_states_its_rule_and_the_source_of_it():
    assert (SCALES["rule_source"] != "").all()
    assert SCALES["minimum_answered"].astype(int).ge(1).all()


def test_the_half_rule_is_the_one_the_scales_state():
    sums = SCALES[SCALES["scoring"] == "sum"]
    number = sums["items"].map(lambda items: len(item_names(items)))
    assert (sums["minimum_answered"].astype(int) == (number + 1) // 2).all()
