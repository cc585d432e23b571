"""Means and balance coefficients as exact weights on persons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
ONE = 1 << 20  # a fixed-point unit: one half-width of a target's interval


def mean_weights(members: Sequence[bool]) -> list[Fraction]:
    """Weights (n,) whose product with a variable is its mean over `members`."""
    share = Fraction(1, sum(bool(member) for member in members))
    return [share if member else Fraction(0) for member in members]


def coefficient_weights(treated: Sequence[int], municipality: Sequence[str], members: Sequence[bool]) -> list[Fraction]:
    """Weights (n,) whose product with a variable is the least-squares coefficient on treatment.

    Source: report section 2.7. The regression has a dummy for each municipality, so by Frisch-Waugh-Lovell the weight
    of a person is the deviation of treatment from its mean in the municipality over the sum of squared deviations.
    A municipality with one arm among `members` gets weight zero.
    """
    count: Counter[str] = Counter()
    count_treated: Counter[str] = Counter()
    for arm, place, member in zip(treated, municipality, members, strict=True):
        if member:
            count[place] += 1
            count_treated[place] += int(arm)
    share = {place: Fraction(count_treated[place], count[place]) for place in count}
    total = sum((count[place] * share[place] * (1 - share[place]) for place in count), Fraction(0))
    return [
        (int(arm) - share[place]) / total if member else Fraction(0)
        for arm, place, member in zip(treated, municipality, members, strict=True)
    ]


def fixed_point(values: Sequence[Fraction], half_width: Fraction) -> Integers:
    """Rational numbers as multiples of `half_width` in units of 1/ONE, rounded to integers (n,)."""
    scale = ONE / half_width
    return np.array([round(value * scale) for value in values], dtype=np.int64)
