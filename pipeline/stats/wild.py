"""The restricted wild cluster bootstrap: residuals under the hypothesis, with the sign of each cluster drawn."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np

from pipeline.stats.draws import Draws
from pipeline.stats.linear import IntArray, Linear, Solved
from pipeline.stats.lot import generator
from pipeline.stats.ols import FloatArray

NUMBERS = 2**16  # of the scores of a block of draws, so that they stay in the cache of a core


def draw_signs(clusters: int, draws: int, seed: int) -> FloatArray:
    """Rademacher's signs of each cluster, (G, B): all other than all plus where there are no more, else `draws`."""
    if 2**clusters - 1 <= draws:
        every = np.array(list(product((1.0, -1.0), repeat=clusters)))
        return np.ascontiguousarray(every[1:].T)
    return np.ascontiguousarray(np.where(generator(seed, "signs").random((draws, clusters)) < 0.5, -1.0, 1.0).T)


def bootstrap(problem: Linear, found: Solved, signs: FloatArray) -> list[Draws]:
    """The studentised statistics of outcomes made from restricted residuals: an item a row of the contrasts.

    Under the hypothesis that an effect is the estimate plus x, restricted least squares leaves e - x w / w'w, with e
    the residuals and w the weights of the effect. Cluster by cluster with the sign v_g, they give the effect
    sum_g v_g a_g, with a_g their weighted sum, and scores v_h a_h - sum_g v_g w_h' P_hg e_g, with P the projection on
    the design: all linear in the signs (G, B) and in x, so nothing is estimated again (MacKinnon 2023, "Fast cluster
    bootstrap methods"; WCR-C, Cameron, Gelbach and Miller 2008). The variance is that of the model.
    """
    span = np.hstack([problem.basis, np.linalg.qr(found.regressors)[0]])
    return [_row(problem, found, row, signs, span) for row in range(len(problem.contrasts))]


def _row(problem: Linear, found: Solved, row: int, signs: FloatArray, span: FloatArray) -> Draws:
    """A row of the contrasts, from signs (G, B) and the columns `span` (n, k) of the design beside the strata's."""
    weights, starts, factor = found.weights[row], problem.starts, problem.factor
    residuals = np.column_stack([weights / (weights @ weights), found.residuals])  # of x, then of the outcomes
    g, count, m = len(starts), signs.shape[1], found.residuals.shape[1]
    own = np.add.reduceat(weights[:, None] * span, starts)  # (G, k)
    shared = np.add.reduceat(residuals[:, :, None] * span[:, None], starts).transpose(1, 2, 0)  # (1 + m, k, G)
    reached = list(zip(_direct(problem, weights, residuals), shared, strict=True))
    v0, v1, v2, width = np.empty((m, count)), np.empty((m, count)), np.empty(count), max(1, NUMBERS // g)
    for start in range(0, count, width):
        part = slice(start, start + width)
        drawn = np.ascontiguousarray(signs[:, part])
        scores = _scores(reached, own, drawn)
        shift = next(scores)
        v2[part] = factor * np.einsum("gb,gb->b", shift, shift)
        for place, score in enumerate(scores):
            v0[place, part] = factor * np.einsum("gb,gb->b", score, score)
            v1[place, part] = factor * np.einsum("gb,gb->b", score, shift)
    slopes = np.add.reduceat(weights * residuals[:, 0], starts) @ signs
    return Draws(found.scores[row] @ signs, slopes, v0, v1, v2)


def _scores(reached: list[tuple[Any, FloatArray]], own: FloatArray, drawn: FloatArray) -> Iterator[FloatArray]:
    """The scores (G, b) of each column of residuals, one at a time so that they stay in the cache."""
    for direct, leans in reached:
        score = direct @ drawn
        score -= own @ (leans @ drawn)
        yield score


def _direct(problem: Linear, weights: FloatArray, residuals: FloatArray) -> Iterator[Any]:
    """The sparse matrix (G, G) of each column of residuals (n, v): a cluster's score by the signs of all that share its
    strata, as their dummies let it lean on them.
    """
    from scipy import sparse

    cells, _ = problem.cells
    shares, sums = problem.to_cells @ (weights * problem.units), problem.to_cells @ (residuals * problem.units[:, None])
    (left, right), g = _pairs(cells[:, 1]), len(problem.starts)
    rows, columns = (np.concatenate([cells[side, 0], np.arange(g)]) for side in (left, right))
    order = np.argsort(rows, kind="stable")
    alone = np.add.reduceat(weights[:, None] * residuals, problem.starts)
    values = np.concatenate([-shares[left, None] * sums[right], alone])[order]
    ends = np.searchsorted(rows[order], np.arange(g + 1))
    for own in values.T:
        yield sparse.csr_array((own, columns[order], ends), shape=(g, g))


def _pairs(strata: IntArray) -> tuple[IntArray, IntArray]:
    """All pairs of cells of one stratum, each with itself too, by the `strata` (c,) of the cells."""
    order, sizes = np.argsort(strata, kind="stable"), np.bincount(strata)
    own = sizes[strata[order]]
    first = np.repeat((np.cumsum(sizes) - sizes)[strata[order]], own)
    within = np.arange(own.sum()) - np.repeat(np.cumsum(own) - own, own)
    return np.repeat(order, own), order[first + within]
