"""Bounds on an effect among those who would answer in either arm (Lee 2009), and intervals for what lies in bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import special

from pipeline.stats.distributions import quantile
from pipeline.stats.errors import NoEstimateError

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

# Sums of the same weights in another order differ by 1e-15 of their size; two persons' weights never come so close.
ROUNDING = 1e-12
# Newton's method doubles the correct digits of a critical value a step: it takes 4 to 6.
MAXIMUM_STEPS = 50


@dataclass(frozen=True)
class Bound:
    """One number of a group of n persons.

    estimate: weights @ outcomes, with weights (n,) that are zero of who has no outcome. scores: (n,), what a person
    adds to the estimate's error; they add up to zero, and the variance is that of their sums by cluster.
    """

    estimate: float
    weights: FloatArray
    scores: FloatArray


@dataclass(frozen=True)
class LeeBounds:
    """Bounds on the mean effect among those who would answer in either arm.

    difference: that of the means of all who answered, which the bounds are where as many answered in both arms.
    of_treated: whether it is the answers of the treated that are trimmed. trimmed: (n,), of who is trimmed for the
    lower bound the share of the arm's answers; they add up to the share that is trimmed.
    """

    lower: Bound
    upper: Bound
    difference: Bound
    of_treated: bool
    trimmed: FloatArray


@dataclass(frozen=True)
class TightBounds:
    """Bounds that are the mean of the bounds within cells.

    trimmed: (n,), of who is trimmed for the lower bound the share of all answers. signs: by cell 1 where more of the
    treated answered, -1 where more of the controls, 0 where as many.
    """

    lower: Bound
    upper: Bound
    trimmed: FloatArray
    signs: tuple[int, ...]


@dataclass(frozen=True)
class Arm:
    """One arm of a group: weight (n,) of its persons, zero of others; those of whom have answered, and the sums."""

    weights: FloatArray
    answered: FloatArray
    total: float
    total_answered: float

    @property
    def rate(self) -> float:
        """The share that answered."""
        return self.total_answered / self.total

    def rate_scores(self) -> FloatArray:
        """What each person adds to the error of the rate, (n,)."""
        return (self.answered - self.rate * self.weights) / self.total


def lee_bounds(outcomes: npt.ArrayLike, treated: npt.ArrayLike, weights: npt.ArrayLike) -> LeeBounds:
    """Bound the effect on the outcome (n,), NaN of who did not answer, of `treated` (n,), with a weight (n,) each.

    Lee 2009 (Review of Economic Studies 76, 1071-1102), section 3 and Proposition 3: nobody answers because of one arm
    who would not because of the other, or the other way round (monotonicity); so of the arm that answers more the
    excess share p = 1 - s0/s1 is trimmed from above, which gives the lower bound, and from below. Which arm answers
    more the data say; where more controls answer it is their answers that are trimmed.

    Ties: everybody whose outcome is the quantile at which the trimming ends stays with the one same fraction of their
    weight, so that exactly the share p is trimmed and the order of the rows has no say. Weights are taken as known:
    one over the probability of the own arm, where the lot had several.

    Scores are those of the influence function, which is Lee's variance: of the trimmed mean m at the quantile v,
    (v - (v - y)+ / q - m) / q's own share, of q = s0/s1 the derivative (v - m)/q, and of the other arm's mean. They
    hold for clusters as for persons. At a tie the derivative in q is that of the quantile.

    NoEstimateError where nobody answered in an arm. R's and Stata's `leebounds` trim a whole number of persons, so
    they differ from this by the part of one person; with ties they drop all or some of them by the order of the rows.
    """
    y = np.asarray(outcomes, dtype=float)
    arms = _arms(y, np.asarray(treated, dtype=bool), np.asarray(weights, dtype=float))
    if not min(arm.total_answered for arm in arms):
        raise NoEstimateError("one arm only")
    known = np.where(np.isfinite(y), y, 0.0)
    difference = _minus(_mean(known, arms[0]), _mean(known, arms[1]))
    of_treated = arms[0].rate >= arms[1].rate
    more, less = arms if of_treated else arms[::-1]
    kept = 1.0 if abs(less.rate - more.rate) <= ROUNDING * more.rate else less.rate / more.rate
    low = _minus(_trimmed_mean(known, more, less, kept), _mean(known, less))
    top = _trimmed_mean(-known, more, less, kept)
    high = _minus(Bound(-top.estimate, top.weights, -top.scores), _mean(known, less))
    if not of_treated:
        low, high = _negative(high), _negative(low)
    side = low.weights if of_treated else -low.weights
    trimmed = more.answered / more.total_answered - kept * np.where(more.answered > 0, side, 0.0)
    return LeeBounds(low, high, difference, of_treated, np.where(np.abs(trimmed) > ROUNDING, trimmed, 0.0))


def tight_bounds(
    outcomes: npt.ArrayLike, treated: npt.ArrayLike, weights: npt.ArrayLike, cells: npt.ArrayLike
) -> TightBounds:
    """The bounds within each of the `cells` (n,), numbered from 0, averaged by those who would answer in either arm.

    Lee 2009, section 3.2, and Semenova (Generalized Lee Bounds): monotonicity has to hold within cells alone, so which
    arm is trimmed may differ between them. A cell's share is of those who answered in its arm that answers less, over
    all of that arm, so that where one arm answers less in every cell it is the cell's share of that arm's answers. A
    cell where nobody of an arm answered has nobody who would always answer, and no part. Scores take the shares as
    estimated. NoEstimateError where a cell has persons of one arm only, or no cell has answers in both.
    """
    y, own = np.asarray(outcomes, dtype=float), np.asarray(weights, dtype=float)
    is_treated, codes = np.asarray(treated, dtype=bool), np.asarray(cells)
    found = [_cell(y, is_treated, own, codes == cell) for cell in range(int(codes.max(initial=-1)) + 1)]
    whole = sum(cell.size for cell in found)
    if not whole:
        raise NoEstimateError("no stratum has answers in both arms")
    answers = np.isfinite(y)
    trimmed = np.zeros(len(y))
    for number, cell in enumerate(found):
        if cell.bounds is not None:
            of_arm = answers & (codes == number) & (is_treated == cell.bounds.of_treated)
            trimmed += cell.bounds.trimmed * of_arm.sum() / answers.sum()
    lower, upper = (_average(found, whole, side) for side in ("lower", "upper"))
    return TightBounds(lower, upper, trimmed, tuple(cell.sign for cell in found))


@dataclass(frozen=True)
class _Cell:
    """The bounds within a cell, None where nobody of an arm answered; how large it is, with scores (n,); which sign."""

    bounds: LeeBounds | None
    size: float
    size_scores: FloatArray
    sign: int


def _cell(y: FloatArray, treated: BoolArray, weights: FloatArray, members: BoolArray) -> _Cell:
    if not (members & treated).any() or not (members & ~treated).any():
        raise NoEstimateError("one arm only in a stratum")
    own = np.where(members, weights, 0.0)
    of_treated, of_controls = _arms(y, treated, own)
    is_less = treated if of_treated.rate < of_controls.rate else ~treated
    less = of_treated if of_treated.rate < of_controls.rate else of_controls
    everybody = np.where(is_less, weights, 0.0)
    total = float(everybody.sum())
    size = less.total_answered / total
    bounds = lee_bounds(y, treated, own) if less.total_answered else None
    sign = int(np.sign(of_treated.rate - of_controls.rate))
    return _Cell(bounds, size, (less.answered - size * everybody) / total, sign)


def imbens_manski(
    lower: npt.ArrayLike,
    lower_errors: npt.ArrayLike,
    upper: npt.ArrayLike,
    upper_errors: npt.ArrayLike,
    df: float | None,
    level: float,
) -> tuple[FloatArray, FloatArray]:
    """The limits of the interval that holds the effect, and not all of its bounds, with probability `level`.

    Imbens and Manski 2004 (Econometrica 72, 1845-1857): lower - c se and upper + c se, c such that
    F(c + (upper - lower) / max(se)) - F(-c) = level, F the distribution of t with `df` degrees of freedom, or the
    normal if that is None. c goes from the two-sided critical value, where the bounds meet, to the one-sided. The
    bounds are of one sample and never cross, so the width may be taken as estimated (Stoye 2009). Missing errors give
    missing limits.
    """
    low, high = np.asarray(lower, dtype=float), np.asarray(upper, dtype=float)
    errors = np.asarray(lower_errors, dtype=float), np.asarray(upper_errors, dtype=float)
    greatest = np.maximum(*errors)
    width = np.divide(high - low, greatest, out=np.full(greatest.shape, np.nan), where=greatest > 0)
    if not np.isfinite(width).any():
        return np.full(width.shape, np.nan), np.full(width.shape, np.nan)
    critical = np.where(np.isfinite(width), quantile(level, df), np.nan)
    for _ in range(MAXIMUM_STEPS):  # the probability is concave in c, so from below every step stays below
        short = level - (_below(critical + width, df) - _below(-critical, df))
        step = short / (_density(critical + width, df) + _density(critical, df))
        critical = critical + step
        if not (np.abs(step) > ROUNDING).any():
            break
    return low - critical * errors[0], high + critical * errors[1]


def clustered_error(scores: FloatArray, clusters: npt.NDArray[np.intp]) -> tuple[float, int]:
    """The root of G/(G-1) x the sum over clusters of the squared sum of their scores (n,), and G.

    `clusters` (n,) are numbers, some of which may be nobody's. Missing with one cluster.
    """
    sums, count = np.bincount(clusters, scores), int((np.bincount(clusters) > 0).sum())
    return (float(np.sqrt(count / (count - 1) * (sums**2).sum())) if count > 1 else float("nan")), count


def _below(values: FloatArray, df: float | None) -> FloatArray:
    return np.asarray(special.ndtr(values) if df is None else special.stdtr(df, values), dtype=float)


def _density(values: FloatArray, df: float | None) -> FloatArray:
    if df is None:
        return np.asarray(np.exp(-(values**2) / 2.0) / np.sqrt(2.0 * np.pi), dtype=float)
    size = np.exp(special.gammaln((df + 1.0) / 2.0) - special.gammaln(df / 2.0)) / np.sqrt(df * np.pi)
    return np.asarray(size * (1.0 + values**2 / df) ** (-(df + 1.0) / 2.0), dtype=float)


def _arms(y: FloatArray, treated: BoolArray, weights: FloatArray) -> tuple[Arm, Arm]:
    """The treated and the controls of those with weight."""
    found = []
    for members in (treated, ~treated):
        own = np.where(members, weights, 0.0).astype(float)
        answered = np.where(np.isfinite(y), own, 0.0)
        found.append(Arm(own, answered, float(own.sum()), float(answered.sum())))
    return found[0], found[1]


def _mean(y: FloatArray, arm: Arm) -> Bound:
    weights = arm.answered / arm.total_answered
    mean = float(weights @ y)
    return Bound(mean, weights, weights * (y - mean))


def _trimmed_mean(y: FloatArray, more: Arm, less: Arm, kept: float) -> Bound:
    """The mean of the lowest outcomes of the arm that answers more, of which the share `kept` of the weight stays."""
    order = np.argsort(y, kind="stable")
    reached = np.cumsum(more.answered[order])
    target = kept * more.total_answered
    quantile_ = float(y[order[np.searchsorted(reached, target - ROUNDING * more.total_answered)]])
    below, ties = y < quantile_, y == quantile_
    at_ties = float(more.answered[ties].sum())
    fraction = min(1.0, max(0.0, (target - float(more.answered[below].sum())) / at_ties))
    weights = more.answered * (below + fraction * ties) / target
    mean = float(weights @ y)
    of_mean = more.answered / more.total_answered * (quantile_ - np.maximum(quantile_ - y, 0.0) / kept - mean)
    of_share = less.rate_scores() / more.rate - kept * more.rate_scores() / more.rate
    return Bound(mean, weights, of_mean + (quantile_ - mean) / kept * of_share)


def _minus(one: Bound, other: Bound) -> Bound:
    return Bound(one.estimate - other.estimate, one.weights - other.weights, one.scores - other.scores)


def _negative(bound: Bound) -> Bound:
    return Bound(-bound.estimate, -bound.weights, -bound.scores)


def _average(cells: list[_Cell], whole: float, side: Literal["lower", "upper"]) -> Bound:
    """The mean of the bounds of cells by their sizes, which add up to `whole` and are estimated as they are."""
    own: list[tuple[Bound, _Cell]] = [(getattr(cell.bounds, side), cell) for cell in cells if cell.bounds is not None]
    mean = sum(cell.size * bound.estimate for bound, cell in own) / whole
    weights = np.sum([cell.size * bound.weights for bound, cell in own], axis=0) / whole
    moved = [cell.size * bound.scores + (bound.estimate - mean) * cell.size_scores for bound, cell in own]
    return Bound(float(mean), weights, np.sum(moved, axis=0) / whole)
