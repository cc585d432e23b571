"""From the statistic that is shown - an estimate, its error, a limit, a p-value, a count - to the sums that give it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pipeline.audit.build import Request
from pipeline.audit.counts import count_persons
from pipeline.audit.decompose import decompose, grid_point
from pipeline.audit.standard_errors import decompose_error
from pipeline.audit.sums import Parts, Sum
from pipeline.errors import InputError
from pipeline.show.cells import COUNTS, SOURCES
from pipeline.stats.distributions import quantile, two_sided_p

NAMES = {
    "estimate": "estimate",
    "se": "standard error",
    "p_value": "p-value",
    "ci_low": "lower confidence limit",
    "ci_high": "upper confidence limit",
    "n": "number of observations",
    "n_treated": "number in LTJS",
    "n_control": "number of controls",
    "n_clusters": "number of teams",
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
    value = estimate[SOURCES.get(statistic, statistic)]
    if pd.isna(value):
        raise InputError(f"trace: no number stands here: {estimate['note'] or 'the estimate has no such statistic'}.")
    df = None if pd.isna(estimate["df"]) else float(estimate["df"])
    reference = "the normal distribution" if df is None else f"t with {df:g} degrees of freedom"
    if statistic in COUNTS:
        parts: Parts = {"count": count_persons(request, statistic)}
        formula, total = "a sum of ones", parts["count"].total
    elif statistic == "x":
        parts = {"setting": _grid(request)}
        formula, total = "a setting", parts["setting"].total
    elif statistic == "estimate":
        parts = {"estimate": decompose(request)}
        formula, total = "a sum", parts["estimate"].total
    elif statistic == "se":
        parts = {"standard error": decompose_error(request)}
        formula, total = "the root of a sum of squares", parts["standard error"].total
    else:
        parts = {"estimate": decompose(request), "standard error": decompose_error(request)}
        effect, error = (part.total for part in parts.values())
        if statistic == "p_value":
            formula = f"the probability beyond |estimate / standard error| in both tails of {reference}"
            total = float(two_sided_p(np.array(effect / error), df))
        else:
            sign, critical = ("-", -1) if statistic == "ci_low" else ("+", 1), quantile(0.5 + level / 2.0, df)
            formula = f"estimate {sign[0]} {critical:.9g} x standard error, the {level:.0%} limit of {reference}"
            total = effect + sign[1] * critical * error
    return Number(statistic, float(value), formula, parts, total)


def _grid(request: Request) -> Sum:
    none = pd.DataFrame({"person": [], "weight": [], "outcome": []}, dtype=float)
    cells = pd.DataFrame({"file": [], "contribution": []})
    return Sum(
        "x = first + number x step of the grid in models.toml: a setting, so no cell of the received files",
        none,
        cells,
        constant=grid_point(request),
    )
