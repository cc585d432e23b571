"""The lot drawn again where means by cluster and arm are regressed: every draw has means of its own."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.stats.draws import Draws
from pipeline.stats.linear import inverse_of
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
    adders = [_adder(np.tile(codes, 2)) for codes in pairs.T]
    parts = []
    for start in range(0, len(draws), width):
        treated = np.asarray(draws[start : start + width][:, order], dtype=float)
        parts.append(_block(known, treated, pairs, bounds, q, *adders))
    values, yy, yd = (np.concatenate([part[item] for part in parts]).T for item in range(3))  # (m + 1, B)
    at = estimates[:, None]
    b, c, dd = values[:m], values[m], yy[m]
    return Draws(b - at * c, c, yy[:m] - 2 * at * yd[:m] + at**2 * dd, yd[:m] - at * dd, dd)


def _block(
    known: FloatArray, treated: FloatArray, pairs: npt.NDArray[np.intp], bounds: npt.NDArray[np.intp], q: int,
    to_clusters: Any, to_strata: Any,
) -> tuple[FloatArray, FloatArray, FloatArray]:  # fmt: skip
    """Of draws `treated` (b, n): effects (b, v) of outcomes and shift, variances, and covariances with the shift."""
    count, strata = len(pairs), np.tile(pairs[:, 1], 2)
    sums, sizes = np.empty((2 * count, len(treated), known.shape[1])), np.empty((2 * count, len(treated)))
    for pair, (start, end) in enumerate(pairwise(bounds)):
        sums[count + pair] = treated[:, start:end] @ known[start:end]
    sizes[count:] = np.add.reduceat(treated, bounds[:-1], axis=1).T
    sums[:count] = np.add.reduceat(known, bounds[:-1])[:, None] - sums[count:]
    sizes[:count] = np.diff(bounds)[:, None] - sizes[count:]
    is_there = sizes > 0.5
    values = np.concatenate([sums / np.maximum(sizes, 1.0)[:, :, None], np.empty((2 * count, len(treated), 1))], axis=2)
    values[:, :, -1] = (np.arange(2 * count) >= count)[:, None]
    values[~is_there] = 0.0
    values = _within(values, strata, to_strata, is_there)
    v = known.shape[1] - q
    x = values[:, :, v:]  # covariates, then treatment
    gram = np.einsum("rbk,rbl->klb", x, x)
    inverses, lost = inverse_of(gram, np.maximum(np.einsum("kkb->kb", gram), 1e-300))
    inverse = inverses.transpose(2, 0, 1)
    coefficients = inverse @ (x.transpose(1, 2, 0) @ values[:, :, :v].transpose(1, 0, 2))
    weights = np.einsum("rbk,bk->rb", x, inverse[:, -1])
    scores = values[:, :, :v] - (x.transpose(1, 0, 2) @ coefficients).transpose(1, 0, 2)
    scores *= weights[:, :, None]
    by_cluster = _added(to_clusters, scores)
    n, g = is_there.sum(axis=0), len(by_cluster)
    k = q + 1 + len(np.unique(strata))
    factor = ((g / (g - 1)) * (n - 1) / np.maximum(n - k, 1))[:, None]
    yy = factor * np.einsum("gbv,gbv->bv", by_cluster, by_cluster)
    yd = factor * np.einsum("gbv,gb->bv", by_cluster, by_cluster[:, :, -1])
    found = coefficients[:, -1].copy()
    found[lost | (n <= k)] = np.nan
    return found, yy, yd


def _within(
    values: FloatArray, strata: npt.NDArray[np.intp], to_strata: Any, is_there: npt.NDArray[np.bool_]
) -> FloatArray:
    """`values` (r, b, v) less the mean over the rows of their stratum that are there; nothing where they are not."""
    means = _added(to_strata, values) / np.maximum(to_strata @ is_there, 1.0)[:, :, None]
    inside = values - means[strata]
    inside[~is_there] = 0.0
    return inside


def _adder(codes: npt.NDArray[np.intp]) -> Any:
    """The sparse matrix that adds rows up by their code (r,), from 0."""
    from scipy import sparse

    return sparse.csr_array((np.ones(len(codes)), (codes, np.arange(len(codes)))))


def _added(adder: Any, values: FloatArray) -> FloatArray:
    """`values` (r, ...) added up."""
    return np.asarray((adder @ values.reshape(len(values), -1)).reshape(-1, *values.shape[1:]))
