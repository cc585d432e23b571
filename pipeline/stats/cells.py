"""What stays from draw to draw of the lot: which persons are added up where, as sparse matrices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.stats.linear import IntArray, Linear
from pipeline.stats.ols import FloatArray


@dataclass(frozen=True)
class Group:
    """The c cells, of cluster and stratum, of the strata in which a group has members.

    numbers: the sparse matrix (c, N) whose product with treatment is the number of treated by cell. cells: (c,) which
    of the problem's they are; strata, clusters: (c,), and to_strata, to_clusters the sparse matrices that add cells up.
    size: (c, 1), of everybody in the cell. means, leans: where the matrices of `Cells` expect the mean treatment of
    the stratum of each cell, and what the q columns of the basis explain of treatment.
    """

    numbers: Any
    cells: IntArray
    strata: IntArray
    clusters: IntArray
    to_strata: Any
    to_clusters: Any
    size: FloatArray
    means: slice
    leans: slice

    def by_cluster(self, values: FloatArray) -> FloatArray:
        """`values` (c, b) added up by cluster: (G, b)."""
        return np.asarray(self.to_clusters @ values)


@dataclass(frozen=True)
class Cells:
    """A problem of p groups and G clusters with its rows among the N persons of the draws.

    bases and parts are sparse matrices (p * G * v, N + ...) of v columns each, whose product with treatment and what
    belongs in the `means` and `leans` of the groups is by cluster that of the columns with what is left of the
    treatments of a group. parts: of what strata and covariates leave of the columns asked for, some at a time. bases:
    of the basis, with what strata alone leave of the treatments. crossed: (G, q, q), by cluster that of the basis with
    itself. stratum_size: (s, 1). meet: (p, p), whether two groups have a stratum in common.
    """

    groups: list[Group]
    bases: Any
    crossed: FloatArray
    parts: list[Any]
    stratum_size: FloatArray
    meet: npt.NDArray[np.bool_]

    @property
    def height(self) -> int:
        """The rows of what the matrices are multiplied with."""
        return self.groups[-1].leans.stop


def cells_of(problem: Linear, persons: int, rows: IntArray, columns: list[FloatArray]) -> Cells:
    """The cells of a problem whose rows (n,) are at the places `rows` of the `persons`, for `columns` (n, v) a part."""
    pairs, cell_of = problem.cells
    sizes, groups, before = np.bincount(cell_of), list[Group](), persons
    q, strata = problem.basis.shape[1], int(problem.strata.max()) + 1
    for members in problem.members.T:
        own = np.flatnonzero(np.isin(pairs[:, 1], problem.strata[members]))
        c = len(own)
        into = np.searchsorted(own, cell_of[members])
        groups.append(
            Group(
                numbers=_sparse([(np.ones(len(into)), into, rows[members])], (c, persons)),
                cells=own,
                strata=pairs[own, 1],
                clusters=pairs[own, 0],
                to_strata=_sparse([(np.ones(c), pairs[own, 1], np.arange(c))], (strata, c)),
                to_clusters=_sparse([(np.ones(c), pairs[own, 0], np.arange(c))], (len(problem.starts), c)),
                size=sizes[own, None].astype(float),
                means=slice(before, before + c),
                leans=slice(before + c, before + c + q),
            )
        )
        before += c + q

    def crossed(known: FloatArray) -> FloatArray:
        return np.asarray(np.add.reduceat(known[:, :, None] * problem.basis[:, None], problem.starts), dtype=float)

    residuals = (problem.residual(each) for each in columns)
    bases, *parts = (
        _part(problem, known, groups, rows, leans)
        for known, leans in ((problem.basis, None), *((each, crossed(each)) for each in residuals))
    )
    size = np.bincount(problem.strata).astype(float)[:, None]
    meet = np.array([[np.isin(one.strata, other.strata).any() for other in groups] for one in groups])
    return Cells(groups, bases, crossed(problem.basis), parts, size, meet)


def _part(problem: Linear, known: FloatArray, groups: list[Group], rows: IntArray, leans: FloatArray | None) -> Any:
    """The matrix of columns `known` (n, v), less what the basis explains by products with it, `leans` (G, v, q)."""
    v, g, levels = known.shape[1], len(problem.starts), problem.to_cells @ known
    entries = []
    for k, (group, members) in enumerate(zip(groups, problem.members.T, strict=True)):
        into = k * g * v + np.arange(v)
        means, lean = (np.arange(each.start, each.stop) for each in (group.means, group.leans))
        entries += [
            (known[members], into + v * problem.clusters[members, None], rows[members, None]),
            (-levels[group.cells], into + v * group.clusters[:, None], means[:, None]),
        ]
        if leans is not None:
            entries.append((-leans, into[:, None] + v * np.arange(g)[:, None, None], lean))
    return _sparse(entries, (len(groups) * g * v, groups[-1].leans.stop))


def _sparse(entries: list[tuple[Any, Any, Any]], shape: tuple[int, int]) -> Any:
    """The sparse matrix of values, their rows and their columns, which are repeated for values of more dimensions."""
    from scipy import sparse

    values, at, columns = (
        np.concatenate([np.broadcast_to(entry[item], entry[0].shape).ravel() for entry in entries]) for item in range(3)
    )
    return sparse.csr_array((values, (at, columns)), shape=shape)
