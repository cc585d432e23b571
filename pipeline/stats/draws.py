"""P-values and intervals from draws of a studentised statistic, whose value under any hypothesis they know."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
# Statistics that differ by less than this, or this share of them, are ties: one allocation gives them up to rounding.
TIE = 1e-9
# A variance that is less than this share of those of all draws is rounding noise: nothing is left that varies.
NOTHING = 1e-12
# Further than this many errors away what draws give differs from what was observed by no more than rounding, if at all.
FARTHEST = 8192.0
STEPS, NEAR, SURE = 20, 0.05, 1e-11  # of an approach: how near its square a draw's is; how sure the limit is
NARROW = 1e-6  # of the distance: a stretch of hypotheses that is narrower rests on rounding
ROUGH = 1e-3  # of the distance, the most that bounds take from a root
NEAREST = 0.75  # of a normal limit: one that is further is told by the few draws that reach so far
# By column what (1 - z)^(4 - k) z^k is in powers of z, which are the rows.
IN_BOUNDS = np.array([[(-1) ** (j - k) * comb(4 - k, j - k) if j >= k else 0 for k in range(5)] for j in range(5)])


@dataclass(frozen=True)
class Draws:
    """What B draws would have given for m outcomes, were the effect the estimate plus x: t = (a - x c) / sqrt(v(x)).

    v(x) = v0 - 2 x v1 + x^2 v2. numerators: a (m, B); slopes: c (B,); v0, v1: (m, B); v2: (B,). What a draw does not
    identify is missing, and counts as a statistic larger than any; so does one in which nothing is left that varies.
    """

    numerators: FloatArray
    slopes: FloatArray
    v0: FloatArray
    v1: FloatArray
    v2: FloatArray

    def statistics(self, shift: FloatArray) -> FloatArray:
        """|t| (m, B) under the hypotheses that the effects are the estimates plus `shift` (m,); infinite if missing."""
        x = shift[:, None]
        size = self.v0 + x**2 * self.v2
        values = np.abs(self.numerators - x * self.slopes) / np.sqrt(varying(size - 2.0 * x * self.v1, size))
        return np.where(np.isnan(values), np.inf, values)


def varying(variances: FloatArray, sizes: FloatArray) -> FloatArray:
    """The variances (m, B) of draws, missing where they are rounding noise beside the `sizes` (m, B) of all draws."""
    known = np.isfinite(sizes)
    mean = np.where(known, sizes, 0.0).sum(axis=-1, keepdims=True) / np.maximum(known.sum(axis=-1, keepdims=True), 1)
    return np.where(variances > NOTHING * mean, variances, np.nan)


def reaching(statistics: FloatArray, observed: FloatArray) -> npt.NDArray[np.bool_]:
    """Which |t| are at least the `observed`, which has their shape or is broadcast to it; a missing one is."""
    size = np.abs(observed)
    return np.asarray(~(statistics < size - TIE * np.maximum(size, 1.0)))


def p_values(statistics: FloatArray, observed: FloatArray) -> FloatArray:
    """(b + 1) / (B + 1) (m,): b of the B draws have |t|, `statistics` (m, B), of at least the `observed` (m,).

    The observed allocation counts as a draw, so that the test is exact (Phipson and Smyth 2010). A missing observed
    statistic has a missing p-value.
    """
    reached = reaching(statistics, observed[:, None]).sum(axis=1)
    return np.where(np.isnan(observed), np.nan, (reached + 1.0) / (statistics.shape[1] + 1.0))


def interval(draws: Draws, place: int, error: float, level: float) -> tuple[float, float]:
    """How far below and above the estimate of outcome `place` hypotheses are not rejected at 1 - `level`: (low, high).

    The statistic observed under the estimate plus x is |x| / `error`; a hypothesis is rejected if its p-value is
    1 - level or less. With few clusters those that are not rejected may be several stretches: the limits are the ends
    of the outermost, so that all of them lie within. A limit is approached from one guess to the next and looked at
    from both sides; where that does not tell, all crossings are found. Infinite where no hypothesis is rejected.
    """
    if not np.isfinite(error) or error <= 0.0:
        return np.nan, np.nan
    kept = (1.0 - TIE) ** 2
    low, high = (
        _limit(
            _Scaled(
                draws.numerators[place],
                sign * error * draws.slopes,
                kept * draws.v0[place],
                kept * sign * error * draws.v1[place],
                kept * error**2 * draws.v2,
            ),
            level,
        )
        for sign in (-1.0, 1.0)
    )
    return -low * error, high * error


class _Scaled(NamedTuple):
    """Draws of one outcome by the distance u of a hypothesis on one side, in errors, at which |t| is observed as u.

    A draw reaches it if (a - u c)^2 is at least u^2 (v0 - 2 u v1 + u^2 v2), with its variance less the share of ties.
    All (B,).
    """

    a: FloatArray
    c: FloatArray
    v0: FloatArray
    v1: FloatArray
    v2: FloatArray

    def variance(self, u: float) -> FloatArray:
        """Of each draw, without what rounding takes below nothing."""
        return np.maximum(self.v0 - 2.0 * u * self.v1 + u**2 * self.v2, 0.0)

    def reached(self, u: float) -> int:
        """How many draws reach what is observed at a distance; what a draw does not give does."""
        return len(self.a) - int(np.count_nonzero((self.a - u * self.c) ** 2 < u**2 * self.variance(u)))

    def may_reach(self, u: float) -> npt.NDArray[np.bool_]:
        """Which draws (B,) do at a distance, or might further away.

        One does not if what it has less only grows: in y = distance - u that is a sum of b_k y^k whose b_0 and b_1 are
        not above nothing, nor is b_2 + b_3 y + b_4 y^2, with b_4 = -v2.
        """
        slope, off = 2.0 * (u * self.v2 - self.v1), self.a - u * self.c
        variance = self.v0 + 0.5 * u * (slope - 2.0 * self.v1)
        b2 = self.c**2 - variance - u * (2.0 * slope + u * self.v2)
        b3 = -slope - 2.0 * u * self.v2
        falls = (b2 <= 0.0) & ((b3 <= 0.0) | (b3**2 <= -4.0 * b2 * self.v2))
        falls &= -2.0 * off * self.c <= u * (2.0 * variance + u * slope)
        return ~(falls & (off**2 < u**2 * variance))

    def take(self, rows: npt.NDArray[np.bool_]) -> _Scaled:
        """Some of the draws."""
        places = np.flatnonzero(rows)
        return _Scaled(*(part[places] for part in self))


def _limit(one: _Scaled, level: float) -> float:
    """The distance at which the last hypothesis is not rejected."""
    few = (1.0 - level) * (len(one.a) + 1.0) * (1.0 + TIE) - 1.0  # so few draws reject: p <= 1 - level
    nearest = NEAREST * NormalDist().inv_cdf(0.5 + level / 2)
    found = _last(one.take(one.may_reach(nearest)), few)
    return found if found > nearest else _last(one, few)


def _last(one: _Scaled, few: float) -> float:
    """The last distance at which more than `few` draws reach what is observed."""
    near = _approach(one, int(np.floor(few)) + 1)
    inside = (near * (1.0 - SURE), near * (1.0 - NARROW))
    is_found = 0.0 < near <= FARTHEST and one.reached(near * (1.0 + SURE)) <= few
    if not (is_found and all(one.reached(u) > few for u in inside)):
        return _outermost(one, few)
    further = one.may_reach(near * (1.0 + SURE))
    return near if np.count_nonzero(further) <= few else max(near, _outermost(one.take(further), few))


def _approach(one: _Scaled, rank: int) -> float:
    """The distance at which the observed statistic is that of the draws with this `rank` from above; 0 if not found.

    By secants of how far beyond it that statistic is; after two guesses it is looked for among the draws near it.
    """
    if not 0 < rank <= len(one.a):
        return 0.0
    at = 2.0
    beyond, _ = _beyond(one, rank, at)
    guess = at + beyond
    for step in range(STEPS):
        before, missed, at = at, beyond, guess
        if not np.isfinite(at):
            return 0.0
        beyond, squares = _beyond(one, rank, at)
        guess = at - beyond * (at - before) / (beyond - missed) if beyond != missed else at
        if abs(guess - at) <= 0.1 * SURE * abs(guess):
            return guess
        if step == 0:
            share = squares / (before + missed) ** 2
            around = NEAR + 4.0 * abs(guess / at - 1.0)
            one, rank = one.take(np.abs(share - 1.0) <= around), rank - int((share > 1.0 + around).sum())
            if not 0 < rank <= len(one.a):
                return 0.0
    return 0.0


def _beyond(one: _Scaled, rank: int, u: float) -> tuple[float, FloatArray]:
    """How much further than u the draw of a `rank` has the statistic, and the squared statistics of all."""
    with np.errstate(divide="ignore", invalid="ignore"):
        squares = (one.a - u * one.c) ** 2 / one.variance(u)
    squares[np.isnan(squares)] = np.inf
    place = len(squares) - rank
    return float(np.sqrt(np.partition(squares, place)[place])) - u, squares


def _outermost(one: _Scaled, few: float) -> float:
    """The last distance at which more than `few` draws reach what is observed; 0 if there is none.

    Every draw's crossings are roots of a polynomial of degree four in u, sought in z = u / (1 + u), which has bounds.
    """
    known = np.isfinite(one.a) & np.isfinite(one.v0)
    a, c, v0, v1, v2 = one.take(known)
    powers = np.array([a**2, -2.0 * a * c, c**2 - v0, 2.0 * v1, -v2])
    far = np.polynomial.polynomial.polyval(FARTHEST, powers) >= 0.0
    count = len(one.a) - len(a) + int(far.sum())
    if count > few:
        return np.inf
    bounded = IN_BOUNDS @ powers
    companions = np.zeros((len(a), 4, 4))
    companions[:, 1:, :3] = np.eye(3)
    companions[:, :, 3] = -(bounded[:4] / np.where(bounded[4] == 0.0, np.finfo(float).tiny, bounded[4])).T
    z = np.linalg.eigvals(companions)
    is_crossing = (z.imag == 0.0) & (z.real > 0.0) & (z.real < FARTHEST / (1.0 + FARTHEST))
    within = np.where(is_crossing, z.real, 0.5)
    u = np.where(is_crossing, _settled(powers, within / (1.0 - within)), 0.0)
    u = -np.sort(-u, axis=1)
    # From outside inwards a draw that does not reach does after its first crossing, not after its second, and so on.
    turns = np.where(u > 0.0, np.where(far, -1, 1)[:, None] * np.array([1, -1, 1, -1]), 0)
    order = np.argsort(-u, axis=None)
    u, kept = u.ravel()[order], count + np.cumsum(turns.ravel()[order]) > few
    starts = np.flatnonzero(kept & ~np.append(False, kept[:-1]))
    ends = np.append(u, 0.0)[[start + int(np.argmin(np.append(kept[start:], False))) for start in starts]]
    wide = u[starts][u[starts] - ends > NARROW * u[starts]]
    return float(wide[0]) if wide.size else 0.0


def _settled(powers: FloatArray, u: FloatArray) -> FloatArray:
    """Roots (B, 4) of polynomials (5, B) by Newton's steps, since bounds took digits from those that are far."""
    slopes = np.polynomial.polynomial.polyder(powers)
    for _ in range(3):
        with np.errstate(divide="ignore", invalid="ignore"):
            step = np.polynomial.polynomial.polyval(u.T, powers, tensor=False).T
            step /= np.polynomial.polynomial.polyval(u.T, slopes, tensor=False).T
        u = np.where(np.abs(step) < ROUGH * u, u - step, u)
    return u
