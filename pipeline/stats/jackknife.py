"""What leaving one cluster out does to an estimate, and the cluster jackknife made of it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipeline.stats.linear import Linear, Solved
from pipeline.stats.ols import RANK_TOLERANCE, FloatArray

IDENTIFIED = 1e-6  # of an effect's row, the most that data may leave of it which tell of it


def leave_one_out(problem: Linear, found: Solved) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    """The estimates (r, m, G) without each cluster, and whether the others identify them (r, G); else they are nothing.

    Without cluster g the coefficients are (X'X - X_g'X_g)^- (X'y - X_g'y_g), with ^- the generalised inverse of Moore
    and Penrose, columns scaled to one length: they move by (X'X - X_g'X_g)^- X_g'e_g, with e the residuals. An effect,
    or a difference, that the others identify is the same by every generalised inverse. One that they do not is another
    by each, and by how strata are written: it counts as nothing, which is what it is where the group goes with the
    cluster. Strata are taken out anew: the sum of products that a cluster takes with it is that within its strata. A
    stratum of one cluster goes with it and changes nothing else.
    """
    columns = np.hstack([problem.within(problem.covariates), problem.within(problem.effects)])
    products, moments = _without_each(problem, columns, found.residuals)
    scale = np.sqrt(np.einsum("ij,ij->j", columns, columns))
    inverses = np.linalg.pinv(products / np.outer(scale, scale), rcond=RANK_TOLERANCE, hermitian=True)
    moves = (inverses @ (moments / scale[:, None])) / scale[:, None]
    q = problem.covariates.shape[1]
    changed = np.einsum("rp,gpm->rmg", problem.contrasts, moves[:, q:])
    inside = inverses @ (products / np.outer(scale, scale))
    wanted = np.hstack([np.zeros((len(problem.contrasts), q)), problem.contrasts]) / scale
    lost = np.einsum("rk,gkl->rgl", wanted, inside) - wanted[:, None]
    exists = np.abs(lost).max(axis=2) <= IDENTIFIED * np.abs(wanted).max(axis=1)[:, None]
    return np.where(exists[:, None], found.estimates[:, :, None] + changed, 0.0), exists


def _without_each(problem: Linear, columns: FloatArray, residuals: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Without each cluster: products (G, k, k) of `columns` (n, k) within strata, and moments (G, k, m) of residuals.

    The moments are those of the residuals of everybody, so that what solves them is what the coefficients change by.
    """
    cells, cell_of = problem.cells
    order = np.argsort(cell_of, kind="stable")
    starts = np.searchsorted(cell_of[order], np.arange(len(cells)))
    ordered, left, roots = columns[order], residuals[order], problem.roots[order, None]
    x, e = np.add.reduceat(roots * ordered, starts, axis=0), np.add.reduceat(roots * left, starts, axis=0)
    sizes, weights = np.bincount(cell_of), problem.roots**2
    others = np.bincount(problem.strata, weights)[cells[:, 1]] - np.bincount(cell_of, weights)
    others[np.bincount(problem.strata)[cells[:, 1]] == sizes] = np.inf
    each = np.concatenate([ordered, left], axis=1)
    by_column = [np.add.reduceat(column[:, None] * each, starts) for column in ordered.T]
    crossed = np.stack(by_column, axis=1)  # (c, k, k + m)
    crossed += x[:, :, None] * np.hstack([x, e])[:, None] / others[:, None, None]
    first = np.flatnonzero(np.diff(cells[:, 0], prepend=-1))  # cells are in the order of their clusters
    without = columns.T @ np.hstack([columns, residuals]) - np.add.reduceat(crossed, first)
    k = columns.shape[1]
    return without[:, :, :k], without[:, :, k:]


def jackknife_errors(estimates: FloatArray, without: FloatArray) -> FloatArray:
    """Hansen's jackknife error (r, m): the root of summed squares of the estimates without a cluster less the whole.

    No factor, and no cluster dropped: an effect that a design without a cluster does not identify is nothing there, so
    the cluster adds its square. It is never too small on average, whatever the errors' variances and correlations
    within clusters (Hansen 2025, "Jackknife standard errors for clustered regression"). The reference is t(G-1).
    """
    return np.asarray(np.sqrt(((without - estimates[:, :, None]) ** 2).sum(axis=2)))
