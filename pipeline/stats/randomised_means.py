"""The lot drawn again where means by cluster and arm are regressed: every draw has means of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.stats.draws import Draws
from pipeline.stats.linear import is_singular
from pipeline.stats.ols import FloatArray

BLOCK = 2**18  # numbers of a block of draws


@dataclass(frozen=True)
class Averaged:
    """Outcomes (n, m) and covariates (n, q) of persons, of whom means by cluster and arm are regressed on strata.

    clusters, strata: (n,) numbers from 0; a cluster in several strata has means in each.
    """

    outcomes: FloatArray
    covariates: FloatArray
    treated: npt.NDArray[np.bool_]
    clusters: npt.NDArray[np.intp]
    strata: npt.NDArray[np.intp]


def redraw_means(problem: Averaged, draws: npt.NDArray[np.bool_], estimates: FloatArray) -> Draws:
    """What the effect and its clustered error would be, had the lot given `draws` (B, n); `estimates` (m,) as drawn.

    A cluster of which a draw leaves one arm has one mean, and the factor of the variance is that of the draw's means.
    """
    pairs, pair_of = np.unique(np.column_stack([problem.clusters, problem.strata]), axis=0, return_inverse=True)
    order = np.argsort(pair_of, kind="stable")
    bounds = np.searchsorted(pair_of[order], np.arange(len(pairs) + 1))
    known = np.column_stack([problem.outcomes, problem.treated, problem.covariates])[order]
    m, q = problem.outcomes.shape[1], problem.covariates.shape[1]
    width = max(4, BLOCK // (2 * len(pairs) * known.shape[1]))
    parts = []
    for start in range(0, len(draws), width):
        treated = np.asarray(draws[start : start + width][:, order], dtype=float)
        parts.append(_block(known, treated, pairs, bounds, q))
    values, yy, yd = (np.concatenate([part[item] for part in parts]).T for item in range(3))  # (m + 1, B)
    at = estimates[:, None]
    b, c, dd = values[:m], values[m], yy[m]
    return Draws(b - at * c, c, yy[:m] - 2 * at * yd[:m] + at**2 * dd, yd[:m] - at * dd, dd)


def _block(
    known: FloatArray, treated: FloatArray, pairs: npt.NDArray[np.intp], bounds: npt.NDArray[np.intp], q: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Of draws `treated` (b, n): effects (b, v) of outcomes and shift, variances, and covariances with the shift."""
    count = len(pairs)
    clusters, strata = np.concatenate([pairs[:, 0]] * 2), np.concatenate([pairs[:, 1]] * 2)
    sums, sizes = np.empty((2 * count, len(treated), known.shape[1])), np.empty((2 * count, len(treated)))
    for pair in range(count):
        rows = slice(bounds[pair], bounds[pair + 1])
        own = treated[:, rows]
        sums[count + pair], sizes[count + pair] = own @ known[rows], own.sum(axis=1)
        sums[pair] = known[rows].sum(axis=0) - sums[count + pair]
        sizes[pair] = own.shape[1] - sizes[count + pair]
    is_there = sizes > 0.5
    values = np.concatenate([sums / np.maximum(sizes, 1.0)[:, :, None], np.empty((2 * count, len(treated), 1))], axis=2)
    values[:, :, -1] = (np.arange(2 * count) >= count)[:, None]
    values[~is_there] = 0.0
    values = _within(values, strata, is_there)
    v = known.shape[1] - q
    x = values[:, :, v:]  # covariates, then treatment
    size = np.einsum("rbk,rbk->bk", x, x)
    gram = np.einsum("rbk,rbl->bkl", x, x)
    lost = is_singular(gram, np.maximum(size, 1e-300))
    gram[lost] = np.eye(q + 1)
    inverse = np.linalg.inv(gram)
    coefficients = inverse @ np.einsum("rbk,rbv->bkv", x, values[:, :, :v])
    weights = np.einsum("rbk,bk->rb", x, inverse[:, -1])
    scores = values[:, :, :v] - np.einsum("rbk,bkv->rbv", x, coefficients)
    scores *= weights[:, :, None]
    by_cluster = _added_by(clusters, scores)
    n, g = is_there.sum(axis=0), len(by_cluster)
    k = q + 1 + len(np.unique(strata))
    factor = ((g / (g - 1)) * (n - 1) / np.maximum(n - k, 1))[:, None]
    yy = factor * np.einsum("gbv,gbv->bv", by_cluster, by_cluster)
    yd = factor * np.einsum("gbv,gb->bv", by_cluster, by_cluster[:, :, -1])
    found = coefficients[:, -1].copy()
    found[lost | (n <= k)] = np.nan
    return found, yy, yd


def _within(values: FloatArray, strata: npt.NDArray[np.intp], is_there: npt.NDArray[np.bool_]) -> FloatArray:
    """`values` (r, b, v) less the mean over the rows of their stratum that are there; nothing where they are not."""
    counts = _added_by(strata, is_there.astype(float))
    means = _added_by(strata, values) / np.maximum(counts, 1.0)[:, :, None]
    inside = values - means[strata]
    inside[~is_there] = 0.0
    return inside


def _added_by(codes: npt.NDArray[np.intp], values: FloatArray) -> FloatArray:
    """`values` (r, ...) added up by their code (r,), from 0."""
    from scipy import sparse

    places = (codes, np.arange(len(codes)))
    indicator = sparse.csr_array((np.ones(len(codes)), places))
    return np.asarray((indicator @ values.reshape(len(values), -1)).reshape(-1, *values.shape[1:]))
