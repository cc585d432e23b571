"""Means and balance coefficients as exact weights on persons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from operator import mul

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


def adjusted_weights(
    columns: Sequence[Sequence[Fraction]], cell: Sequence[str], members: Sequence[bool]
) -> list[Fraction]:
    """Weights (n,) whose product with a variable is its least-squares coefficient on the first of `columns`.

    The regression has the columns and a dummy for each cell; it runs over `members`. By Frisch-Waugh-Lovell the columns
    are taken as deviations from their cell means; what is left is solved in rational numbers. ZeroDivisionError if the
    columns are collinear.
    """
    inside = [i for i, member in enumerate(members) if member]
    groups: dict[str, list[int]] = {}
    for position, i in enumerate(inside):
        groups.setdefault(cell[i], []).append(position)
    centred = [[column[i] for i in inside] for column in columns]
    for column in centred:
        for positions in groups.values():
            mean = sum((column[k] for k in positions), Fraction(0)) / len(positions)
            for k in positions:
                column[k] -= mean
    moments = [[sum(map(mul, one, other), Fraction(0)) for other in centred] for one in centred]
    share = _solve(moments, [Fraction(int(k == 0)) for k in range(len(columns))])
    weights = [Fraction(0)] * len(members)
    for position, i in enumerate(inside):
        weights[i] = sum(map(mul, share, (column[position] for column in centred)), Fraction(0))
    return weights


def _solve(matrix: list[list[Fraction]], right: list[Fraction]) -> list[Fraction]:
    """Solution of a symmetric positive definite system, by elimination."""
    size = len(right)
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for k in range(size):
        rows[k] = [value / rows[k][k] for value in rows[k]]
        for other in range(size):
            if other != k:
                factor = rows[other][k]
                rows[other] = [value - factor * own for value, own in zip(rows[other], rows[k], strict=True)]
    return [row[-1] for row in rows]


def fixed_point(values: Sequence[Fraction], half_width: Fraction) -> Integers:
    """Rational numbers as multiples of `half_width` in units of 1/ONE, rounded to integers (n,)."""
    scale = ONE / half_width
    return np.array([round(value * scale) for value in values], dtype=np.int64)
