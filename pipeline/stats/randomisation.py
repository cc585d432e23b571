"""Randomisation inference: the lot drawn again within its blocks, the statistic studentised with the reported error."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from pipeline.stats.draws import Draws
from pipeline.stats.linear import Linear, is_singular, solve
from pipeline.stats.ols import FloatArray

BLOCK = 2**17  # numbers of a block of draws: a megabyte, which stays in the cache of a core
MANY = 8  # outcomes from which a matrix product a cluster is faster than one sum over all clusters


def redraw(problem: Linear, draws: npt.NDArray[np.bool_]) -> list[Draws]:
    """What each effect asked for would be, had the lot given `draws` (B, n): an item a row of the problem's contrasts.

    Strata, covariates, groups and clusters stay; treatment is that of the draw. Under the hypothesis that an effect is
    tau everywhere, outcomes less tau times the treatment that was drawn do not depend on the lot, so least squares of
    both on the draw give its statistic for every tau. The variance is the clustered one of the model. Exact where the
    effect is the same for all; because it is studentised with a robust error, valid in large trials for the average
    effect too (Wu and Ding 2021; Zhao and Ding 2021).
    """
    found = solve(problem)
    shifts = problem.shifts
    known = np.hstack([problem.residual(problem.outcomes), problem.residual(shifts)])
    m, width = problem.outcomes.shape[1], max(16, BLOCK // len(problem.treated))
    parts = [
        _draw_block(problem, known, m, np.asarray(draws[start : start + width].T, dtype=float))
        for start in range(0, len(draws), width)
    ]
    results = []
    for row in range(len(problem.contrasts)):
        b, c, yy, yd, dd = (np.concatenate([part[row][item] for part in parts], axis=-1) for item in range(5))
        estimate = found.estimates[row][:, None]
        results.append(Draws(b - estimate * c, c, yy - 2 * estimate * yd + estimate**2 * dd, yd - estimate * dd, dd))
    return results


def _draw_block(problem: Linear, known: FloatArray, m: int, treated: FloatArray) -> list[tuple[FloatArray, ...]]:
    """By row of the contrasts, of b draws (n, b): effect of the outcomes (m, b) and of the shift (b,), and products.

    The products are the variance of the outcomes' effects, their covariance with the shift's, and its variance.
    """
    p = problem.members.shape[1]
    effects = [treated * problem.members[:, [group]] if p > 1 else treated for group in range(p)]
    regressors = [problem.residual(effect) for effect in effects]
    gram = np.array([[np.einsum("nb,nb->b", left, right) for left in regressors] for right in regressors]).T
    lost = is_singular(gram, np.array([effect.sum(axis=0) for effect in effects]).T)
    gram[lost] = np.eye(p)
    inverse = np.linalg.inv(gram)
    moments = np.array([known.T @ regressor for regressor in regressors])  # (p, m + r, b)
    effect_of = np.einsum("bkl,lmb->kmb", inverse, moments) if p > 1 else moments * inverse[:, 0, 0]
    rows = []
    for row, contrast in enumerate(problem.contrasts):
        weights = sum(
            (regressor * (inverse[:, :, group] @ contrast) for group, regressor in enumerate(regressors)),
            np.zeros_like(treated),
        )
        own = [*range(m), m + row]
        values = np.einsum("k,kmb->mb", contrast, effect_of[:, own])
        squares = _products(problem, weights, regressors, known[:, own], effect_of[:, own])
        parts = [values[:-1], values[-1], *(problem.factor * part for part in squares)]
        for part in parts:
            part[..., lost] = np.nan
        rows.append(tuple(parts))
    return rows


def _products(
    problem: Linear, weights: FloatArray, regressors: list[FloatArray], known: FloatArray, effects: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Sums over clusters of squared scores of the outcomes (m, b), of them times the shift's (m, b), of its (b,).

    weights: (n, b); known: (n, m + 1), the shift last; effects: (p, m + 1, b). A score is the weighted sum of
    what is known less the fitted effects.
    """
    m, b = known.shape[1] - 1, weights.shape[1]
    leaned = [np.add.reduceat(weights * regressor, problem.starts, axis=0) for regressor in regressors]
    yy, yd, dd = np.zeros((m, b)), np.zeros((m, b)), np.zeros(b)
    score_of = _scorer(problem, weights, known)
    for cluster in range(len(problem.starts)):
        scores = score_of(cluster)
        for effect, leans in zip(effects, leaned, strict=True):
            scores -= effect * leans[cluster]
        shift = scores[m]
        yy += scores[:m] ** 2
        yd += scores[:m] * shift
        dd += shift**2
    return yy, yd, dd


def _scorer(problem: Linear, weights: FloatArray, known: FloatArray) -> Callable[[int], FloatArray]:
    """The weighted sum (m + 1, b) of what is known in a cluster."""
    if known.shape[1] > MANY:
        return lambda cluster: known[problem.bounds[cluster]].T @ weights[problem.bounds[cluster]]
    sums = np.array([np.add.reduceat(weights * column[:, None], problem.starts, axis=0) for column in known.T])
    return lambda cluster: sums[:, cluster].copy()
