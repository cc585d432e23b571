"""A curve of specifications: each by the package that has its estimator, and the numbers of the whole curve of these.

The p-values of the whole curve are not made again: they are those of thousands of draws of the lot, whose statistic the
tests compare with the packages' draw by draw.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from pipeline.verify.packages import exits, least_squares
from pipeline.verify.packages.least_squares import Row
from pipeline.verify.packages.trial import Trial

INNER: Mapping[str, tuple[Callable[[Mapping[str, Any], Trial], Iterator[Row]], str]] = {
    "ols": (least_squares.ordinary, "statsmodels OLS"),
    "group_ols": (least_squares.means, "statsmodels OLS of means"),
    "stratum_effects": (least_squares.by_stratum, "statsmodels OLS, contrast with HC2"),
    "discrete_hazard": (exits.hazard, "statsmodels GLM"),
}


def specifications(model: Mapping[str, Any], trial: Trial) -> Iterator[Row]:
    """The effect of each specification under its name, then the median of all and how many they are."""
    effects, outcome, named = list[float](), dict[str, Any](), trial.definitions.curve(model["name"])
    for name, own, parameter in named:
        route, called = INNER[own["estimator"]]
        for row in route({**own, "name": name}, trial):
            if row["parameter"] == parameter:
                outcome = outcome or {"outcome": row["outcome"], "week": row["week"]}
                if row["se"] == row["se"]:
                    effects.append(float(row["estimate"]))
                yield {"route": called, **row, "sample": name}
    whole = {**outcome, "sample": "curve", "route": "numpy median"}
    yield {**whole, "parameter": "median", "estimate": float(np.median(effects)) if effects else np.nan}
    yield {**whole, "parameter": "specifications", "estimate": float(len(named)), "route": "count"}
