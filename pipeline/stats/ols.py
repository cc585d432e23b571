"""Ordinary least squares with standard errors clustered as Stata does, for many outcomes at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

# What is left of a column after projection on the earlier ones, relative to its length: rounding leaves 1e-16 to 1e-13.
RANK_TOLERANCE = 1e-10
# Residual over total sum of squares of a perfect fit: rounding leaves about 1e-30, a real outcome far above 1e-10.
PERFECT_FIT = 1e-20


class RankDeficiencyError(ValueError):
    """A column of the design is a linear combination of the columns before it, so its coefficient does not exist."""

    def __init__(self, column: str) -> None:
        """Keep the name of the column for whoever explains the error."""
        super().__init__(f"column '{column}' is a linear combination of the columns before it")
        self.column = column


@dataclass(frozen=True)
class OLSFit:
    """Coefficients and clustered standard errors of m outcomes on one design of k columns.

    coefficients, standard_errors: (k, m); an outcome that is fitted perfectly has missing standard errors.
    perfect_fit: (m,), True where the residuals are rounding noise.
    df: degrees of freedom of the t reference, clusters less one.
    """

    coefficients: FloatArray
    standard_errors: FloatArray
    perfect_fit: npt.NDArray[np.bool_]
    df: int
    n: int
    n_clusters: int


def fit_cluster_ols(
    outcomes: npt.ArrayLike,
    design: npt.ArrayLike,
    clusters: npt.ArrayLike,
    columns: Sequence[str] | None = None,
) -> OLSFit:
    """Regress each column of `outcomes` (n, m) on `design` (n, k), clustered on `clusters` (n,), by one factorisation.

    The variance is G/(G-1) * (N-1)/(N-K) * A (sum_g s_g s_g') A with A = (X'X)^-1 and s_g the scores summed over
    cluster g; K counts every column. Stata 18 [R] regress, Methods and formulas; report section 3.2, model (2).
    `columns` names the columns of the design in errors. ValueError for a missing value, too few rows or one cluster;
    RankDeficiencyError for a column that the others determine.

    Other packages: statsmodels has this variance but the normal reference unless use_t=True; linearmodels has it with
    debiased=True (PanelOLS: group_debias=True) but t(N-K); R's sandwich has it as vcovCL(type="HC1"), and t(N-K).
    """
    y, x = _checked_outcomes(outcomes), np.asarray(design, dtype=float)
    weights = _weights(x, columns)
    coefficients = weights @ y
    residuals = y - x @ coefficients
    members = _members_by_cluster(np.asarray(clusters), len(x))
    clustered = np.zeros_like(coefficients)
    for rows in members:
        clustered += (weights[:, rows] @ residuals[rows]) ** 2
    n, k, g = len(x), x.shape[1], len(members)
    perfect = (residuals**2).sum(axis=0) <= PERFECT_FIT * (y**2).sum(axis=0)
    errors = np.sqrt(clustered * (g / (g - 1)) * ((n - 1) / (n - k)))
    return OLSFit(coefficients, np.where(perfect, np.nan, errors), perfect, g - 1, n, g)


def coefficient_weights(
    design: npt.ArrayLike,
    column: int,
    rows: npt.NDArray[np.bool_] | None = None,
    columns: Sequence[str] | None = None,
) -> FloatArray:
    """The weights w (n,) with which the coefficient of `column` is exactly sum_i w_i y_i: a row of (X'X)^-1 X'.

    With `rows` (n,) the fit uses those rows only; the others have weight zero, so the weights still line up with all n.
    Raises as `fit_cluster_ols` does.
    """
    x = np.asarray(design, dtype=float)
    used = np.ones(len(x), dtype=bool) if rows is None else rows
    weights = np.zeros(len(x))
    weights[used] = _weights(x[used], columns)[column]
    return weights


def require_full_rank(
    design: FloatArray, columns: Sequence[str] | None = None, upper: FloatArray | None = None
) -> None:
    """Raise RankDeficiencyError naming the first column of `design` (n, k) that the ones before it determine.

    `upper` (k, k) is the triangular factor of the design, where it is known already.
    """
    factor = np.asarray(np.linalg.qr(design, mode="r") if upper is None else upper)
    dependent = np.flatnonzero(np.abs(np.diag(factor)) <= RANK_TOLERANCE * np.linalg.norm(design, axis=0))
    if dependent.size:
        first = int(dependent[0])
        raise RankDeficiencyError(columns[first] if columns is not None else str(first))


def _weights(x: FloatArray, columns: Sequence[str] | None) -> FloatArray:
    """(X'X)^-1 X' (k, n) through one QR factorisation."""
    if not np.isfinite(x).all():
        raise ValueError("the design has missing values: take complete cases first")
    if len(x) <= x.shape[1]:
        raise ValueError(f"{len(x)} observations are too few for {x.shape[1]} coefficients")
    orthogonal, upper = np.linalg.qr(x)
    require_full_rank(x, columns, upper)
    return np.asarray(np.linalg.solve(upper, orthogonal.T), dtype=float)


def _checked_outcomes(outcomes: npt.ArrayLike) -> FloatArray:
    y = np.asarray(outcomes, dtype=float)
    if not np.isfinite(y).all():
        raise ValueError("the outcomes have missing values: take complete cases first")
    return y


def _members_by_cluster(clusters: npt.NDArray[np.generic], n: int) -> list[npt.NDArray[np.intp]]:
    """The row numbers of each cluster."""
    if len(clusters) != n:
        raise ValueError(f"{len(clusters)} cluster labels for {n} observations")
    if clusters.dtype.kind == "f" and np.isnan(clusters).any():
        raise ValueError("the clusters have missing values: take complete cases first")
    _, codes, sizes = np.unique(clusters, return_inverse=True, return_counts=True)
    if len(sizes) < 2:
        raise ValueError("a clustered standard error needs at least two clusters")
    return np.split(np.argsort(codes, kind="stable"), np.cumsum(sizes)[:-1])
