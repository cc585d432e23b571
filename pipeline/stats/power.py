"""Power of a two-sided test, and the smallest effect that it finds with a given chance.

The statistic is an estimate over its standard error. Where its reference is t with df degrees of freedom it is, under
an effect of d standard errors, noncentral t with noncentrality d (Lehmann and Romano 2005, section 5.2); where the
reference is normal, normal about d. Both tails count, so the power of no effect is the level of the test.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import special

from pipeline.stats.distributions import quantile

FloatArray = npt.NDArray[np.float64]
STEPS = 200  # halvings, of which some 50 reach the last digit


@dataclass(frozen=True)
class TwoSided:
    """A two-sided test at the level `size` (0.05 for 5 per cent); df: of its t reference, None of the normal."""

    size: float
    df: float | None

    def __post_init__(self) -> None:
        if not 0.0 < self.size < 1.0:
            raise ValueError(f"the level of a test lies between 0 and 1, not {self.size}")

    @property
    def critical(self) -> float:
        """What the statistic must exceed in absolute value."""
        return quantile(1.0 - self.size / 2.0, self.df)


def power(distance: npt.ArrayLike, test: TwoSided) -> FloatArray:
    """The chance that an effect of `distance` standard errors is found, either sign, of the shape of `distance`."""
    d, c = np.abs(np.asarray(distance, dtype=float)), test.critical
    if test.df is None:
        return np.asarray(special.ndtr(d - c) + special.ndtr(-d - c), dtype=float)
    below, missed = (_noncentral(test.df, d, limit) for limit in (-c, c))
    return np.asarray(below + 1.0 - missed, dtype=float)


def _noncentral(df: float, shift: FloatArray, limit: float) -> FloatArray:
    """The noncentral t distribution function at `limit`; scipy does not know probabilities far below rounding: zero."""
    found = special.nctdtr(df, shift, limit)
    return np.where(np.isnan(found) & np.isfinite(shift), 0.0, found)


@lru_cache(maxsize=256)
def distance(chance: float, test: TwoSided) -> float:
    """How many standard errors an effect must have to be found with a `chance`; ValueError unless size < chance < 1.

    The sum of quantiles t(1 - size/2) + t(chance) that textbooks give is its approximation.
    """
    if not test.size < chance < 1.0:
        raise ValueError(f"a chance lies between the level of the test, {test.size}, and 1, not {chance}")
    return bisect(lambda d: float(power(d, test)) - chance, 0.0, 2.0 * (test.critical + abs(quantile(chance, test.df))))


def bisect(rising: Callable[[float], float], low: float, high: float) -> float:
    """Where a rising function is zero between `low` and `high`; ValueError if it is not between them."""
    if rising(low) > 0.0 or rising(high) < 0.0:
        raise ValueError(f"the function has no zero between {low} and {high}")
    for _ in range(STEPS):
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        low, high = (middle, high) if rising(middle) < 0.0 else (low, middle)
    return 0.5 * (low + high)


@dataclass(frozen=True)
class Plan:
    """A trial planned to compare the shares of two arms: persons in each.

    together: what sitting in one course multiplies the variance of the treated arm's share by; nobody else sits in one.
    """

    n_treated: float
    n_control: float
    together: float = 1.0

    def error(self, treated: float, control: float) -> float:
        """The standard error of the difference of two shares."""
        spread = self.together * treated * (1.0 - treated) / self.n_treated
        return float(np.sqrt(spread + control * (1.0 - control) / self.n_control))

    def power(self, base: float, ratio: float, test: TwoSided) -> float:
        """The chance that a relative risk is found where the share of the control arm is `base`.

        ValueError unless both shares lie between 0 and 1.
        """
        if not (0.0 < base < 1.0 and 0.0 < base * ratio < 1.0):
            raise ValueError(f"the shares {base} and {base * ratio} do not lie between 0 and 1")
        return float(power((base * ratio - base) / self.error(base * ratio, base), test))

    def ratio(self, base: float, chance: float, test: TwoSided) -> float:
        """The smallest relative risk above 1 that is found with a `chance`; NaN if no share below 1 is large enough."""
        highest = (1.0 - 1e-9) / base
        if self.power(base, highest, test) < chance:
            return float("nan")
        return bisect(lambda ratio: self.power(base, ratio, test) - chance, 1.0, highest)

    def base(self, ratio: float, chance: float, test: TwoSided) -> float:
        """The smallest share of the control arm at which a relative risk above 1 is found with a `chance`."""
        return bisect(lambda base: self.power(base, ratio, test) - chance, 1e-6, (1.0 - 1e-9) / ratio)


def cluster_effect(size: float, correlation: float) -> float:
    """What clusters of `size` persons with a `correlation` multiply the variance of a mean by (Kish 1965)."""
    return 1.0 + (size - 1.0) * correlation
