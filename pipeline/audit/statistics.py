"""From the statistic that is shown - an estimate, its error, a limit, a p-value, a count - to the sums that give it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pipeline.audit.build import Request
from pipeline.audit.evidence import RootOfSquares, Sum, locate_squares, locate_sum
from pipeline.errors import InputError
from pipeline.show.shown import COUNTS, value_of
from pipeline.stats.distributions import quantile, two_sided_p

Parts = dict[str, Sum | RootOfSquares]
NAMES = {
    "estimate": "estimate",
    "se": "standard error",
    "p_value": "p-value",
    "ci_low": "lower confidence limit",
    "ci_high": "upper confidence limit",
    "n": "number of observations",
    "n_treated": "number in the treated arm",
    "n_control": "number of controls",
    "n_clusters": "number of clusters",
    "control_mean": "mean of the control group",
    "relative": "estimate as a share of the mean of the control group",
    "at_risk": "number at risk",
    "x": "point of the grid",
}
# What adding up some ten thousand cells may be off by: of the number, or if that is nearly zero in its own unit.
RELATIVE_LIMIT, ABSOLUTE_LIMIT = 1e-9, 1e-12


@dataclass(frozen=True)
class Number:
    """A statistic of an estimate and the parts it follows from: value, as estimated; total, from the parts' cells."""

    statistic: str
    value: float
    formula: str
    parts: Parts
    total: float

    @property
    def gap(self) -> float:
        """The number less what its cells give."""
        return self.value - self.total

    @property
    def gap_limit(self) -> float:
        """How large the gap may be."""
        return max(RELATIVE_LIMIT * abs(self.value), ABSOLUTE_LIMIT)


def decompose_statistic(statistic: str, request: Request, estimate: Mapping[Any, Any], level: float) -> Number:
    """The parts of `statistic` of a row of estimates; InputError if there is no such number to give back."""
    value = value_of(estimate, statistic)
    if pd.isna(value):
        raise InputError(f"trace: no number stands here: {estimate['note'] or 'the estimate has no such statistic'}.")
    df = None if pd.isna(estimate["df"]) else float(estimate["df"])
    reference = "the normal distribution" if df is None else f"t with {df:g} degrees of freedom"
    if statistic in COUNTS:
        parts: Parts = {"count": _count(request, statistic)}
        formula, total = "a sum of ones", parts["count"].total
    elif statistic == "x":
        parts = {"setting": _count(request, statistic)}
        formula, total = "a setting", parts["setting"].total
    elif statistic == "estimate":
        parts = {"estimate": _estimate(request)}
        formula, total = "a sum", parts["estimate"].total
    elif statistic == "control_mean":
        parts = {"mean of the control group": _level(request)}
        formula, total = "a sum", parts["mean of the control group"].total
    elif statistic == "relative":
        parts = {"estimate": _estimate(request), "mean of the control group": _level(request)}
        effect, level = (part.total for part in parts.values())
        formula, total = "estimate / mean of the control group", effect / level
    elif statistic == "se":
        parts = {"standard error": _error(request)}
        formula, total = "the root of a sum of squares", parts["standard error"].total
    else:
        parts = {"estimate": _estimate(request), "standard error": _error(request)}
        effect, error = (part.total for part in parts.values())
        if statistic == "p_value":
            formula = f"the probability beyond |estimate / standard error| in both tails of {reference}"
            total = float(two_sided_p(np.array(effect / error), df))
        else:
            sign, critical = ("-", -1) if statistic == "ci_low" else ("+", 1), quantile(0.5 + level / 2.0, df)
            formula = f"estimate {sign[0]} {critical:.9g} x standard error, the {level:.0%} limit of {reference}"
            total = effect + sign[1] * critical * error
    return Number(statistic, float(value), formula, parts, total)


def _estimate(request: Request) -> Sum:
    return locate_sum(request.estimator.terms(request.problem, request.address), request.tables)


def _level(request: Request) -> Sum:
    """The mean of the controls among whom the effect is estimated."""
    if request.estimator.level is None:
        raise InputError(
            f"trace: the estimator '{request.model.estimator}' does not say what its control mean is the sum of."
        )
    return locate_sum(request.estimator.level(request.problem, request.address), request.tables)


def _count(request: Request, statistic: str) -> Sum:
    return locate_sum(request.estimator.counted(request.problem, request.address, statistic), request.tables)


def _error(request: Request) -> RootOfSquares:
    if request.estimator.squares is None:
        raise InputError(
            f"trace: the estimator '{request.model.estimator}' does not say of what squares its standard error is the "
            "root. Show its estimate only."
        )
    return locate_squares(request.estimator.squares(request.problem, request.address), request.tables)
