"""What stays from draw to draw of the lot: which persons are added up where, as sparse matrices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.stats.linear import IntArray, Linear
from pipeline.stats.ols import FloatArray


@dataclass(frozen=True)
class Group:
    """The c cells, of cluster and stratum, of the strata in which a group has members.

    sums: the sparse matrix whose product with treatment is the number of treated by cell, and the sums of their q
    columns of the basis, (c + q, N). cells: (c,) which of the problem's they are; strata, clusters: (c,), and
    to_strata, to_clusters the sparse matrices that add cells up. size: (c, 1), of everybody in the cell. rows: where
    `Cells.parts` expect the means of the cells and those sums.
    """

    sums: Any
    cells: IntArray
    strata: IntArray
    clusters: IntArray
    to_strata: Any
    to_clusters: Any
    size: FloatArray
    rows: slice

    def by_cluster(self, values: FloatArray) -> FloatArray:
        """`values` (c, b) added up by cluster: (G, b)."""
        return np.asarray(self.to_clusters @ values)


@dataclass(frozen=True)
class Cells:
    """A problem of p groups and G clusters with its rows among the N persons of the draws.

    leans and parts are sparse matrices (p * G * v, N + ...) of v columns each, whose product with treatment and what
    belongs in the `rows` of the groups is by cluster that of the columns with what is left of the treatments of a
    group. parts: of the shifts, then of the outcomes some at a time. leans: of twice the basis, less the basis times
    what it explains of the treatments only once. stratum_size: (s, 1).
    """

    groups: list[Group]
    leans: Any
    parts: list[Any]
    stratum_size: FloatArray

    @property
    def height(self) -> int:
        """The rows of what the matrices are multiplied with."""
        return self.groups[-1].rows.stop


def cells_of(problem: Linear, persons: int, rows: IntArray, together: int) -> Cells:
    """The cells of a problem whose rows (n,) are at the places `rows` of the `persons` of the draws."""
    pairs, cell_of = problem.cells
    sizes, groups, before = np.bincount(cell_of), list[Group](), persons
    q, strata = problem.basis.shape[1], int(problem.strata.max()) + 1
    for members in problem.members.T:
        own = np.flatnonzero(np.isin(pairs[:, 1], problem.strata[members]))
        c = len(own)
        numbers = np.ones(members.sum()), np.searchsorted(own, cell_of[members]), rows[members]
        sums = problem.basis[members], c + np.arange(q), rows[members, None]
        groups.append(
            Group(
                sums=_sparse([numbers, sums], (c + q, persons)),
                cells=own,
                strata=pairs[own, 1],
                clusters=pairs[own, 0],
                to_strata=_sparse([(np.ones(c), pairs[own, 1], np.arange(c))], (strata, c)),
                to_clusters=_sparse([(np.ones(c), pairs[own, 0], np.arange(c))], (len(problem.starts), c)),
                size=sizes[own, None].astype(float),
                rows=slice(before, before + c + q),
            )
        )
        before += c + q

    def part(known: FloatArray, share: float = 1.0) -> Any:
        return _part(problem, known, share, groups, rows, problem.to_cells @ known)

    outcomes = problem.residual(problem.outcomes)
    parts = [
        problem.residual(problem.effects),
        *np.split(outcomes, range(together, outcomes.shape[1], together), axis=1),
    ]
    size = np.bincount(problem.strata).astype(float)[:, None]
    return Cells(groups, part(2.0 * problem.basis, 0.5), [part(each) for each in parts], size)


def _part(
    problem: Linear, known: FloatArray, share: float, groups: list[Group], rows: IntArray, levels: FloatArray
) -> Any:
    """The matrix of columns `known` (n, v), with sums `levels` by cell, less a `share` of what the basis explains."""
    v, g = known.shape[1], len(problem.starts)
    leans = np.add.reduceat(known[:, :, None] * problem.basis[:, None], problem.starts)
    entries = []
    for k, (group, members) in enumerate(zip(groups, problem.members.T, strict=True)):
        into, c = k * g * v + np.arange(v), len(group.strata)
        means, lean = np.split(np.arange(group.rows.start, group.rows.stop), [c])
        entries += [
            (known[members], into + v * problem.clusters[members, None], rows[members, None]),
            (-levels[group.cells], into + v * group.clusters[:, None], means[:, None]),
            (-share * leans, into[:, None] + v * np.arange(g)[:, None, None], lean),
        ]
    return _sparse(entries, (len(groups) * g * v, groups[-1].rows.stop))


def _sparse(entries: list[tuple[Any, Any, Any]], shape: tuple[int, int]) -> Any:
    """The sparse matrix of values, their rows and their columns, which are repeated for values of more dimensions."""
    from scipy import sparse

    values, at, columns = (
        np.concatenate([np.broadcast_to(entry[item], entry[0].shape).ravel() for entry in entries]) for item in range(3)
    )
    return sparse.csr_array((values, (at, columns)), shape=shape)
