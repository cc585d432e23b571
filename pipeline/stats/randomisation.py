"""Randomisation inference: the lot drawn again within its blocks, the statistic studentised with the reported error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.stats.draws import Draws
from pipeline.stats.linear import IntArray, Linear, is_singular, solve
from pipeline.stats.ols import FloatArray

# Draws of a block: so many that the scores of a cluster stay in the cache of a core.
NUMBERS, FEWEST, MOST = 2**15, 128, 1024


@dataclass(frozen=True)
class _Prepared:
    """A problem with its rows among the N persons of the draws, zero for whoever is not in it.

    known: (m + r, N), what strata and covariates leave of the outcomes and of the shifts; members: (p, N); sums: the
    sparse matrix whose product with treatment is, by group and cell of cluster and stratum, the number of treated and
    the sums of their q basis columns, (p * c * (1 + q), N). cell_*: by cell its stratum, cluster and size, and sums of
    its basis (c, q). constants: by cluster -(sums of known by its cells, and of known times basis), (m + r, cells + q).
    squares: (G, q * q) sums of products of the basis by cluster. spans, cells: by cluster its persons and its cells.
    """

    known: FloatArray
    members: FloatArray
    sums: Any
    cell_stratum: IntArray
    cell_size: FloatArray
    cell_basis: FloatArray
    first_cell: IntArray
    stratum_size: FloatArray
    constants: list[FloatArray]
    squares: FloatArray
    spans: list[slice]
    cells: list[slice]


def redraw(problem: Linear, draws: npt.NDArray[np.bool_], rows: IntArray) -> list[Draws]:
    """What each effect asked for would be, had the lot given `draws` (N, B): an item a row of the problem's contrasts.

    `rows` (n,) are the places of the problem's rows among the N persons, who are in the order of their clusters.
    Strata, covariates, groups and clusters stay; treatment is that of the draw. Under the hypothesis that an effect is
    tau everywhere, outcomes less tau times the treatment that was drawn do not depend on the lot, so least squares of
    both on the draw give its statistic for every tau. The variance is the clustered one of the model. Exact where the
    effect is the same for all; because it is studentised with a robust error, valid in large trials for the average
    effect too (Wu and Ding 2021; Zhao and Ding 2021).

    No row is looked at twice: the cluster's sums of treated outcomes and covariates give all of it.
    """
    found, prepared, m = solve(problem), _prepare(problem, draws.shape[0], rows), problem.outcomes.shape[1]
    width = min(max(FEWEST, NUMBERS // len(prepared.known)), MOST)
    parts = []
    for start in range(0, draws.shape[1], width):
        treated = np.asarray(draws[:, start : start + width], dtype=float)
        parts.append(_draw_block(problem, prepared, m, treated))
    results = []
    for row in range(len(problem.contrasts)):
        b, c, yy, yd, dd = (np.concatenate([part[row][item] for part in parts], axis=-1) for item in range(5))
        estimate = found.estimates[row][:, None]
        results.append(Draws(b - estimate * c, c, yy - 2 * estimate * yd + estimate**2 * dd, yd - estimate * dd, dd))
    return results


def _prepare(problem: Linear, persons: int, rows: IntArray) -> _Prepared:
    from scipy import sparse

    p, basis = problem.members.shape[1], problem.basis
    known = np.hstack([problem.residual(problem.outcomes), problem.residual(problem.shifts)])
    pairs, cell_of = np.unique(np.column_stack([problem.clusters, problem.strata]), axis=0, return_inverse=True)
    c, q, width = len(pairs), basis.shape[1], 1 + basis.shape[1]
    features = np.column_stack([np.ones(len(rows)), basis])
    entries = problem.members[:, :, None] * features[:, None, :]
    places = (np.arange(p)[:, None] * c + cell_of[:, None, None]) * width + np.arange(width)
    columns = np.broadcast_to(rows[:, None, None], entries.shape)
    sums = sparse.csr_array((entries.ravel(), (places.ravel(), columns.ravel())), shape=(p * c * width, persons))
    sums.eliminate_zeros()

    def by_cell(values: FloatArray) -> FloatArray:
        totals = np.zeros((c, values.shape[1]))
        np.add.at(totals, cell_of, values)
        return totals

    first_cell = np.searchsorted(pairs[:, 0], np.arange(len(problem.starts)))
    cells = [slice(start, end) for start, end in zip(first_cell.tolist(), [*first_cell[1:].tolist(), c], strict=True)]
    cell_known = by_cell(known)
    constants = [
        -np.hstack([cell_known[own].T, known[span].T @ basis[span]])
        for own, span in zip(cells, problem.bounds, strict=True)
    ]
    return _Prepared(
        known=_spread(known, persons, rows).T.copy(),
        members=_spread(np.asarray(problem.members, dtype=float), persons, rows).T.copy(),
        sums=sums,
        cell_stratum=pairs[:, 1],
        cell_size=np.bincount(cell_of).astype(float),
        cell_basis=by_cell(basis),
        first_cell=first_cell,
        stratum_size=np.bincount(problem.strata).astype(float),
        constants=constants,
        squares=np.array([(basis[span].T @ basis[span]).ravel() for span in problem.bounds]),
        spans=[slice(int(rows[span.start]), int(rows[span.stop - 1]) + 1) for span in problem.bounds],
        cells=cells,
    )


def _spread(values: FloatArray, persons: int, rows: IntArray) -> FloatArray:
    whole = np.zeros((persons, values.shape[1]))
    whole[rows] = values
    return whole


def _draw_block(problem: Linear, prepared: _Prepared, m: int, treated: FloatArray) -> list[tuple[FloatArray, ...]]:
    """By row of the contrasts, of draws (N, b): effect of the outcomes (m, b) and of the shift (b,), and products.

    The products are the variance of the outcomes' effects, their covariance with the shift's, and its variance.
    """
    p, c, q = len(prepared.members), len(prepared.cell_size), prepared.cell_basis.shape[1]
    sums = (prepared.sums @ treated).reshape(p, c, 1 + q, -1)
    numbers, lean = sums[:, :, 0], sums[:, :, 1:].sum(axis=1)  # (p, c, b), (p, q, b)
    strata = len(prepared.stratum_size)
    means = np.zeros((p, strata, treated.shape[1]))
    np.add.at(means, (slice(None), prepared.cell_stratum), numbers)
    means /= prepared.stratum_size[:, None]
    own_means = means[:, prepared.cell_stratum]  # (p, c, b)
    products = _products(prepared, sums, own_means, lean)  # (p, p, G, b)
    gram = products.sum(axis=2).transpose(2, 0, 1)
    lost = is_singular(gram, numbers.sum(axis=1).T)
    gram[lost] = np.eye(p)
    inverse = np.linalg.inv(gram)
    moments = np.array([(prepared.known * own) @ treated for own in prepared.members])  # (p, m + r, b)
    effects = np.einsum("bkl,lmb->kmb", inverse, moments) if p > 1 else moments * inverse[:, 0, 0]
    turns = np.einsum("rk,bkl->rlb", problem.contrasts, inverse)  # a contrast's score is their sum over effects
    found = _squares(prepared, m, treated, (own_means, lean), products, effects, turns)
    rows = []
    for row, contrast in enumerate(problem.contrasts):
        values = np.einsum("k,kmb->mb", contrast, effects)
        parts = [values[:m], values[m + row], *(problem.factor * part for part in found[row])]
        for part in parts:
            part[..., lost] = np.nan
        rows.append(tuple(parts))
    return rows


def _products(prepared: _Prepared, sums: FloatArray, means: FloatArray, lean: FloatArray) -> FloatArray:
    """The sums over each cluster of products of what is left of the treatments of two groups: (p, p, G, b).

    What is left of a person's treatment is it less the mean of the stratum, less basis times `lean` (p, q, b).
    """
    p, b = len(means), means.shape[2]
    numbers, size = sums[:, :, 0], prepared.cell_size[:, None]
    inside = np.array([prepared.cell_basis @ own for own in lean]) if lean.shape[1] else np.zeros_like(means)
    found = np.empty((p, p, len(prepared.first_cell), b))
    for k in range(p):
        for other in range(k + 1):
            cells = means[k] * (size * means[other] - numbers[other] + inside[other])
            cells += means[other] * (inside[k] - numbers[k])
            if k == other:
                cells += numbers[k]
            for i in range(lean.shape[1]):
                cells -= sums[other, :, 1 + i] * lean[k, i]
                cells -= sums[k, :, 1 + i] * lean[other, i]
            own = np.add.reduceat(cells, prepared.first_cell, axis=0)
            if lean.shape[1]:
                own += prepared.squares @ (lean[k][:, None] * lean[other][None]).reshape(-1, b)
            found[k, other] = found[other, k] = own
    return found


def _squares(
    prepared: _Prepared, m: int, treated: FloatArray, levels: tuple[FloatArray, FloatArray], products: FloatArray,
    effects: FloatArray, turns: FloatArray,
) -> list[tuple[FloatArray, FloatArray, FloatArray]]:  # fmt: skip
    """By row of the contrasts: squared scores of the outcomes (m, b), them times the shift's (m, b), its squares (b,)."""
    means, lean = levels
    p, r, b = len(means), len(turns), treated.shape[1]
    totals = [(np.zeros((m, b)), np.zeros((m, b)), np.zeros(b)) for _ in range(r)]
    for cluster, (span, cells) in enumerate(zip(prepared.spans, prepared.cells, strict=True)):
        scores = []
        for k in range(p):
            own = (prepared.known[:, span] * prepared.members[k, span]) @ treated[span]
            own += prepared.constants[cluster] @ np.concatenate([means[k, cells], lean[k]])
            for other in range(p):
                own -= effects[other] * products[k, other, cluster]
            scores.append(own)
        for row, (yy, yd, dd) in enumerate(totals):
            turned = scores[0] * turns[row, 0]
            for k in range(1, p):
                turned += scores[k] * turns[row, k]
            shift = turned[m + row]
            yy += turned[:m] ** 2
            yd += turned[:m] * shift
            dd += shift**2
    return totals
