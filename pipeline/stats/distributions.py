"""P-values and intervals from the t and the normal distribution, without the slow import of scipy.stats."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Inference:
    """Two-sided p-value of zero and the limits of the interval, each of the shape of the estimates."""

    p_values: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray


def quantile(probability: float, df: float | None) -> float:
    """The quantile of the t distribution with `df` degrees of freedom; of the standard normal if `df` is None."""
    value = special.ndtri(probability) if df is None else special.stdtrit(df, probability)
    return float(value)


def two_sided_p(statistics: npt.ArrayLike, df: float | None) -> FloatArray:
    """P(|reference| >= |statistic|) under t(`df`), or under the standard normal if `df` is None."""
    lower_tail = -np.abs(np.asarray(statistics, dtype=float))
    tail = special.ndtr(lower_tail) if df is None else special.stdtr(df, lower_tail)
    return np.asarray(2.0 * tail, dtype=float)


def infer(estimates: npt.ArrayLike, standard_errors: npt.ArrayLike, df: float | None, level: float) -> Inference:
    """Test each estimate against zero and give its symmetric interval at `level` (0.95 for 95 per cent).

    A missing standard error gives a missing p-value and interval, and of no effect without error there is no p-value.
    ValueError if `level` is not inside (0, 1).
    """
    if not 0.0 < level < 1.0:
        raise ValueError(f"the level of an interval lies between 0 and 1, not {level}")
    values, errors = np.asarray(estimates, dtype=float), np.asarray(standard_errors, dtype=float)
    half_width = quantile(0.5 + level / 2.0, df) * errors
    with np.errstate(divide="ignore", invalid="ignore"):
        statistics = values / errors
    return Inference(two_sided_p(statistics, df), values - half_width, values + half_width)
