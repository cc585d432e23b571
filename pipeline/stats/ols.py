"""Ordinary least squares with standard errors clustered as Stata does, for many outcomes at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.stats.errors import NoEstimateError

FloatArray = npt.NDArray[np.float64]

# What is left of a column after projection on the earlier ones, relative to its length: rounding leaves 1e-16 to 1e-13.
RANK_TOLERANCE = 1e-10
# Residual over total sum of squares of a perfect fit: rounding leaves about 1e-30, a real outcome far above 1e-10.
PERFECT_FIT = 1e-20


class RankDeficiencyError(NoEstimateError):
    """A column of the design is a linear combination of the columns before it, so its coefficient does not exist."""

    def __init__(self, column: str) -> None:
        """Keep the name of the column for whoever explains the error."""
        super().__init__(f"column '{column}' is a linear combination of the columns before it")
        self.column = column


@dataclass(frozen=True)
class OLSFit:
    """Coefficients and clustered standard errors of m outcomes on one design of k columns.

    coefficients, standard_errors: (k, m); the errors are missing for an outcome that is fitted perfectly, with one
    cluster, and where no_variance (k, m). perfect_fit: (m,), True where the residuals are rounding noise; no_variance:
    where the sum of squares of a coefficient is, as when its scores cancel within every cluster. df: degrees of freedom
    of the t reference, clusters less one. weights: (k, n), coefficients = weights @ outcomes. residuals: (n, m).
    factor: of the variance, G/(G-1) * (N-1)/(N-K). k: coefficients with those of the absorbed dummies.
    """

    coefficients: FloatArray
    standard_errors: FloatArray
    perfect_fit: npt.NDArray[np.bool_]
    no_variance: npt.NDArray[np.bool_]
    df: int
    n: int
    n_clusters: int
    k: int
    factor: float
    weights: FloatArray
    residuals: FloatArray


@dataclass(frozen=True)
class ContrastFit:
    """One contrast of cells, for m outcomes, with errors robust to unequal variances.

    estimates, standard_errors: (m,), the error missing for a perfect fit, where the sum of squares is rounding noise
    (no_variance), and where an observation of the contrast has leverage one; df: observations less coefficients.
    leverage: (n,); leverage_one: (n,), True where it is one. weights: (n,), estimates = weights @ outcomes; residuals:
    (n, m).
    """

    estimates: FloatArray
    standard_errors: FloatArray
    perfect_fit: npt.NDArray[np.bool_]
    no_variance: npt.NDArray[np.bool_]
    leverage: FloatArray
    leverage_one: npt.NDArray[np.bool_]
    df: int
    n: int
    weights: FloatArray
    residuals: FloatArray


def fit_cluster_ols(
    outcomes: npt.ArrayLike,
    design: npt.ArrayLike,
    clusters: npt.ArrayLike,
    columns: Sequence[str] | None = None,
    absorbed: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
) -> OLSFit:
    """Regress each column of `outcomes` (n, m) on `design` (n, k), clustered on `clusters` (n,), by one factorisation.

    `absorbed` (n,) codes groups whose dummies stand beside the design without being written out: outcomes and design
    are taken as deviations from group means, which gives the same coefficients and residuals (Frisch and Waugh 1933).
    The variance is G/(G-1) * (N-1)/(N-K) * A (sum_g s_g s_g') A with A = (X'X)^-1 and s_g the scores summed over
    cluster g; K counts every column and every absorbed dummy. Stata 18 [R] regress, Methods and formulas; report
    section 3.2, model (2). With `weights` (n,) it is weighted least squares, A = (X'WX)^-1 and s_g the sums of w x e,
    as Stata's pweights; they are taken as known. `columns` names the columns of the design in errors. ValueError for a
    missing value, NoEstimateError for too few rows; RankDeficiencyError for a column that the others determine.

    Other packages: statsmodels has this variance but the normal reference unless use_t=True; linearmodels has it with
    debiased=True (PanelOLS: group_debias=True) but t(N-K); R's sandwich has it as vcovCL(type="HC1"), and t(N-K).
    """
    y, x = _checked_outcomes(outcomes), np.asarray(design, dtype=float)
    scale = None if weights is None else np.asarray(weights, dtype=float)
    within_y, within_x, k = _take_out(y, x, absorbed, scale)
    rows = _weights(x, columns, within_x, k, scale)
    coefficients = rows @ y
    residuals = within_y - within_x @ coefficients
    order, starts = _cluster_order(np.asarray(clusters), len(x))
    clustered = _cluster_squares(rows[:, order], residuals[order], starts)
    n, g = len(x), len(starts)
    perfect = (residuals**2).sum(axis=0) <= PERFECT_FIT * (y**2).sum(axis=0)
    nothing = (g > 1) & (clustered <= PERFECT_FIT * _size(rows, y))
    factor = (g / (g - 1)) * ((n - 1) / (n - k)) if g > 1 else np.nan
    errors = np.where(perfect | nothing, np.nan, np.sqrt(clustered * factor))
    return OLSFit(coefficients, errors, perfect, nothing, g - 1, n, g, k, factor, rows, residuals)


def clustered_errors(
    weights: FloatArray, fit: OLSFit, outcomes: FloatArray, clusters: npt.ArrayLike
) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    """Clustered errors of sums of coefficients, `weights` (r, n) times outcomes (n, m), and which do not vary: (r, m).

    As those of the coefficients of `fit`, whose outcomes and clusters (n,) are given again.
    """
    order, starts = _cluster_order(np.asarray(clusters), len(outcomes))
    squares = _cluster_squares(weights[:, order], fit.residuals[order], starts)
    nothing = (fit.n_clusters > 1) & (squares <= PERFECT_FIT * _size(weights, outcomes))
    return np.where(fit.perfect_fit | nothing, np.nan, np.sqrt(squares * fit.factor)), nothing


def _size(weights: FloatArray, outcomes: FloatArray) -> FloatArray:
    """What rounding of the square of sums, weights (k, n) times outcomes (n, m), is relative to: (k, m)."""
    return np.outer((weights**2).sum(axis=1), (outcomes**2).max(axis=0))


def _cluster_squares(weights: FloatArray, residuals: FloatArray, starts: list[int]) -> FloatArray:
    """The squared cluster sums of weight (k, n) times residual (n, m), added over the clusters: (k, m)."""
    if residuals.shape[1] == 1:
        sums = np.add.reduceat(weights * residuals[:, 0], starts, axis=1)
        return np.asarray((sums**2).sum(axis=1, keepdims=True))
    total = np.zeros((len(weights), residuals.shape[1]))
    for start, end in zip(starts, [*starts[1:], len(residuals)], strict=True):
        total += (weights[:, start:end] @ residuals[start:end]) ** 2
    return total


def fit_contrast(
    outcomes: npt.ArrayLike,
    design: npt.ArrayLike,
    cells: npt.ArrayLike,
    contrast: npt.ArrayLike,
    columns: Sequence[str] | None = None,
) -> ContrastFit:
    """Estimate the `contrast` (c,) of the cells' levels of each outcome (n, m), given the `design` (n, k), with HC2.

    Every cell, numbered 0..c-1 by `cells` (n,), has a level of its own and the design common coefficients d: the
    contrast is sum_c contrast_c (mean y - mean x' d), which is least squares with a dummy for each cell. The variance
    is sum_i w_i^2 e_i^2 / (1 - h_i) with w the weights of the estimate, e the residuals and h the leverages (MacKinnon
    and White 1985). For the difference of arms in strata without a design it is Neyman's: the sum over strata and arms
    of squared share times s^2 / n. No cell may be empty. Raises as `fit_cluster_ols` does, and takes its `columns`.
    """
    y, x, codes = _checked_outcomes(outcomes), np.asarray(design, dtype=float), np.asarray(cells)
    wanted = np.asarray(contrast, dtype=float)
    sizes = np.bincount(codes, minlength=len(wanted))
    within_y, within_x, k = _take_out(y, x, codes)
    common = _weights(x, columns, within_x, k)
    levels = group_means(x, codes, len(wanted))
    weights = (wanted / sizes)[codes] - (wanted @ levels) @ common
    residuals = within_y - within_x @ (common @ y)
    leverage = 1.0 / sizes[codes] + np.einsum("ni,in->n", within_x, common)
    whole = 1.0 - leverage < RANK_TOLERANCE
    # Whoever has leverage one outside the contrast weighs nothing in it, but for rounding.
    weights[whole & (np.abs(weights) <= RANK_TOLERANCE * np.abs(weights).max())] = 0.0
    squares = (weights**2 / np.where(whole, 1.0, 1.0 - leverage)) @ residuals**2
    perfect = (residuals**2).sum(axis=0) <= PERFECT_FIT * (y**2).sum(axis=0)
    nothing = squares <= PERFECT_FIT * _size(weights[None], y)[0]
    lone = bool((whole & (weights != 0.0)).any())
    errors = np.where(perfect | nothing | lone, np.nan, np.sqrt(squares))
    return ContrastFit(weights @ y, errors, perfect, nothing, leverage, whole, len(x) - k, len(x), weights, residuals)


def _take_out(
    y: FloatArray, x: FloatArray, absorbed: npt.ArrayLike | None, weights: FloatArray | None = None
) -> tuple[FloatArray, FloatArray, int]:
    """Outcomes and design less the means of the absorbed groups, and the number of coefficients with their dummies.

    With `weights` (n,) the means are weighted.
    """
    if absorbed is None:
        return y, x, x.shape[1]
    levels, codes = np.unique(np.asarray(absorbed), return_inverse=True)
    both = np.hstack([x, y])
    if weights is None:
        both = deviations(both, codes, len(levels))
    else:
        sizes = group_means(weights[:, None], codes, len(levels))
        both = both - (group_means(weights[:, None] * both, codes, len(levels)) / sizes)[codes]
    return both[:, x.shape[1] :], both[:, : x.shape[1]], x.shape[1] + len(levels)


def deviations(values: FloatArray, codes: npt.NDArray[np.intp], count: int) -> FloatArray:
    """`values` (n, m) less the mean of their group; `codes` (n,) numbers `count` groups from 0, none of them empty."""
    return np.asarray(values - group_means(values, codes, count)[codes], dtype=float)


def group_means(values: FloatArray, codes: npt.NDArray[np.intp], count: int) -> FloatArray:
    """The means (count, m) of `values` (n, m) by group; `codes` (n,) numbers `count` groups from 0, none empty."""
    order = np.argsort(codes, kind="stable")
    starts = np.searchsorted(codes[order], np.arange(count))
    sums = np.add.reduceat(values[order], starts, axis=0)
    return np.asarray(sums / np.bincount(codes, minlength=count)[:, None], dtype=float)


def coefficient_weights(design: npt.ArrayLike, columns: Sequence[str] | None = None) -> FloatArray:
    """The weights (k, n) with which each coefficient is exactly sum_i w_i y_i: (X'X)^-1 X'.

    Raises as `fit_cluster_ols` does.
    """
    return _weights(np.asarray(design, dtype=float), columns)


def require_full_rank(
    design: FloatArray, columns: Sequence[str] | None = None, upper: FloatArray | None = None
) -> None:
    """Raise RankDeficiencyError naming the first column of `design` (n, k) that the ones before it determine.

    `upper` (k, k) is the triangular factor of the design, where it is known already.
    """
    factor = np.asarray(np.linalg.qr(design, mode="r") if upper is None else upper)
    left = np.zeros(design.shape[1])  # of more columns than rows the last have nothing left
    left[: min(factor.shape)] = np.abs(np.diag(factor))
    dependent = np.flatnonzero(left <= RANK_TOLERANCE * np.linalg.norm(design, axis=0))
    if dependent.size:
        first = int(dependent[0])
        raise RankDeficiencyError(columns[first] if columns is not None else str(first))


def rank(design: FloatArray, lengths: FloatArray) -> int:
    """How many columns of a design (n, k) no others determine, beside their `lengths` (k,) before projection."""
    return int(np.linalg.matrix_rank(design / np.where(lengths > 0.0, lengths, 1.0), tol=RANK_TOLERANCE))


def is_aliased(weights: FloatArray, columns: FloatArray) -> npt.NDArray[np.bool_]:
    """Which sums weights @ outcomes, (p, n), some of `columns` (n, d) that were left out of the design would move.

    A column left out because others determine it takes nothing from a coefficient that its own does not enter; one that
    it does enter does not exist, for the outcomes cannot tell the two apart.
    """
    moved = np.abs(weights @ columns)
    size = np.outer(np.linalg.norm(weights, axis=1), np.linalg.norm(columns, axis=0))
    return np.asarray((moved > RANK_TOLERANCE * size).any(axis=1))


def _weights(
    x: FloatArray,
    columns: Sequence[str] | None,
    within: FloatArray | None = None,
    k: int | None = None,
    scale: FloatArray | None = None,
) -> FloatArray:
    """(X'X)^-1 X' (k, n) through one QR factorisation; `within` is X after k - its columns dummies are taken out.

    With a `scale` (n,) it is (X'WX)^-1 X'W, W those weights.
    """
    if not np.isfinite(x).all():
        raise ValueError("the design has missing values: take complete cases first")
    count = x.shape[1] if k is None else k
    matrix = x if within is None else within
    root = None if scale is None else np.sqrt(scale)
    scaled = matrix if root is None else root[:, None] * matrix
    if len(x) <= count and len(x) <= count - x.shape[1] + rank(scaled, np.linalg.norm(x, axis=0)):
        raise NoEstimateError(f"{len(x)} observations are too few for {count} coefficients")
    orthogonal, upper = np.linalg.qr(scaled)
    require_full_rank(x, columns, upper)
    found = np.asarray(np.linalg.solve(upper, orthogonal.T), dtype=float)
    return found if root is None else found * root


def _checked_outcomes(outcomes: npt.ArrayLike) -> FloatArray:
    y = np.asarray(outcomes, dtype=float)
    if not np.isfinite(y).all():
        raise ValueError("the outcomes have missing values: take complete cases first")
    return y


def _cluster_order(labels: npt.NDArray[np.generic], n: int) -> tuple[npt.NDArray[np.intp], list[int]]:
    """The rows in the order of their clusters, and the place in that order at which each cluster starts."""
    if len(labels) != n:
        raise ValueError(f"{len(labels)} cluster labels for {n} observations")
    if labels.dtype.kind == "f" and np.isnan(labels).any():
        raise ValueError("the clusters have missing values: take complete cases first")
    order = np.argsort(labels, kind="stable")
    ordered = labels[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])).tolist()
    return order, starts
