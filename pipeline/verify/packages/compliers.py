"""The effect on those who came because of the offer by linearmodels' IV2SLS, its limits by tests of statsmodels' OLS.

The Anderson-Rubin limits are found by Brent's method: where the test of the offer on outcome - b x attendance turns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.stats import t

from pipeline.verify.packages.least_squares import Case, Row, cases, is_one, regression_of
from pipeline.verify.packages.trial import Trial, labels_of

ATTENDED = "attended"
Fit = tuple[float, float]  # estimate and clustered error
FARTHEST = 1e6  # errors of the effect, where a limit is looked for


def compliers(model: Mapping[str, Any], trial: Trial) -> Iterator[Row]:
    """Every parameter of the model; no rows where nobody's attendance is told."""
    if ATTENDED not in trial.people:
        return
    wider = {**model, "covariates": [*model["covariates"], ATTENDED]}
    for case in cases(wider, trial):
        own = [name for name in case.covariates if name != ATTENDED]
        design, tests = regression_of(case.people, own, case.groups)
        if is_one(case.people["cluster_"]) or tests.empty:
            continue
        for outcome, week in labels_of(case.outcomes):
            found = _of_outcome(case, design, case.outcomes[(outcome, week)].to_numpy(), trial.definitions.level)
            yield from ({"sample": case.name, "outcome": outcome, "week": week, **row} for row in found)


def _of_outcome(case: Case, design: pd.DataFrame, y: np.ndarray, level: float) -> Iterator[Row]:
    people, clusters = case.people, case.people["cluster_"].to_numpy()
    taken, treated = people[ATTENDED].to_numpy(dtype=float), people["treated"].to_numpy() == 1
    df = len(np.unique(clusters)) - 1
    counts = {"n": len(y), "n_treated": int(treated.sum()), "n_control": int((~treated).sum()), "n_clusters": df + 1}
    effect, offer, first = (
        _two_stage(y, taken, design, clusters),
        _ols(y, design, clusters),
        _ols(taken, design, clusters),
    )
    critical = float(t.ppf(0.5 + level / 2, df))
    for parameter, (estimate, error), own in (
        ("complier", effect, y), ("offer", offer, y), ("first_stage", first, taken)
    ):  # fmt: skip
        yield {
            "parameter": parameter, "estimate": estimate, "se": error, "df": df, **counts,
            "p_value": float(2 * t.sf(abs(estimate / error), df)), "ci_low": estimate - critical * error,
            "ci_high": estimate + critical * error, "control_mean": own[~treated].mean(),
        }  # fmt: skip
    yield {"parameter": "first_stage_f", "estimate": (first[0] / first[1]) ** 2, "df": df, **counts}
    if abs(first[0] / first[1]) > critical:

        def distance(b: float) -> float:
            estimate, error = _ols(y - b * taken, design, clusters)
            return abs(estimate) / error - critical

        for name, sign in (("anderson_rubin_low", -1), ("anderson_rubin_high", 1)):
            far = effect[1]
            while distance(effect[0] + sign * far) < 0 and far < FARTHEST * effect[1]:
                far *= 2
            limit = brentq(distance, effect[0], effect[0] + sign * far, xtol=1e-15, rtol=1e-14)
            yield {"parameter": name, "estimate": limit, "df": df, **counts}


def _ols(y: np.ndarray, design: pd.DataFrame, clusters: np.ndarray) -> Fit:
    import statsmodels.api as sm

    fit = sm.OLS(y, design.to_numpy()).fit(cov_type="cluster", cov_kwds={"groups": clusters}, use_t=True)
    place = list(design.columns).index("treated")
    return float(fit.params[place]), float(fit.bse[place])


def _two_stage(y: np.ndarray, taken: np.ndarray, design: pd.DataFrame, clusters: np.ndarray) -> Fit:
    from linearmodels.iv import IV2SLS

    others = design.drop(columns="treated")
    model = IV2SLS(y, others, pd.DataFrame({"taken": taken}, index=design.index), design[["treated"]])
    fit = model.fit(cov_type="clustered", clusters=clusters, debiased=True)
    return float(fit.params["taken"]), float(fit.std_errors["taken"])
