"""Several tests at once: step-down p-values from joint draws, and bands that hold for a whole curve."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from pipeline.stats.draws import reaching
from pipeline.stats.lot import generator
from pipeline.stats.ols import FloatArray

# A cluster whose scores are all less than this share of an estimate's own has none: they are rounding noise.
NO_SCORE = 1e-9


def step_down(statistics: FloatArray, observed: FloatArray) -> FloatArray:
    """Step-down p-values (k,) of Westfall and Young (1993), from the |t| (k, B) of joint draws and those `observed`.

    The largest is set beside the largest of all in each draw, the next beside the largest of the rest, and no p-value
    is less than the one before. So the smallest is the p-value of the test that all are zero, by the largest |t|.
    """
    order = np.argsort(-np.abs(observed), kind="stable")
    rest = np.maximum.accumulate(statistics[order][::-1], axis=0)[::-1]
    reached = reaching(rest, observed[order, None]).sum(axis=1)
    found = np.empty(len(observed))
    found[order] = np.maximum.accumulate((reached + 1.0) / (statistics.shape[1] + 1.0))
    return found


def largest_of_curve(scores: FloatArray, degrees: float, draws: int, seed: int) -> FloatArray:
    """The largest |t| (draws,) of a curve of k estimates with `scores` (k, G) by cluster, if all are zero.

    Each cluster's scores are multiplied by one standard normal number and divided by their length, and all by one root
    of chi-squared over its `degrees` of freedom: a multivariate t whose correlations are those of the scores, of rank
    G - 1 at most, and of which one alone is t. (Montiel Olea and Plagborg-Moller 2019, sup-t.) An estimate without
    scores takes no part, nor does a cluster: one person alone with a dummy is fitted exactly, up to rounding, and the
    numbers that are drawn must not depend on that.
    """
    length = np.sqrt((scores**2).sum(axis=1, keepdims=True))
    standard = scores[length[:, 0] > 0] / length[length[:, 0] > 0]
    standard = standard[:, (np.abs(standard) > NO_SCORE).any(axis=0)]
    normal, scale = _normal(draws, standard.shape[1], degrees, seed)
    return np.asarray(np.abs(normal @ standard.T).max(axis=1, initial=0.0) / scale)


@lru_cache(maxsize=4)
def _normal(draws: int, clusters: int, degrees: float, seed: int) -> tuple[FloatArray, FloatArray]:
    """Normal numbers (draws, G) and what each draw is divided by (draws,), which families of one size share."""
    numbers = generator(seed, "bands", str(clusters))
    normal = numbers.standard_normal((draws, clusters))
    return normal, np.sqrt(numbers.chisquare(degrees, draws) / degrees)


def band_of(largest: FloatArray, level: float) -> float:
    """The quantile at `level` of the largest |t| of draws: half the width of a simultaneous band, in errors."""
    place = int(np.ceil(level * (len(largest) + 1))) - 1
    return float(np.sort(largest)[min(place, len(largest) - 1)])
