"""What the packages are given: outcomes by person and week."""

import pandas as pd

from pipeline.verify.packages.definitions import Definitions
from pipeline.verify.packages.trial import gather

MODEL = {"name": "m", "outcomes": ["guided", "placed"], "weeks": "all", "outcome_source": "weekly"}


def test_a_week_of_which_nothing_is_known_is_a_missing_outcome_of_a_weekly_model():
    weeks = [(person, week) for person in (1, 2) for week in (1, 2)]
    weekly = pd.DataFrame(weeks, columns=["person", "week"])
    weekly["guided"] = pd.array([1, None, 0, 1], dtype="Int8")
    weekly["placed"] = pd.array([0, 0, None, None], dtype="Int8")
    people = pd.DataFrame({"person": [1, 2]})
    definitions = Definitions({"time": {"horizon_weeks": 2}}, {}, {}, pd.DataFrame())
    found = gather({"sample": people, "background": people, "weekly": weekly}, definitions).outcomes(MODEL)
    assert found.columns.tolist() == [("guided", 1), ("guided", 2), ("placed", 1), ("placed", 2)]
    assert found.astype(object).where(found.notna(), None).to_numpy().tolist() == [[1, None, 0, 0], [0, 1, None, None]]
