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
    is_mean, dummies = there[:, :, None], np.vstack([strata, strata])
    columns = np.concatenate([arm, values[:, :, 2:], values[:, :, :2]], axis=2) * is_mean
    averages = dummies.T @ columns / np.maximum(there @ dummies, 1)[:, :, None]  # by stratum (b, s, v)
    columns = (columns - dummies @ averages) * is_mean
    x, y = columns[:, :, :-2], columns[:, :, -2:]
    inverse, lost = _inverted(x.transpose(0, 2, 1) @ x)
    found = inverse @ (x.transpose(0, 2, 1) @ y)  # (b, k, 2)
    scores = (x @ inverse[:, :, [0]]) * (y - x @ found)
    inside = (np.concatenate([clusters, clusters]) == np.unique(clusters)[:, None]).astype(float)
    summed = inside @ scores  # (b, G, 2)
    n, k, g = there.sum(axis=1), x.shape[2] + dummies.shape[1], summed.shape[1]
    factor = g / (g - 1) * (n - 1) / (n - k)
    own, shift = summed[:, :, 0], summed[:, :, 1]
    products = (factor * (one * other).sum(axis=1) for one, other in ((own, own), (own, shift), (shift, shift)))
    return np.where(lost | (n <= k), np.nan, found[:, 0, 0]), found[:, 0, 1], *products


def _inverted(products: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The inverses (B, k, k) of sums of products of columns, and of which draws (B,) some determine another."""
    size = np.sqrt(np.einsum("bkk->bk", products))
    known = np.where(size > 1e-10, size, 1.0)
    scaled = products / known[:, :, None] / known[:, None]
    lost = (size <= 1e-10).any(axis=1) | (np.abs(np.linalg.det(scaled)) <= 1e-10)
    scaled[lost] = np.eye(size.shape[1])
    return np.linalg.inv(scaled) / known[:, :, None] / known[:, None], lost


def of_strata(case: Case, values: np.ndarray, lots: np.ndarray, at: float) -> Forms:
    """An effect for each stratum with both arms of each draw, averaged by size, with HC2; values: (n,) the outcome."""
    strata = pd.factorize(case.people["stratum_"])[0]
    known = np.column_stack([values, case.people["treated"] == 1, case.people[case.covariates].astype(float)])
    parts = [
        _strata(strata, known.astype(float), lots[:, start : start + BLOCK].astype(float))
        for start in range(0, lots.shape[1], BLOCK)
    ]
    a, c, yy, yd, dd = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Forms(a - at * c, c, yy - 2 * at * yd + at**2 * dd, yd - at * dd, dd)


def _strata(strata: np.ndarray, known: np.ndarray, drawn: np.ndarray) -> tuple[np.ndarray, ...]:
    """Of draws (n, b): effects on outcome and on the treatment that was drawn, and sums of HC2's products of both."""
    inside = (strata == np.arange(strata.max() + 1)[:, None]).astype(float)
    sizes = np.stack([inside @ (1 - drawn), inside @ drawn])  # (2, s, b)
    total = np.where((sizes > 0).all(axis=0), sizes.sum(axis=0), 0.0)
    shares = np.array([-1.0, 1.0])[:, None, None] * total / total.sum(axis=0)
    means = [
        np.stack([inside @ (c[:, None] * arm) for arm in (1 - drawn, drawn)]) / np.maximum(sizes, 1) for c in known.T
    ]

    def own(cells: np.ndarray) -> np.ndarray:
        """The value of each person's cell (n, b)."""
        return np.where(drawn > 0.5, cells[1][strata], cells[0][strata])

    y, d, *x = [column[:, None] - own(mean) for column, mean in zip(known.T, means, strict=True)]
    average = [(shares * mean).sum(axis=(0, 1)) for mean in means]  # each (b,)
    weights, left, estimates, residuals = own(shares / np.maximum(sizes, 1)), 1 - 1 / own(sizes), average[:2], [y, d]
    lost = ~(total > 0).any(axis=0)
    if x:
        inverse, singular = _inverted(
            np.array([[(one * two).sum(axis=0) for two in x] for one in x]).transpose(2, 0, 1)
        )
        lost |= singular
        leaning = np.einsum("bkl,lnb->knb", inverse, np.array(x))  # (q, n, b)
        weights = weights - sum(mean * part for mean, part in zip(average[2:], leaning, strict=True))
        left = left - sum(column * part for column, part in zip(x, leaning, strict=True))
        slopes = [[(part * value).sum(axis=0) for part in leaning] for value in (y, d)]
        for place, slope in enumerate(slopes):
            residuals[place] = residuals[place] - sum(b * column for b, column in zip(slope, x, strict=True))
            estimates[place] = estimates[place] - sum(b * mean for b, mean in zip(slope, average[2:], strict=True))
    alone = left < 1e-10
    lost |= (alone & (np.abs(weights) > 1e-10)).any(axis=0)
    omega = np.where(alone, 0.0, weights**2 / np.where(alone, 1.0, left))
    e, f = residuals
    products = ((omega * one * other).sum(axis=0) for one, other in ((e, e), (e, f), (f, f)))
    return np.where(lost, np.nan, estimates[0]), estimates[1], *products
