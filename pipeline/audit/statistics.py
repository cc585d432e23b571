"""From the statistic that is shown - an estimate, its error, a limit, a p-value, a count - to the sums that give it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from pipeline.audit.build import Request
from pipeline.audit.evidence import RootOfSquares, Sum, locate_squares, locate_sum
from pipeline.audit.located import Tables
from pipeline.audit.resampled import RESAMPLED, formula_of
from pipeline.errors import InputError
from pipeline.estimate.problem import Estimator
from pipeline.estimate.table import Address
from pipeline.estimate.terms import Squares, Terms
from pipeline.show.shown import COUNTS, note_of, value_of
from pipeline.stats.bounds import imbens_manski
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
    "df": "degrees of freedom",
    "control_mean": "mean of the control group",
    "relative": "estimate as a share of the mean of the control group",
    "at_risk": "number at risk",
    "x": "point of the grid",
    "ri_p": "p-value by the lot drawn again",
    "ri_low": "lower limit by the lot drawn again",
    "ri_high": "upper limit by the lot drawn again",
    "wild_p": "p-value of the wild cluster bootstrap",
    "wild_low": "lower limit of the wild cluster bootstrap",
    "wild_high": "upper limit of the wild cluster bootstrap",
    "jackknife_se": "jackknife standard error",
    "jackknife_p": "p-value of the jackknife",
    "jackknife_low": "lower limit of the jackknife",
    "jackknife_high": "upper limit of the jackknife",
    "cr2_se": "CR2 standard error",
    "cr2_df": "degrees of freedom of CR2",
    "cr2_p": "p-value of CR2",
    "cr2_low": "lower limit of CR2",
    "cr2_high": "upper limit of CR2",
    "without_low": "smallest estimate without one cluster",
    "without_high": "largest estimate without one cluster",
    "stepdown_p": "step-down p-value in the family",
    "joint_p": "p-value of the whole family being nothing",
    "band_p": "p-value of the whole family by the band",
    "band_low": "lower limit of the simultaneous band",
    "band_high": "upper limit of the simultaneous band",
    "family_size": "number of tests in the family",
}
ERROR = "standard error"  # the part of a statistic that is the root of a sum of squares
LEVEL = "mean of the control group"  # the part that is the mean of those among whom an effect is estimated
OTHER, OTHER_ERROR = "other bound", "standard error of the other bound"  # parts of the interval of two bounds
LIMITS = ("ci_low", "ci_high")
FORMULAS = {"x": "a setting", "estimate": "a sum", "se": "the root of a sum of squares"}
# What adding up some ten thousand cells may be off by: of the number, or if that is nearly zero in its own unit.
RELATIVE_LIMIT, ABSOLUTE_LIMIT = 1e-9, 1e-12


@dataclass(frozen=True)
class Number:
    """A statistic of an estimate and the parts it follows from: value, as estimated; total, from the parts' cells.

    lines: what a statistic of resampling is made of beside them, a name and a text each.
    """

    statistic: str
    value: float
    formula: str
    parts: Parts
    total: float
    lines: Sequence[tuple[str, str]] = ()

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
    value = require_value(statistic, estimate)
    names = part_names(statistic, has_pair(request.estimator, request.address))
    parts = {name: _locate(sums_of(name, request, statistic), request.tables) for name in names}
    if statistic in RESAMPLED:
        total, lines = request.resampling.value(statistic, request), request.resampling.lines(statistic, request)
        return Number(statistic, value, formula_of(statistic), parts, total, lines)
    formula, total = combine(statistic, [part.total for part in parts.values()], estimate["df"], level)
    return Number(statistic, value, formula, parts, total)


def require_value(statistic: str, estimate: Mapping[Any, Any]) -> float:
    """The number as estimated; InputError with the reason where none stands."""
    value = value_of(estimate, statistic)
    if pd.isna(value):
        why = note_of(estimate, statistic) or "the estimate has no such statistic"
        raise InputError(f"trace: no number stands here: {why}.")
    if statistic == "df" and value != estimate["n_clusters"] - 1:
        raise InputError("trace: these degrees of freedom are persons less coefficients, no sum over cells. Trace n.")
    return float(value)


def has_pair(estimator: Estimator, address: Address) -> bool:
    """Whether the interval of an estimate is that of a pair of bounds."""
    return estimator.pair is not None and estimator.pair(address) is not None


def part_names(statistic: str, is_paired: bool = False) -> tuple[str, ...]:
    """What a statistic is made of: a count, a setting, the estimate, its standard error, or both of these.

    A limit of a pair of bounds is made of both bounds and both their errors.
    """
    if statistic in (*COUNTS, "df"):
        return ("count",)
    if is_paired and statistic in LIMITS:
        return ("estimate", ERROR, OTHER, OTHER_ERROR)
    own = {"x": ("setting",), "estimate": ("estimate",), "se": (ERROR,), "control_mean": (LEVEL,)}
    return {**own, "relative": ("estimate", LEVEL)}.get(statistic, ("estimate", ERROR))


def sums_of(part: str, request: Request, statistic: str) -> Terms | Squares:
    """A part of a statistic as the sum, or the root of a sum of squares, that it is; InputError if nobody knows it."""
    if part in (OTHER, OTHER_ERROR):
        assert request.estimator.pair is not None, "only of a pair of bounds there is another"
        other = request.estimator.pair(request.address)
        assert other is not None, "only of a pair of bounds there is another"
        own = {OTHER: "estimate", OTHER_ERROR: ERROR}[part]
        return sums_of(own, replace(request, address=other), statistic)
    if part == "estimate":
        return request.estimator.terms(request.problem, request.address)
    if part == LEVEL:
        if request.estimator.level is None:
            raise InputError(
                f"trace: the estimator '{request.model.estimator}' does not say what its control mean is the sum of."
            )
        return request.estimator.level(request.problem, request.address)
    if part != ERROR:
        counted = "n_clusters" if statistic == "df" else statistic
        return request.estimator.counted(request.problem, request.address, counted)
    if request.estimator.squares is None:
        raise InputError(
            f"trace: the estimator '{request.model.estimator}' does not say of what squares its standard error is the "
            "root. Show its estimate only."
        )
    return request.estimator.squares(request.problem, request.address)


def combine(statistic: str, totals: Sequence[float], df: Any, level: float) -> tuple[str, float]:
    """The formula of a statistic in words, and the number that the totals of its parts make."""
    if statistic == "df":
        return "the number of clusters less one", totals[0] - 1.0
    if len(totals) == 1:
        return FORMULAS.get(statistic, "a sum of ones"), totals[0]
    if len(totals) > 2:
        return _combine_pair(statistic, totals, float(df), level)
    effect, error = totals
    if statistic == "relative":
        return f"estimate / {LEVEL}", effect / error
    freedom = None if pd.isna(df) else float(df)
    reference = "the normal distribution" if freedom is None else f"t with {freedom:g} degrees of freedom"
    if statistic == "p_value":
        formula = f"the probability beyond |estimate / standard error| in both tails of {reference}"
        return formula, float(two_sided_p(np.array(effect / error), freedom))
    sign, critical = ("-", -1) if statistic == "ci_low" else ("+", 1), quantile(0.5 + level / 2.0, freedom)
    formula = f"estimate {sign[0]} {critical:.9g} x standard error, the {level:.0%} limit of {reference}"
    return formula, effect + sign[1] * critical * error


def _combine_pair(statistic: str, totals: Sequence[float], df: float, level: float) -> tuple[str, float]:
    """A limit of the interval of two bounds, the own and the other, each with its error."""
    (low, low_error), (high, high_error) = sorted([(totals[0], totals[1]), (totals[2], totals[3])])
    limits = imbens_manski(low, low_error, high, high_error, df, level)
    sign, which = ("-", "lower") if statistic == "ci_low" else ("+", "upper")
    formula = (
        f"{which} bound {sign} c x its standard error, c such that F(c + (upper - lower) / largest standard error) - "
        f"F(-c) = {level:g}, F that of t with {df:g} degrees of freedom (Imbens and Manski 2004)"
    )
    return formula, float(limits[LIMITS.index(statistic)])


def _locate(sums: Terms | Squares, tables: Tables) -> Sum | RootOfSquares:
    return locate_sum(sums, tables) if isinstance(sums, Terms) else locate_squares(sums, tables)
