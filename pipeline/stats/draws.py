"""P-values and intervals from draws of a studentised statistic, whose value under any hypothesis they know."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
# Statistics that differ by less than this share of them are ties: the same allocation gives them up to rounding.
TIE = 1e-9
# Of the bracket of a limit: from four errors outwards, then to 4e-10 of an error. Further than FARTHEST errors away
# what draws give differs from what was observed by no more than rounding, if at all.
DOUBLINGS, HALVINGS = 12, 36
FARTHEST = 4.0 * 2.0 ** (DOUBLINGS - 1)
STEPS, NEAR, SURE = 20, 0.05, 1e-11  # of an approach: how near its square a draw's is; how sure the limit is


@dataclass(frozen=True)
class Draws:
    """What B draws would have given for m outcomes, were the effect the estimate plus x: t = (a - x c) / sqrt(v(x)).

    v(x) = v0 - 2 x v1 + x^2 v2. numerators: a (m, B); slopes: c (B,); v0, v1: (m, B); v2: (B,). What a draw does not
    identify is missing, and counts as a statistic larger than any.
    """

    numerators: FloatArray
    slopes: FloatArray
    v0: FloatArray
    v1: FloatArray
    v2: FloatArray

    def statistics(self, shift: FloatArray) -> FloatArray:
        """|t| (m, B) under the hypotheses that the effects are the estimates plus `shift` (m,); infinite if missing."""
        x = shift[:, None]
        variance = self.v0 - 2.0 * x * self.v1 + x**2 * self.v2
        with np.errstate(divide="ignore", invalid="ignore"):
            values = np.abs(self.numerators - x * self.slopes) / np.sqrt(np.maximum(variance, 0.0))
        return np.where(np.isnan(values), np.inf, values)


def p_values(statistics: FloatArray, observed: FloatArray) -> FloatArray:
    """(b + 1) / (B + 1) (m,): b of the B draws have |t|, `statistics` (m, B), of at least the `observed` (m,).

    The observed allocation counts as a draw, so that the test is exact (Phipson and Smyth 2010). A missing observed
    statistic has a missing p-value.
    """
    reached = (statistics >= np.abs(observed)[:, None] * (1.0 - TIE)).sum(axis=1)
    return np.where(np.isnan(observed), np.nan, (reached + 1.0) / (statistics.shape[1] + 1.0))


def interval(draws: Draws, place: int, error: float, level: float) -> tuple[float, float]:
    """How far below and above the estimate of outcome `place` hypotheses are not rejected at 1 - `level`: (low, high).

    The statistic observed under the estimate plus x is |x| / `error`; a hypothesis is rejected if its p-value is
    1 - level or less. A limit is where as many draws are larger as may be: it is approached from one guess to the next
    and then looked at from both sides, or else found by halving a bracket. Infinite where no hypothesis is rejected,
    for too few draws or clusters.
    """
    one = (draws.numerators[place], draws.slopes, draws.v0[place], draws.v1[place], draws.v2)
    if not np.isfinite(error) or error <= 0.0:
        return np.nan, np.nan
    return -_limit(one, error, level, -1.0), _limit(one, error, level, 1.0)


def _limit(one: tuple[FloatArray, ...], error: float, level: float, sign: float) -> float:
    total = len(one[0])
    few = (1.0 - level) * (total + 1.0) * (1.0 + TIE) - 1.0  # so few draws reject: p <= 1 - level

    def reached(distance: float) -> int:
        """How many draws are at least the statistic observed at a distance."""
        a, c, v0, v1, v2 = one
        x = sign * distance
        variance = np.maximum(v0 - 2.0 * x * v1 + x**2 * v2, 0.0) * (distance / error) ** 2 * (1.0 - TIE) ** 2
        return total - int(np.count_nonzero((a - x * c) ** 2 < variance))

    near = _approach(one, error, int(np.floor(few)) + 1, sign)
    if 0.0 < near <= FARTHEST * error and reached(near * (1.0 - SURE)) > few >= reached(near * (1.0 + SURE)):
        return near
    low, high = 0.0, 4.0 * error
    for _ in range(DOUBLINGS):
        if reached(high) <= few:
            break
        low, high = high, 2.0 * high
    else:
        return np.inf
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if reached(middle) > few else (low, middle)
    return 0.5 * (low + high)


def _approach(one: tuple[FloatArray, ...], error: float, rank: int, sign: float) -> float:
    """The distance at which the observed statistic is that of the draws with this `rank` from above; 0 if not found.

    By secants of how far beyond it that statistic is; after two guesses it is looked for among the draws near it.
    """
    if not 0 < rank <= len(one[0]):
        return 0.0
    at = 2.0 * error
    beyond, _ = _beyond(one, error, rank, sign * at)
    guess = at + beyond
    for step in range(STEPS):
        before, missed, at = at, beyond, guess
        beyond, squares = _beyond(one, error, rank, sign * at)
        if not np.isfinite(beyond):
            return 0.0
        guess = at - beyond * (at - before) / (beyond - missed) if beyond != missed else at
        if abs(guess - at) <= 0.1 * SURE * abs(guess):
            return guess
        if step == 0:
            share = squares * (error / ((at + beyond) * (1.0 - TIE))) ** 2
            around = NEAR + 4.0 * abs(guess / at - 1.0)
            one, rank = _taken(one, np.abs(share - 1.0) <= around), rank - int((share > 1.0 + around).sum())
            if not 0 < rank <= len(one[0]):
                return 0.0
    return 0.0


def _beyond(active: tuple[FloatArray, ...], error: float, rank: int, x: float) -> tuple[float, FloatArray]:
    """How much further than |x| the draw of a `rank` has it, and the squared statistics of all."""
    a, c, v0, v1, v2 = active
    with np.errstate(divide="ignore", invalid="ignore"):
        squares = (a - x * c) ** 2 / np.maximum(v0 - 2.0 * x * v1 + x**2 * v2, 0.0)
    squares[np.isnan(squares)] = np.inf
    place = len(squares) - rank
    return float(np.sqrt(np.partition(squares, place)[place])) * error / (1.0 - TIE) - abs(x), squares


def _taken(active: tuple[FloatArray, ...], rows: npt.NDArray[np.bool_]) -> tuple[FloatArray, ...]:
    return tuple(part[rows] for part in active)
