"""Kaplan-Meier survival in discrete weeks, with Greenwood's variance and log-log intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.stats.distributions import quantile
from pipeline.stats.person_weeks import require_spells

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class SurvivalCurve:
    """Survival in the weeks 0..horizon; every array is (horizon + 1,).

    at_risk counts those who have not left before the week, events those who leave in it. survival is missing once
    nobody is at risk, unless everybody has left (survival 0); its standard error and its limits are missing wherever
    it is missing or 0, for the variance is not defined there.
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

    The product of (r - d) / r over the weeks, with r at risk and d exits (Kaplan and Meier 1958). A spell is at risk
    in the week of its own exit or censoring. The standard error is Greenwood's S * sqrt(sum d / (r (r - d))); the
    limits are S^exp(+-z se / (S |log S|)), the log-log interval of Kalbfleisch and Prentice (2002, section 1.4).
    Figures 3.1 and 3.4 of the report. ValueError for a spell outside 1..horizon.
    """
    duration, event = require_spells(weeks, horizon), np.asarray(exited, dtype=bool)
    at_risk = len(duration) - np.searchsorted(np.sort(duration), np.arange(horizon + 1), side="left")
    events = np.bincount(duration[event], minlength=horizon + 1)
    left = at_risk - events
    survival = np.cumprod(np.divide(left, at_risk, out=np.ones(horizon + 1), where=at_risk > 0))
    survival[(at_risk == 0) & (survival > 0.0)] = np.nan
    defined = survival > 0.0
    terms = np.divide(events, at_risk * left, out=np.zeros(horizon + 1), where=left > 0)
    root = np.where(defined, np.sqrt(np.cumsum(terms)), np.nan)
    # Before the first exit S is 1 and its error 0: the limits are 1 as well.
    log_survival = np.log(survival, out=np.full(horizon + 1, np.nan), where=defined)
    z = quantile(0.5 + level / 2.0, None)
    width = np.divide(z * root, -log_survival, out=np.where(defined, 0.0, np.nan), where=log_survival < 0.0)
    low, high = survival ** np.exp(width), survival ** np.exp(-width)
    return SurvivalCurve(np.arange(horizon + 1), survival, survival * root, low, high, at_risk, events)
