"""What the packages are given, outcomes by person and week, and what they say of a likelihood without a maximum."""

import numpy as np
import pandas as pd
import pytest

from pipeline.stats.tobit import fit_tobit
from pipeline.verify.packages.definitions import Definitions
from pipeline.verify.packages.tobit import maximise
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


@pytest.mark.parametrize("case", ["a regular sample", "a group at the limit", "as many slopes as persons inside"])
def test_both_routes_agree_on_whether_a_likelihood_has_a_maximum(case):
    generator = np.random.default_rng(11)
    slopes = 30 if case.startswith("as many") else 3
    x = np.column_stack([np.ones(60), generator.normal(size=(60, slopes))])
    y = np.clip(0.3 + 0.2 * x[:, 1] + 0.4 * generator.normal(size=60), 0, 1)
    if case == "a group at the limit":
        x[:, 2] = np.arange(60) < 12
        y[:12] = 0.0
    if case.startswith("as many"):
        y[np.argsort(y)[20:]] = 1.0
    first, second = fit_tobit(y, x, (0.0, 1.0)), maximise(y, x, 0.0, 1.0)
    assert first.converged == (second is not None) == (case == "a regular sample")
    if second is not None:  # of the slopes: its constant is that of scaled covariates
        np.testing.assert_allclose(second[0][1:], first.coefficients[1:], rtol=1e-6)
        np.testing.assert_allclose(second[1][1:], first.standard_errors[1:], rtol=1e-6)
