"""Which package gives the estimates of which estimator."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pandas as pd

from pipeline.verify.packages import compliers, descriptions, exits, least_squares, nonresponse, power, tobit
from pipeline.verify.packages.least_squares import Row
from pipeline.verify.packages.trial import Trial

Route = Callable[[Mapping[str, Any], Trial], Iterator[Row]]
# By estimator the route, and what it is called where a row does not say.
ROUTES: Mapping[str, tuple[Route, str]] = {
    "ols": (least_squares.ordinary, "statsmodels OLS"),
    "group_ols": (least_squares.means, "statsmodels OLS of means"),
    "stratum_effects": (least_squares.by_stratum, "statsmodels OLS, contrast with HC2"),
    "weighted_ols": (nonresponse.weighted, "statsmodels GLM, WLS"),
    "lee_bounds": (nonresponse.bounded, "own maximum, jackknife in numbers"),
    "discrete_hazard": (exits.hazard, "statsmodels GLM"),
    "kaplan_meier": (exits.survival, "lifelines KaplanMeierFitter"),
    "tobit": (tobit.prognosis, "own likelihood, scipy"),
    "mean": (descriptions.means, "pandas mean"),
    "density": (descriptions.densities, "scipy gaussian_kde"),
    "count": (descriptions.counts, "pandas counts"),
    "power": (power.shares, "statsmodels OLS, scipy nct"),
    "complier_effect": (compliers.compliers, "linearmodels IV2SLS, statsmodels OLS"),
    "hazard_power": (power.exit_rates, "statsmodels GLM, scipy norm"),
    "printed": (descriptions.printed, "models.toml"),
}


def estimate(name: str, trial: Trial) -> pd.DataFrame:
    """The estimates of a model, a row an address; none of an estimator that has no second route."""
    model = trial.definitions.model(name)
    route, called = ROUTES[model["estimator"]]
    rows = [{"route": called, **row} for row in route(model, trial)]
    table = pd.DataFrame(rows).assign(model=name)
    if not rows:
        return table
    week = table["week"].map(lambda value: "" if pd.isna(value) else str(int(value)))
    return table.assign(
        estimate_id=name + "/" + table["sample"] + "/" + table["outcome"] + "/" + week + "/" + table["parameter"]
    )
