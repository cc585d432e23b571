"""A least-squares problem as resampling takes it: what stays from draw to draw, and whose treatment is drawn again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pipeline.stats.ols import RANK_TOLERANCE, FloatArray

if TYPE_CHECKING:
    from scipy import sparse

IntArray = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Linear:
    """Outcomes (n, m) on a dummy for each stratum, covariates, and the treatment of each of p groups.

    covariates: (n, q), of full rank within strata; members: (n, p), whose treatment each effect is of; treated: (n,);
    strata, clusters: (n,) numbers from 0, none left out; contrasts: (r, p), the effects and differences of them that
    are asked for. The rows are in the order of their clusters. weights: (n,), of the rows, None where they count alike;
    outcomes and covariates are given times the roots of them.
    """

    outcomes: FloatArray
    covariates: FloatArray
    members: npt.NDArray[np.bool_]
    treated: npt.NDArray[np.bool_]
    strata: IntArray
    clusters: IntArray
    contrasts: FloatArray
    weights: FloatArray | None = None

    def clustered(self, clusters: IntArray) -> tuple[Linear, IntArray]:
        """The same problem with other clusters (n,), whatever their codes, and the order (n,) its rows are then in."""
        order = np.argsort(clusters, kind="stable")
        of_rows = ("outcomes", "covariates", "members", "treated", "strata")
        arrays = {name: getattr(self, name)[order] for name in of_rows}
        assert self.weights is None, "no specification weighs persons"
        return replace(self, **arrays, clusters=np.unique(clusters[order], return_inverse=True)[1]), order

    @cached_property
    def starts(self) -> IntArray:
        """The row (G,) at which each cluster begins."""
        return np.flatnonzero(np.diff(self.clusters, prepend=-1))

    @cached_property
    def bounds(self) -> list[slice]:
        """The rows of each cluster."""
        ends = [*self.starts[1:].tolist(), len(self.clusters)]
        return [slice(start, end) for start, end in zip(self.starts.tolist(), ends, strict=True)]

    @cached_property
    def cells(self) -> tuple[IntArray, IntArray]:
        """The cells of a cluster and a stratum, (c, 2) numbers of both, and that of each row (n,)."""
        cells, cell_of = np.unique(np.column_stack([self.clusters, self.strata]), axis=0, return_inverse=True)
        return cells, cell_of

    @cached_property
    def to_cells(self) -> Any:
        """The sparse matrix (c, n) that adds rows up by cell."""
        from scipy import sparse

        cell_of = self.cells[1]
        return sparse.csr_array((np.ones(len(cell_of)), (cell_of, np.arange(len(cell_of)))))

    @cached_property
    def roots(self) -> FloatArray:
        """The roots (n,) of the weights."""
        return np.ones(len(self.strata)) if self.weights is None else np.sqrt(self.weights)

    @cached_property
    def units(self) -> FloatArray:
        """What each row (n,) has in the dummy of its stratum, of length one."""
        return np.asarray(self.roots / np.sqrt(np.bincount(self.strata, self.roots**2))[self.strata])

    @cached_property
    def _indicators(self) -> tuple[Any, Any]:
        """The dummy of each stratum (s, n), times the roots of the weights, of length one; and its transpose."""
        from scipy import sparse

        rows: sparse.csr_array = sparse.csr_array((self.units, (self.strata, np.arange(len(self.strata)))))
        return rows, sparse.csr_array(rows.T)

    @cached_property
    def basis(self) -> FloatArray:
        """Orthonormal columns (n, q) that span the covariates within strata."""
        return np.asarray(np.linalg.qr(self.within(self.covariates))[0])

    @property
    def effects(self) -> FloatArray:
        """The treatment of each group (n, p) as it was drawn, times the roots of the weights."""
        return np.asarray(self.members * (self.treated * self.roots)[:, None], dtype=float)

    @cached_property
    def k(self) -> int:
        """Coefficients, with those of the strata."""
        return int(self.strata.max()) + 1 + self.covariates.shape[1] + self.members.shape[1]

    @cached_property
    def factor(self) -> float:
        """G/(G-1) * (N-1)/(N-K), of the clustered variance."""
        g, n = len(self.starts), len(self.strata)
        return (g / (g - 1)) * ((n - 1) / (n - self.k))

    def within(self, values: FloatArray) -> FloatArray:
        """`values` (n, b), which are times the roots of the weights, less the mean of their stratum."""
        rows, columns = self._indicators
        return np.asarray(values - columns @ (rows @ values))

    def residual(self, values: FloatArray) -> FloatArray:
        """What strata and covariates leave of `values` (n, b)."""
        inside = self.within(values)
        return inside - self.basis @ (self.basis.T @ inside) if self.basis.shape[1] else inside

    @property
    def shifted(self) -> IntArray:
        """The group (r,) in which one unit of each effect or difference is added: that which it is more of."""
        return np.argmax(self.contrasts > 0, axis=1)


@dataclass(frozen=True)
class Solved:
    """A problem as it was drawn: estimates, errors (r, m); weights (r, n), estimates = weights @ outcomes; and scores.

    residuals: (n, m); scores: (r, m, G), summed by cluster, of which the squares times the factor add up to the
    squared error. regressors: (n, p), what strata and covariates leave of the effects; gram_inverse: (p, p).
    """

    estimates: FloatArray
    errors: FloatArray
    weights: FloatArray
    residuals: FloatArray
    scores: FloatArray
    regressors: FloatArray
    gram_inverse: FloatArray


def solve(problem: Linear) -> Solved:
    """Least squares of a problem whose effects are all identified, with the clustered error of `fit_cluster_ols`."""
    regressors = problem.residual(problem.effects)
    outcomes = problem.residual(problem.outcomes)
    gram_inverse = np.asarray(np.linalg.inv(regressors.T @ regressors), dtype=float)
    weights = problem.contrasts @ gram_inverse @ regressors.T
    residuals = outcomes - regressors @ (gram_inverse @ (regressors.T @ outcomes))
    scores = np.add.reduceat(weights[:, :, None] * residuals, problem.starts, axis=1).transpose(0, 2, 1)
    has_errors = len(problem.starts) > 1
    errors = np.sqrt(problem.factor * (scores**2).sum(axis=2)) if has_errors else np.full(scores.shape[:2], np.nan)
    return Solved(weights @ problem.outcomes, errors, weights, residuals, scores, regressors, gram_inverse)


def inverse_of(gram: FloatArray, sizes: FloatArray) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    """The inverses (p, p, b) of b matrices of products, and which (b,) are singular: what stands there means nothing.

    Singular is beside the squares `sizes` (p, b) before projection. By the sweep operator (Goodnight 1979), its pivots
    the share of each column that those before leave of it, which multiply to the determinant of the correlations.
    """
    own = np.einsum("kkb->kb", gram)
    lost = ~(own > RANK_TOLERANCE * np.maximum(sizes, 1.0)).all(axis=0)
    scale = 1.0 / np.sqrt(np.where(lost, 1.0, own))
    found, determinant = gram * scale[:, None] * scale, np.ones(len(lost))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for k in range(len(gram)):
            pivot, column = found[k, k].copy(), found[:, k].copy()
            determinant *= pivot
            row = found[k] / pivot
            found -= column[:, None] * row
            found[k], found[:, k], found[k, k] = row, -column / pivot, 1.0 / pivot
        found *= scale[:, None] * scale
    lost |= ~(np.abs(determinant) > RANK_TOLERANCE)
    found[:, :, lost] = 0.0
    return found, lost
