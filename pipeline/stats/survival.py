"""Kaplan-Meier survival in discrete weeks, with Greenwood's variance and log-log intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.stats.person_weeks import require_spells

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class SurvivalCurve:
    """Survival in the weeks 0..horizon; every array is (horizon + 1,).

    at_risk counts those who have not left before the week, events those who leave in it. survival, its standard error
    and its limits are missing once nobody is at risk, unless everybody has left (survival 0).
    """

    weeks: IntArray
    survival: FloatArray
    standard_errors: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    at_risk: IntArray
    events: IntArray


def kaplan_meier(weeks: npt.ArrayLike, exited: npt.ArrayLike, horizon: int, level: float) -> SurvivalCurve:
    """Survival of spells that last `weeks` (n,), 1..horizon, of which `exited` (n,) end in an exit and not a censoring.

    A spell is at risk in the week of its own exit or censoring. The standard error is Greenwood's
    S * sqrt(sum d / (r (r - d))); the limits are S^exp(+-z se / (S |log S|)), the log-log interval of Kalbfleisch and
    Prentice (2002, section 1.4). Figures 3.1 and 3.4 of the report. ValueError for a spell outside 1..horizon.
    """
    from lifelines import KaplanMeierFitter

    duration, event = require_spells(weeks, horizon), np.asarray(exited, dtype=bool)
    fitter = KaplanMeierFitter().fit(duration, event, timeline=np.arange(horizon + 1), alpha=1.0 - level)
    survival = fitter.survival_function_.to_numpy()[:, 0]
    limits = fitter.confidence_interval_.to_numpy()
    at_risk = len(duration) - np.searchsorted(np.sort(duration), np.arange(horizon + 1), side="left")
    events = np.bincount(duration[event], minlength=horizon + 1)
    errors = _greenwood(survival, at_risk, events)
    known = (at_risk > 0) | (survival == 0.0)
    columns = np.column_stack([survival, errors, limits])
    columns[~known] = np.nan
    survival, errors, low, high = columns.T
    return SurvivalCurve(np.arange(horizon + 1), survival, errors, low, high, at_risk, events)


def _greenwood(survival: FloatArray, at_risk: IntArray, events: IntArray) -> FloatArray:
    """Standard errors (horizon + 1,); missing where everybody has left, for the variance is not defined there."""
    left = at_risk - events
    terms = np.divide(events, at_risk * left, out=np.zeros(len(events)), where=(events > 0) & (left > 0))
    return np.where(survival > 0.0, survival * np.sqrt(np.cumsum(terms)), np.nan)
