"""Scores from answers: each rule of a scale on a few answers."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.runner.inputs import load_input
from pipeline.settings.scales import item_names
from pipeline.stages.survey import run, score_scale
from tests.small_study import SCALES as SMALL

SCALES = load_input(Path("config/scales.csv")).set_index("variable")
X = np.nan

CASES = [
    ("sum", "X_1..6", "3", "", [0, 1, 2, 3, 4, 4], 14, "the sum of six answers"),
    ("sum", "X_1..6", "3", "", [2, 1, 2, 2, X, X], 10.5, "the mean of the four answers times six"),
    ("sum", "X_1..6", "3", "", [2, 2, 2, X, X, X], 12, "as many answers as are needed"),
    ("sum", "X_1..6", "3", "", [4, 4, X, X, X, X], X, "fewer are not enough"),
    ("indicator", "Y", "1", "1 2 3", [3], 1, "one of the values counts"),
    ("indicator", "Y", "1", "1 2 3", [4], 0, "another does not"),
    ("indicator", "Y", "1", "1 2 3", [X], X, "unanswered is unknown, not no"),
    ("value", "Z", "1", "", [7], 7, "a single item is its own score"),
    ("value", "Z", "1", "", [X], X, "unanswered is missing"),
]


@pytest.mark.parametrize(
    ("scoring", "items", "minimum", "values", "answers", "score", "says"), CASES, ids=[case[-1] for case in CASES]
)
def test_score(scoring, items, minimum, values, answers, score, says):
    scale = {"scoring": scoring, "items": items, "minimum_answered": minimum, "indicator_values": values}
    given = pd.DataFrame([answers], columns=item_names(items)).astype("Float64").astype("Int16")
    np.testing.assert_equal(score_scale(given, scale).tolist(), [score])


def test_a_survey_without_answers_has_no_row_and_the_follow_up_only_what_is_asked_again():
    empty = pd.DataFrame({name: pd.Series(dtype="Int16") for name in ("person", "HOPE_1", "HOPE_2", "HOPE_3", "PAIN")})
    tables = run(empty, empty, SMALL)
    assert {name: (list(table), len(table)) for name, table in tables.items()} == {
        "baseline.parquet": (["person", "hope", "pain"], 0),
        "followup.parquet": (["person", "pain"], 0),
    }


def test_every_scale_states_its_rule_and_the_source_of_it():
    assert (SCALES["rule_source"] != "").all()
    assert SCALES["minimum_answered"].astype(int).ge(1).all()


def test_the_half_rule_is_the_one_the_scales_state():
    sums = SCALES[SCALES["scoring"] == "sum"]
    number = sums["items"].map(lambda items: len(item_names(items)))
    assert (sums["minimum_answered"].astype(int) == (number + 1) // 2).all()
