"""The restricted wild cluster bootstrap: residuals under the hypothesis, with the sign of each cluster drawn."""

from __future__ import annotations

from itertools import product

import numpy as np

from pipeline.stats.draws import Draws
from pipeline.stats.linear import Linear, Solved
from pipeline.stats.lot import generator
from pipeline.stats.ols import FloatArray

BLOCK = 2**18  # numbers of a block of outcomes


def draw_signs(clusters: int, draws: int, seed: int) -> FloatArray:
    """Rademacher's signs of each cluster, (B, G): all other than all plus where there are no more, else `draws`."""
    if 2**clusters - 1 <= draws:
        every = np.array(list(product((1.0, -1.0), repeat=clusters)))
        return every[1:]
    return np.where(generator(seed, "signs").random((draws, clusters)) < 0.5, -1.0, 1.0)


def bootstrap(problem: Linear, found: Solved, signs: FloatArray) -> list[Draws]:
    """The studentised statistics of outcomes made from restricted residuals: an item a row of the contrasts.

    Under the hypothesis that an effect is the estimate plus x, restricted least squares leaves e - x w / w'w, with e
    the residuals and w the weights of the effect. Cluster by cluster with the sign v_g, they give the effect
    sum_g v_g a_g, with a_g their weighted sum, and scores v_h a_h - sum_g v_g w_h' P_hg e_g, with P the projection on
    the design: all linear in the signs (B, G) and in x, so nothing is estimated again (MacKinnon 2023, "Fast cluster
    bootstrap methods"; WCR-C, Cameron, Gelbach and Miller 2008). The variance is that of the model.
    """
    orthonormal = np.linalg.qr(found.regressors)[0]
    span = np.hstack([problem.basis, orthonormal])
    return [_row(problem, found, row, signs, span) for row in range(len(problem.contrasts))]


def _row(problem: Linear, found: Solved, row: int, signs: FloatArray, span: FloatArray) -> Draws:
    weights = found.weights[row]
    moved = weights / (weights @ weights)
    starts, g = problem.starts, len(problem.starts)
    # w_h' P_hg e_g by way of the columns of the design: the strata's, which few clusters have, and the others'.
    strata = int(problem.strata.max()) + 1
    leans = np.zeros((g, strata))
    np.add.at(leans, (problem.clusters, problem.strata), weights)
    leans /= np.bincount(problem.strata)
    own = np.add.reduceat(weights[:, None] * span, starts, axis=0)  # (G, q + p)

    def scores_of(residuals: FloatArray) -> FloatArray:
        """The G x G matrix of a vector of residuals (n,), whose product with signs are the scores."""
        by_stratum = np.zeros((strata, g))
        np.add.at(by_stratum, (problem.strata, problem.clusters), residuals)
        matrix = -(leans @ by_stratum) - own @ np.add.reduceat(span * residuals[:, None], starts, axis=0).T
        matrix[np.diag_indices(g)] += np.add.reduceat(weights * residuals, starts)
        return np.asarray(matrix)

    slopes = np.add.reduceat(weights * moved, starts) @ signs.T
    shift = signs @ scores_of(moved).T  # (B, G)
    m = found.residuals.shape[1]
    v0, v1 = np.empty((m, len(signs))), np.empty((m, len(signs)))
    numerators = found.scores[row] @ signs.T
    for place in range(m):
        scores = signs @ scores_of(found.residuals[:, place]).T
        v0[place] = np.einsum("bg,bg->b", scores, scores)
        v1[place] = np.einsum("bg,bg->b", scores, shift)
    v2 = np.einsum("bg,bg->b", shift, shift)
    factor = problem.factor
    return Draws(numerators, slopes, factor * v0, factor * v1, factor * v2)
