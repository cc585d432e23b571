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
NUMBERS, FEWEST, MOST = 2**15, 128, 512
CACHED = 2**15  # numbers of the clusters that are added up at once


@dataclass(frozen=True)
class _Group:
    """What stays from draw to draw of the cells, c of cluster and stratum, of the strata in which a group has members.

    sums: the sparse matrix whose product with treatment is by cell the number of treated, then the sums of their q
    basis columns, ((1 + q) * c, N). strata: (c,), and to_strata the sparse matrix that adds cells up by stratum. size:
    (c, 1), of everybody in the cell; basis: (c, q), their sums. first: (g,) the first cell of each of the clusters
    `within`.
    known: (m + p, N), what strata and covariates leave of outcomes and shifts, zero outside the group; constants: by
    cluster what its level and lean add to a score.
    """

    sums: Any
    cells: IntArray
    strata: IntArray
    to_strata: Any
    size: FloatArray
    basis: FloatArray
    first: IntArray
    within: IntArray
    known: FloatArray
    constants: list[FloatArray]


@dataclass(frozen=True)
class _Prepared:
    """A problem with its rows among the N persons of the draws: its groups, and by cluster its persons.

    squares: (G, q * q) sums of products of the basis; stratum_size: (s, 1).
    """

    groups: list[_Group]
    stratum_size: FloatArray
    squares: FloatArray
    spans: list[slice]


def redraw(problem: Linear, draws: npt.NDArray[np.bool_], rows: IntArray) -> list[Draws]:
    """What each effect asked for would be, had the lot given `draws` (N, B): an item a row of the problem's contrasts.

    `rows` (n,) are the places of the problem's rows among the N persons, who are in the order of their clusters.
    Strata, covariates, groups and clusters stay; treatment is that of the draw. Under the hypothesis that an effect is
    tau everywhere, outcomes less tau times the treatment that was drawn do not depend on the lot, so least squares of
    both on the draw give its statistic for every tau. The variance is the clustered one of the model. Exact where the
    effect is the same for all; because it is studentised with a robust error, valid in large trials for the average
    effect too (Wu and Ding 2021; Zhao and Ding 2021).

    No row is looked at twice: the clusters' sums of treated outcomes and covariates give all of it.
    """
    found, prepared, m = solve(problem), _prepare(problem, draws.shape[0], rows), problem.outcomes.shape[1]
    width = min(max(FEWEST, NUMBERS // len(prepared.groups[0].known)), MOST)
    blocks = [
        _draw_block(problem, prepared, m, np.asarray(draws[:, start : start + width], dtype=float))
        for start in range(0, draws.shape[1], width)
    ]
    results = []
    for row in range(len(problem.contrasts)):
        b, c, yy, yd, dd = (np.concatenate([block[row][item] for block in blocks], axis=-1) for item in range(5))
        at = found.estimates[row][:, None]
        results.append(Draws(b - at * c, c, yy - 2 * at * yd + at**2 * dd, yd - at * dd, dd))
    return results


def _prepare(problem: Linear, persons: int, rows: IntArray) -> _Prepared:
    basis = problem.basis
    known = np.hstack([problem.residual(problem.outcomes), problem.residual(problem.effects)])
    pairs, cell_of = np.unique(np.column_stack([problem.clusters, problem.strata]), axis=0, return_inverse=True)
    groups = [_group(problem, own, known, pairs, cell_of, persons, rows) for own in problem.members.T]
    return _Prepared(
        groups=groups,
        stratum_size=np.bincount(problem.strata).astype(float)[:, None],
        squares=np.array([(basis[span].T @ basis[span]).ravel() for span in problem.bounds]),
        spans=[slice(int(rows[span.start]), int(rows[span.stop - 1]) + 1) for span in problem.bounds],
    )


def _group(
    problem: Linear, members: npt.NDArray[np.bool_], known: FloatArray, pairs: IntArray, cell_of: IntArray,
    persons: int, rows: IntArray,
) -> _Group:  # fmt: skip
    from scipy import sparse

    own = np.flatnonzero(np.isin(pairs[:, 1], problem.strata[members]))
    place, c, q = np.searchsorted(own, cell_of), len(own), problem.basis.shape[1]
    features = np.column_stack([np.ones(len(rows)), problem.basis])[members]
    at = np.arange(1 + q) * c + place[members][:, None]
    columns = np.broadcast_to(rows[members][:, None], at.shape)
    sums = sparse.csr_array((features.ravel(), (at.ravel(), columns.ravel())), shape=((1 + q) * c, persons))
    strata, clusters = pairs[own, 1], pairs[own, 0]
    ones = (np.ones(c), (strata, np.arange(c)))
    indicator = np.asarray(cell_of[:, None] == own, dtype=float)
    whole = np.zeros((known.shape[1], persons))
    whole[:, rows[members]] = known[members].T
    within, first = np.unique(clusters, return_index=True)
    return _Group(
        sums=sums,
        cells=own,
        strata=strata,
        to_strata=sparse.csr_array(ones, shape=(int(problem.strata.max()) + 1, c)),
        size=indicator.sum(axis=0)[:, None],
        basis=indicator.T @ problem.basis,
        first=first,
        within=within,
        known=whole,
        constants=[
            -known[span].T @ np.hstack([indicator[span][:, clusters == cluster], problem.basis[span]])
            for cluster, span in enumerate(problem.bounds)
        ],
    )


@dataclass(frozen=True)
class _Drawn:
    """The treated of a group in b draws: by cell their number (c, b), basis sums (q, c, b) and stratum's mean (c, b).

    lean: (q, b), what the basis explains of treatment; by_cluster: the cells of each cluster.
    """

    numbers: FloatArray
    sums: FloatArray
    means: FloatArray
    lean: FloatArray
    by_cluster: dict[int, slice]


def _draw(group: _Group, prepared: _Prepared, treated: FloatArray) -> _Drawn:
    sums = (group.sums @ treated).reshape(-1, len(group.cells), treated.shape[1])
    means = ((group.to_strata @ sums[0]) / prepared.stratum_size)[group.strata]
    ends = [*group.first[1:].tolist(), len(group.cells)]
    own = {int(g): slice(start, end) for g, start, end in zip(group.within, group.first.tolist(), ends, strict=True)}
    return _Drawn(sums[0], sums[1:], means, sums[1:].sum(axis=1), own)


def _draw_block(problem: Linear, prepared: _Prepared, m: int, treated: FloatArray) -> list[tuple[FloatArray, ...]]:
    """By row of the contrasts, of draws (N, b): effect of the outcomes (m, b) and of the shift (b,), and products.

    The products are the variance of the outcomes' effects, their covariance with the shift's, and its variance.
    """
    drawn = [_draw(group, prepared, treated) for group in prepared.groups]
    products = _products(prepared, drawn)
    gram = products.sum(axis=2).transpose(2, 0, 1)
    lost = is_singular(gram, np.array([each.numbers.sum(axis=0) for each in drawn]).T)
    gram[lost] = np.eye(len(drawn))
    inverse = np.linalg.inv(gram)
    moments = np.array([group.known @ treated for group in prepared.groups])  # (p, m + p, b)
    effects = np.einsum("bkl,lmb->kmb", inverse, moments) if len(drawn) > 1 else moments * inverse[:, 0, 0]
    turns = np.einsum("rk,bkl->rlb", problem.contrasts, inverse)  # a contrast's score is their sum over effects
    found = _squares(prepared, m, treated, drawn, products, effects, turns, problem.shifted)
    rows = []
    for contrast, squares, shifted in zip(problem.contrasts, found, problem.shifted, strict=True):
        values = np.einsum("k,kmb->mb", contrast, effects)
        parts = [values[:m], values[m + shifted], *(problem.factor * part for part in squares)]
        for part in parts:
            part[..., lost] = np.nan
        rows.append(tuple(parts))
    return rows


def _products(prepared: _Prepared, drawn: list[_Drawn]) -> FloatArray:
    """The sums over each cluster of products of what is left of the treatments of two groups: (p, p, G, b).

    What is left of a person's treatment is it less the mean of the stratum, less basis times lean.
    """
    p, q, b = len(drawn), len(drawn[0].lean), drawn[0].numbers.shape[1]
    found = np.zeros((p, p, len(prepared.spans), b))
    for k, (group, own) in enumerate(zip(prepared.groups, drawn, strict=True)):
        for other in range(p):
            # Each group's part by way of its own cells: its level and sums beside the other's lean.
            cells = np.zeros_like(own.means)
            if q:
                cells = own.means * (group.basis @ drawn[other].lean)
                cells -= np.einsum("qcb,qb->cb", own.sums, drawn[other].lean)
            if other == k:
                cells *= 2.0
                cells += own.means * (group.size * own.means - 2.0 * own.numbers)
                cells += own.numbers
            added = cells if len(group.first) == len(cells) else np.add.reduceat(cells, group.first, axis=0)
            everywhere = slice(None) if len(group.within) == len(prepared.spans) else group.within
            found[k, other, everywhere] += added
            if other != k:
                found[other, k, everywhere] += added
    for k in range(p):
        for other in range(k + 1):
            shared = _shared(prepared, drawn, k, other) if other != k else None
            if q:
                pairs = (drawn[k].lean[:, None] * drawn[other].lean[None]).reshape(-1, b)
                shared = prepared.squares @ pairs + (0.0 if shared is None else shared)
            if shared is not None:
                found[k, other] += shared
                if other != k:
                    found[other, k] += shared
    return found


def _shared(prepared: _Prepared, drawn: list[_Drawn], k: int, other: int) -> FloatArray | None:
    """What two groups that have members in the same cells, or strata, share in them by cluster (G, b); else nothing."""
    left, right = prepared.groups[k], prepared.groups[other]
    if not np.intersect1d(left.strata, right.strata).size:
        return None
    total = np.zeros((len(prepared.spans), drawn[k].numbers.shape[1]))
    strata = {}
    for group, each in ((left, drawn[k]), (right, drawn[other])):
        strata[id(group)] = (group.to_strata @ each.numbers) / prepared.stratum_size
    for group, each, facing in ((left, drawn[k], right), (right, drawn[other], left)):
        means = strata[id(facing)][group.strata]
        cells = -each.numbers * means
        if group is left:
            cells += group.size * each.means * means
        total[group.within] += np.add.reduceat(cells, group.first, axis=0)
    return total


def _squares(
    prepared: _Prepared, m: int, treated: FloatArray, drawn: list[_Drawn], products: FloatArray, effects: FloatArray,
    turns: FloatArray, shifted: IntArray,
) -> list[tuple[FloatArray, FloatArray, FloatArray]]:  # fmt: skip
    """By row of the contrasts: squared scores of the outcomes (m, b), them times the shift's (m, b), its squares (b,).

    Sums over clusters are of products of two groups' scores, of which each row's are weighted sums.
    """
    p, b, g = len(drawn), treated.shape[1], len(prepared.spans)
    pairs = [(k, other) for k in range(p) for other in range(k + 1)]
    own = {pair: np.zeros((m + p, b)) for pair in pairs}
    beside = {(k, other, shift): np.zeros((m, b)) for k in range(p) for other in range(p) for shift in set(shifted)}
    together = max(1, CACHED // ((m + p) * b))
    for first in range(0, g, together):
        clusters = range(first, min(first + together, g))
        scores = [_scores(prepared, k, drawn[k], treated, clusters) for k in range(p)]
        for k, score in enumerate(scores):
            for other in range(p):
                score -= effects[other] * products[k, other, first : clusters.stop, None]
        for (k, other), total in own.items():
            total += np.einsum("gjb,gjb->jb", scores[k], scores[other])
        for (k, other, shift), total in beside.items():
            total += np.einsum("gjb,gb->jb", scores[k][:, :m], scores[other][:, m + shift])
    found = []
    for turn, shift in zip(turns, shifted.tolist(), strict=True):
        squares = sum((1 + (k != o)) * turn[k] * turn[o] * own[k, o] for k, o in pairs)
        found.append((squares[:m], _sum_pairs(turn, beside, shift), squares[m + shift]))
    return found


def _scores(prepared: _Prepared, k: int, drawn: _Drawn, treated: FloatArray, clusters: range) -> FloatArray:
    """What is known of some clusters times what is left of the treatment of group k, summed: (g, m + p, b)."""
    group, nothing = prepared.groups[k], slice(0, 0)
    found = np.empty((len(clusters), len(group.known), treated.shape[1]))
    for place, cluster in enumerate(clusters):
        span = prepared.spans[cluster]
        levels = np.concatenate([drawn.means[drawn.by_cluster.get(cluster, nothing)], drawn.lean])
        np.matmul(group.known[:, span], treated[span], out=found[place])
        found[place] += group.constants[cluster] @ levels
    return found


def _sum_pairs(turn: FloatArray, beside: dict[tuple[int, int, int], FloatArray], shift: int) -> FloatArray:
    """The products of a row's scores with those of its shift, from those of the groups."""
    total = np.zeros_like(next(iter(beside.values())))
    for (k, other, own), values in beside.items():
        if own == shift:
            total += turn[k] * turn[other] * values
    return total
