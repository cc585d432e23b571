"""What draws of the lot and of the clusters' signs give, by matrices written out; p-values and limits of both.

A draw's effect under the hypothesis that the true one is the estimate plus x is a - x c, and its variance v0 - 2 x v1 +
x^2 v2: of the outcomes, and of the treatment that was drawn as if it were one.
"""

from __future__ import annotations

from itertools import combinations_with_replacement
from itertools import product as product_of
from typing import NamedTuple

import numpy as np

from pipeline.verify.packages.refits import Problem

BLOCK = 512  # draws
FARTHEST = 8192.0  # errors: a limit further away rests on rounding
TIE = 1e-9  # of a statistic: what lies nearer is the same
NARROW = 1e-6  # of a distance: hypotheses that are kept over less are kept by rounding


class Forms(NamedTuple):
    """Of B draws and one outcome: a, c, v0, v1 and v2 (B,)."""

    a: np.ndarray
    c: np.ndarray
    v0: np.ndarray
    v1: np.ndarray
    v2: np.ndarray

    def statistics(self, x: float) -> np.ndarray:
        """|t| (B,) of the draws; what a draw does not give is larger than anything."""
        size = self.v0 + x**2 * self.v2
        variance = size - 2 * x * self.v1
        values = np.abs(self.a - x * self.c) / np.sqrt(np.where(is_something(variance, size), variance, np.nan))
        return np.where(np.isnan(values), np.inf, values)


def p_value(statistics: np.ndarray, observed: float) -> float:
    """(b + 1) / (B + 1), b of the B statistics at least the observed one."""
    return float((1 + reached(statistics, observed).sum()) / (1 + len(statistics)))


def reached(statistics: np.ndarray, observed: float) -> np.ndarray:
    """Which |t| (B,) are at least the observed one, ties counting and what a draw does not give."""
    return np.asarray(~(statistics < abs(observed) - TIE * max(abs(observed), 1.0)))


def is_something(variance: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Which variances (B,) of draws are more than rounding beside the sizes (B,) of all of them."""
    sizes = size[np.isfinite(size)]
    return np.asarray(variance > 1e-12 * (sizes.mean() if len(sizes) else 0.0))


def limit(forms: Forms, error: float, level: float, side: float) -> float:
    """How far from the estimate the last hypothesis lies, on a side, whose p-value is above 1 - level; NaN if nowhere.

    No p-value changes between two neighbours of the distances at which a draw's statistic crosses the observed one:
    from outside inwards one hypothesis of each stretch is tried, less those of which too few draws could have come.
    """
    crossed = np.concatenate([[FARTHEST], crossings(forms, side * error), [0.0]])
    middles = (crossed[:-1] + crossed[1:]) / 2
    wide: list[int] = np.flatnonzero(crossed[:-1] - crossed[1:] > NARROW * crossed[:-1]).tolist()
    needed = int(np.floor((1 - level) * (1 + TIE) * (1 + len(forms.a))))  # draws, beside the lot that was drawn

    def short_of(distance: float) -> int:
        """How many draws fewer than needed reach what is observed so many errors away."""
        return needed - int(reached(forms.statistics(side * distance * error), distance).sum())

    stretch, outer = 0, FARTHEST
    while (lacking := short_of(middles[stretch])) > 0 and stretch < wide[-1]:
        outer = middles[stretch]
        stretch = wide[min(int(np.searchsorted(wide, stretch + lacking)), len(wide) - 1)]
    if outer == FARTHEST:
        return np.nan
    low, high = middles[stretch], outer
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if short_of(middle) <= 0 else (low, middle)
    return float((low + high) / 2 * error)


def crossings(forms: Forms, unit: float) -> np.ndarray:
    """Every distance in units, falling, at which a draw has the statistic that is observed there.

    With x = z / (1 - z) of them that is (a - x c)^2 = x^2 (v0 - 2 x v1 + x^2 v2), times (1 - z)^4 a polynomial in z.
    """
    known = np.isfinite(forms.a)
    a, c, v0, v1, v2 = (part[known, None] for part in forms)
    nothing = np.zeros_like(a)
    off = np.hstack([a, -a - unit * c])  # a (1 - z) - c z, by powers of z
    variance = _times(np.hstack([v0, -v0 - 2 * unit * v1]), np.tile([1.0, -1.0], (len(a), 1)))
    variance = (variance + np.hstack([nothing, nothing, unit**2 * v2])) * (1 - TIE) ** 2
    squares = _times(_times(off, off), np.tile([1.0, -2.0, 1.0], (len(a), 1)))
    powers = squares - np.hstack([nothing, nothing, variance])
    matrices = np.zeros((len(a), 4, 4))
    matrices[:, 0] = -powers[:, 3::-1] / np.where(powers[:, 4:] == 0, 1e-300, powers[:, 4:])
    matrices[:, [1, 2, 3], [0, 1, 2]] = 1.0
    roots = np.linalg.eigvals(matrices)
    real = roots.real[(roots.imag == 0) & (roots.real > 0) & (roots.real < FARTHEST / (1 + FARTHEST))]
    return np.asarray(np.sort(real / (1 - real))[::-1])


def _times(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The products of polynomials, a row each, by powers."""
    found = np.zeros((len(one), one.shape[1] + other.shape[1] - 1))
    for power, column in enumerate(other.T):
        found[:, power : power + one.shape[1]] += one * column[:, None]
    return found


def tested(name: str, forms: Forms, estimate: float, error: float, level: float) -> dict[str, float]:
    """The p-value of no effect, and the limits."""
    return {
        f"{name}_p": p_value(forms.statistics(-estimate), estimate / error),
        f"{name}_low": estimate - limit(forms, error, level, -1.0),
        f"{name}_high": estimate + limit(forms, error, level, 1.0),
    }


def randomised(problem: Problem, lots: np.ndarray, estimates: np.ndarray) -> list[list[Forms]]:
    """By test and outcome the forms of draws of the lot (n, B), from the regressors that the others leave.

    The outcomes and the treatments that were drawn are regressed on those of each draw, persons by draws at once.
    """
    others = np.delete(problem.design, problem.effects, axis=1)
    span = np.linalg.svd(others / np.linalg.norm(others, axis=0), full_matrices=False)[0]
    values = np.hstack([problem.outcomes, problem.design[:, problem.effects]])
    values = values - span @ (span.T @ values)
    tests = problem.tests[:, problem.effects]
    blocks = [
        _block(problem, span, values, tests, lots[:, start : start + BLOCK].astype(float))
        for start in range(0, lots.shape[1], BLOCK)
    ]
    effects, products = (np.concatenate(parts) for parts in zip(*blocks, strict=True))  # (B, r, v), (B, r, v, p + v)
    m, found = problem.outcomes.shape[1], []
    for row, test in enumerate(tests):
        shift = m + int(np.argmax(test > 0))  # one unit more in the group that a difference is more of
        found.append([_forms(effects[:, row], products[:, row], j, shift, estimates[row, j]) for j in range(m)])
    return found


def _block(
    problem: Problem, span: np.ndarray, values: np.ndarray, tests: np.ndarray, lots: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """By draw and test the effect on each value, and sums over clusters of squares and products with treatments."""
    regressors = []
    for members in problem.members.T:
        drawn = lots * members[:, None]
        regressors.append(drawn - span @ (span.T @ drawn))
    p, v, b = len(regressors), values.shape[1], lots.shape[1]
    clusters = [np.flatnonzero(problem.clusters == cluster) for cluster in range(int(problem.clusters.max()) + 1)]
    moments = np.array([[drawn[own].T @ values[own] for own in clusters] for drawn in regressors])  # (p, G, b, v)
    grams = np.empty((p, p, len(clusters), b))
    for k, other in combinations_with_replacement(range(p), 2):
        product = regressors[k] * regressors[other]
        grams[k, other] = grams[other, k] = [product[own].sum(axis=0) for own in clusters]
    gram = grams.sum(axis=2).transpose(2, 0, 1)
    inverse, singular = inverses(gram, lots.T @ problem.members)
    effects = inverse @ moments.sum(axis=1).transpose(1, 0, 2)  # (b, p, v)
    for k, other in product_of(range(p), range(p)):
        moments[k] -= grams[k, other][:, :, None] * effects[:, other]  # now the scores
    found, turns = tests @ effects, tests @ inverse  # (b, r, v), (b, r, p)
    found[singular] = np.nan
    products = np.empty((b, len(tests), v, 1 + p))
    for row in range(len(tests)):
        turned = sum(turns[:, row, k, None] * moments[k] for k in range(p))
        products[:, row, :, 0] = np.einsum("gbv,gbv->bv", turned, turned)
        for k in range(p):
            products[:, row, :, 1 + k] = np.einsum("gbv,gb->bv", turned, turned[:, :, v - p + k])
    return found, problem.factor * products


def inverses(gram: np.ndarray, treated: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The inverses of matrices of products (b, p, p), and which have none beside the number `treated` (b, p)."""
    size = np.sqrt(np.einsum("bii->bi", gram))
    nothing = (size**2 < 1e-10 * np.maximum(treated, 1)).any(axis=1)  # of a group's treatment is left
    with np.errstate(divide="ignore", invalid="ignore"):
        singular = nothing | ~(np.abs(np.linalg.det(gram / size[:, :, None] / size[:, None])) > 1e-10)
    gram[singular] = np.eye(gram.shape[1])
    return np.linalg.inv(gram), singular


def _forms(effects: np.ndarray, products: np.ndarray, outcome: int, shift: int, at: float) -> Forms:
    """The forms about the estimate `at` of an outcome and of the shift by treatment, both places among the values."""
    v, p = products.shape[1], products.shape[2] - 1
    with_shift = 1 + shift - (v - p)
    yy, yd, dd = products[:, outcome, 0], products[:, outcome, with_shift], products[:, shift, 0]
    a = effects[:, outcome] - at * effects[:, shift]
    return Forms(a, effects[:, shift], yy - 2 * at * yd + at**2 * dd, yd - at * dd, dd)


def wild(problem: Problem, signs: np.ndarray, test: int) -> list[Forms]:
    """By outcome the forms of draws of signs (G, B), which make outcomes of restricted residuals."""
    weights, maker, inside = problem.weights[test], problem.annihilator, problem.indicators
    moved = weights / (weights @ weights)
    residuals = maker @ problem.outcomes
    left = (inside * weights) @ maker  # (G, n)

    def scores(values: np.ndarray) -> np.ndarray:
        return np.asarray((left * values) @ inside.T @ signs)

    shift, slopes = scores(moved), (inside @ (weights * moved)) @ signs
    found = []
    for values in residuals.T:
        own = scores(values)
        products = (
            problem.factor * (one * other).sum(axis=0) for one, other in ((own, own), (own, shift), (shift, shift))
        )
        found.append(Forms((inside @ (weights * values)) @ signs, slopes, *products))
    return found
