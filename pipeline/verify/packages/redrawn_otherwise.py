"""Draws of the lot where the model is no regression on persons: means of arms, an effect a stratum, an exit rate."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipeline.verify.packages.least_squares import Case
from pipeline.verify.packages.redrawn import Forms

BLOCK = 256  # draws


def of_means(case: Case, values: np.ndarray, lots: np.ndarray, at: float) -> Forms:
    """Means by cluster and arm of each draw (n, B), regressed on the strata's dummies, covariates and the arm.

    values: (n,) the outcome. A cluster without an arm has a mean less, a row of zeros here.
    """
    places = case.people.groupby(["cluster_", "stratum_"], sort=False).ngroup().to_numpy()
    first = np.unique(places, return_index=True)[1]
    cells = (places == np.arange(places.max() + 1)[:, None]).astype(float)  # (c, n)
    strata = pd.get_dummies(case.people["stratum_"].iloc[first], dtype=float).to_numpy()
    clusters = case.people["cluster_"].to_numpy()[first]
    known = np.column_stack([values, case.people["treated"] == 1, case.people[case.covariates].astype(float)])
    parts = []
    for start in range(0, lots.shape[1], BLOCK):
        drawn = lots[:, start : start + BLOCK].astype(float)
        parts.append(_means(cells, strata, clusters, known, drawn))
    a, c, yy, yd, dd = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Forms(a - at * c, c, yy - 2 * at * yd + at**2 * dd, yd - at * dd, dd)


def _means(
    cells: np.ndarray, strata: np.ndarray, clusters: np.ndarray, known: np.ndarray, drawn: np.ndarray
) -> tuple[np.ndarray, ...]:
    b, c = drawn.shape[1], len(cells)
    rows, sizes = [], []
    for arm in (1 - drawn, drawn):
        count = cells @ arm  # (c, b)
        sums = np.stack([cells @ (arm * column[:, None]) for column in known.T], axis=-1)  # (c, b, v)
        rows.append(sums / np.maximum(count, 1)[:, :, None])
        sizes.append(count > 0.5)
    values, there = np.concatenate(rows).transpose(1, 0, 2), np.concatenate(sizes).T  # (b, 2c, v), (b, 2c)
    arm = np.broadcast_to(np.repeat([0.0, 1.0], c)[None, :, None], (b, 2 * c, 1))
    dummies = np.broadcast_to(np.vstack([strata, strata])[None], (b, 2 * c, strata.shape[1]))
    x = np.concatenate([arm, dummies, values[:, :, 2:]], axis=2) * there[:, :, None]
    inverse = np.linalg.inv(x.transpose(0, 2, 1) @ x)
    found = inverse @ (x.transpose(0, 2, 1) @ values[:, :, :2])  # (b, k, 2)
    scores = (x @ inverse[:, :, [0]]) * (values[:, :, :2] - x @ found) * there[:, :, None]
    inside = (np.concatenate([clusters, clusters]) == np.unique(clusters)[:, None]).astype(float)
    summed = inside @ scores  # (b, G, 2)
    n, k, g = there.sum(axis=1), x.shape[2], summed.shape[1]
    factor = g / (g - 1) * (n - 1) / (n - k)
    y, d = summed[:, :, 0], summed[:, :, 1]
    products = (factor * (one * other).sum(axis=1) for one, other in ((y, y), (y, d), (d, d)))
    return found[:, 0, 0], found[:, 0, 1], *products


def of_strata(case: Case, values: np.ndarray, lots: np.ndarray, at: float) -> Forms:
    """An effect for each stratum with both arms of each draw, averaged by size, with HC2: a regression a draw."""
    strata = pd.factorize(case.people["stratum_"])[0]
    known = np.column_stack([values, case.people["treated"] == 1]).astype(float)
    covariates = case.people[case.covariates].to_numpy(dtype=float)
    rows = np.array([_strata(strata, known, covariates, drawn) for drawn in lots.T.astype(np.intp)])
    a, c, yy, yd, dd = rows.T
    return Forms(a - at * c, c, yy - 2 * at * yd + at**2 * dd, yd - at * dd, dd)


def _strata(strata: np.ndarray, known: np.ndarray, covariates: np.ndarray, drawn: np.ndarray) -> tuple[float, ...]:
    cells, count = 2 * strata + drawn, 2 * (strata.max() + 1)
    sizes = np.bincount(cells, minlength=count)
    both = (sizes[::2] > 0) & (sizes[1::2] > 0)
    total = np.where(both, sizes[::2] + sizes[1::2], 0)
    shares = np.repeat(total / total.sum(), 2) * np.tile([-1.0, 1.0], len(both))
    everything = np.column_stack([known, covariates])
    means = np.array([np.bincount(cells, column, count) for column in everything.T]) / np.maximum(sizes, 1)
    inside = everything - means[:, cells].T
    x = inside[:, 2:]
    inverse = np.linalg.inv(x.T @ x)
    slopes = inverse @ (x.T @ inside[:, :2])
    residuals = inside[:, :2] - x @ slopes
    lean = means[2:] @ shares
    weights = shares[cells] / sizes[cells] - x @ (inverse @ lean)
    left = 1 - 1 / sizes[cells] - ((x @ inverse) * x).sum(axis=1)
    alone = left < 1e-10
    if (np.abs(weights[alone]) > 1e-10).any():
        return (np.nan,) * 5
    omega = np.where(alone, 0.0, weights**2 / np.where(alone, 1.0, left))
    y, d = residuals.T
    estimate, shift = means[:2] @ shares - lean @ slopes
    return estimate, shift, omega @ (y * y), omega @ (y * d), omega @ (d * d)
