"""A curve of specifications: each by the package that has its estimator, and the numbers of the whole curve of these.

The p-values of a whole curve are those of thousands of draws of the lot for each specification: they are made again of
the curve of fewest specifications that are all least squares on persons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from pipeline.verify.packages import exits, least_squares
from pipeline.verify.packages.definitions import full_curve, reported_of
from pipeline.verify.packages.least_squares import Row
from pipeline.verify.packages.redrawn_curves import p_values
from pipeline.verify.packages.trial import Trial

INNER: Mapping[str, tuple[Callable[[Mapping[str, Any], Trial], Iterator[Row]], str]] = {
    "ols": (least_squares.ordinary, "statsmodels OLS"),
    "group_ols": (least_squares.means, "statsmodels OLS of means"),
    "stratum_effects": (least_squares.by_stratum, "statsmodels OLS, contrast with HC2"),
    "discrete_hazard": (exits.hazard, "statsmodels GLM"),
}


def specifications(model: Mapping[str, Any], trial: Trial) -> Iterator[Row]:
    """The effect of each specification under its name, then the median of all and how many they are."""
    found, named = list[Row](), trial.definitions.curve(model["name"])
    for name, own, parameter in named:
        route, called = INNER[own["estimator"]]
        for row in route({**own, "name": name}, trial):
            if row["parameter"] == parameter:
                found.append({"route": called, **row, "sample": name})
    yield from found
    reported = ".".join(reported_of(full_curve(trial.definitions.models, model["name"])).values())
    own = next(own for name, own, _ in named if name == reported)
    week = trial.definitions.horizon if own["weeks"] == "last" else None
    known = {row["sample"] for row in found if row["se"] == row["se"]}
    drawn = dict[str, float]()
    if model["name"] == trial.definitions.redrawn_curve and known:
        drawn = p_values([each for each in named if each[0] in known], trial)
    yield from _whole(found, (own["outcomes"][0], week), len(named), drawn, trial)


def _whole(
    found: list[Row], label: tuple[str, int | None], number: int, drawn: Mapping[str, float], trial: Trial
) -> Iterator[Row]:
    """The numbers of the whole curve, of the outcome and week reported, with the p-values `drawn` of some curve.

    gives: the statistics that are made again.
    """
    whole = {"outcome": label[0], "week": label[1], "sample": "curve", "route": "numpy"}
    known = [row for row in found if row["se"] == row["se"]]
    effects = np.array([row["estimate"] for row in known])
    t = np.array([row["estimate"] / row["se"] for row in known])
    is_beyond = np.array([row["p_value"] < 1 - trial.definitions.level for row in known])
    is_score = any(row["parameter"] == "treated_clustered" or row.get("df") is None for row in known)
    numbers = {
        "median": np.median(effects) if known else np.nan,
        "significant": max((is_beyond & (t > 0)).mean(), (is_beyond & (t < 0)).mean()) if known else np.nan,
        "largest": np.abs(t).max() if known else np.nan,
        "specifications": float(number),
    }
    for name, value in numbers.items():
        is_told = not (is_score and name in ("significant", "largest"))  # a hazard is tested by its score
        given = "estimate p_value" if name in drawn else "estimate" if is_told else "nothing"
        yield {**whole, "parameter": name, "estimate": value, "p_value": drawn.get(name), "gives": given}
