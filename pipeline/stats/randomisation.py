"""Randomisation inference: the lot drawn again within its blocks, the statistic studentised with the reported error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.stats.cells import Cells, Group, cells_of
from pipeline.stats.draws import Draws
from pipeline.stats.linear import IntArray, Linear, is_singular, solve
from pipeline.stats.ols import FloatArray

# Numbers of the scores of a block, so that they stay in the cache of a core, and how many draws those may be.
NUMBERS, FEWEST, MOST = 2**17, 256, 1024


@dataclass(frozen=True)
class _Drawn:
    """The treated of a group in b draws: by cell their number and the mean of its stratum, (c, b)."""

    numbers: FloatArray
    means: FloatArray


@dataclass(frozen=True)
class _Block:
    """What b draws of the lot are to all outcomes of a problem.

    known: what `Cells.parts` are multiplied with. products: (p, p, G, b), sums by cluster of products of what is left
    of the treatments of two groups; inverse: (p, p, b), of their sums, and lost: (b,), whether there is none. turns:
    (r, p, b), whose sum over the groups' scores is that of a row of the contrasts.
    """

    known: FloatArray
    products: FloatArray
    inverse: FloatArray
    lost: npt.NDArray[np.bool_]
    turns: FloatArray


def redraw(problem: Linear, draws: npt.NDArray[np.bool_], rows: IntArray) -> list[Draws]:
    """What each effect asked for would be, had the lot given `draws` (N, B): an item a row of the problem's contrasts.

    `rows` (n,) are the places of the problem's rows among the N persons, who are in the order of their clusters.
    Strata, covariates, groups and clusters stay; treatment is that of the draw. Under the hypothesis that an effect is
    tau everywhere, outcomes less tau times the treatment that was drawn do not depend on the lot, so least squares of
    both on the draw give its statistic for every tau. The variance is the clustered one of the model. Exact where the
    effect is the same for all; because it is studentised with a robust error, valid in large trials for the average
    effect too (Wu and Ding 2021; Zhao and Ding 2021).

    No row is looked at twice: the cells' sums of treated outcomes and covariates give all of it.
    """
    m, count = problem.outcomes.shape[1], draws.shape[1]
    each = len(problem.starts) * problem.members.shape[1]
    together = max(1, min(m, NUMBERS // (each * FEWEST)))
    width = min(max(FEWEST, NUMBERS // (each * together)), MOST)
    cells, estimates = cells_of(problem, draws.shape[0], rows, together), solve(problem).estimates
    shapes = (m, count), (count,), (m, count), (m, count), (count,)
    found = [Draws(*(np.full(shape, np.nan) for shape in shapes)) for _ in problem.contrasts]
    for start in range(0, count, width):
        span = slice(start, min(start + width, count))
        block = _block(problem, cells, draws[:, span])
        shifts = _fill_shifts(problem, cells, block, [_part_of(each, slice(m), span) for each in found])
        for first, part in zip(range(0, m, together), cells.parts[1:], strict=True):
            own = slice(first, first + together)
            into = [_part_of(each, own, span) for each in found]
            _fill_outcomes(problem, cells, block, part, shifts, estimates[:, own], into)
        for each in found:
            for values in (each.numerators, each.slopes, each.v0, each.v1, each.v2):
                values[..., span][..., block.lost] = np.nan
    return found


def _part_of(draws: Draws, outcomes: slice, span: slice) -> Draws:
    """Some outcomes of some draws, to be filled in."""
    own = (draws.numerators[outcomes, span], draws.slopes[span], draws.v0[outcomes, span], draws.v1[outcomes, span])
    return Draws(*own, draws.v2[span])


def _fill_shifts(problem: Linear, cells: Cells, block: _Block, found: list[Draws]) -> list[FloatArray]:
    """What a shift of each row of the contrasts adds to effects and variances; its scores (G, b)."""
    effects, scores = _scores(cells, block, cells.parts[0])
    shifts = []
    for row, shift in enumerate(problem.shifted.tolist()):
        turned = sum(turn * score for turn, score in zip(block.turns[row], scores[:, :, shift], strict=True))
        found[row].slopes[:] = problem.contrasts[row] @ effects[:, shift]
        found[row].v2[:] = problem.factor * np.einsum("gb,gb->b", turned, turned)
        shifts.append(turned)
    return shifts


def _fill_outcomes(
    problem: Linear, cells: Cells, block: _Block, part: Any, shifts: list[FloatArray], estimates: FloatArray,
    found: list[Draws],
) -> None:  # fmt: skip
    """What is left of the effects on some outcomes, and of their variances, less the `estimates` (r, v) as drawn."""
    effects, scores = _scores(cells, block, part)
    pairs = [(k, other) for k in range(len(scores)) for other in range(k + 1)]
    squares = [np.einsum("gjb,gjb->jb", scores[k], scores[other]) for k, other in pairs]
    for row, turn in enumerate(block.turns):
        into, at = found[row], estimates[row, :, None]
        weights = (problem.factor * (1 + (k != other)) * turn[k] * turn[other] for k, other in pairs)
        yy = sum(weight * each for weight, each in zip(weights, squares, strict=True))
        yd = sum(
            problem.factor * weight * np.einsum("gjb,gb->jb", score, shifts[row])
            for weight, score in zip(turn, scores, strict=True)
        )
        into.numerators[:] = np.tensordot(problem.contrasts[row], effects, 1) - at * into.slopes
        into.v1[:] = yd - at * into.v2
        into.v0[:] = yy - at * (yd + into.v1)


def _block(problem: Linear, cells: Cells, draws: npt.NDArray[np.bool_]) -> _Block:
    known = np.empty((cells.height, draws.shape[1]))
    known[: len(draws)] = draws
    drawn = [_draw(group, cells, known, len(draws)) for group in cells.groups]
    products = _products(cells, drawn, _lean(cells, known), known)
    gram = products.sum(axis=2).transpose(2, 0, 1)
    lost = is_singular(gram, np.array([each.numbers.sum(axis=0) for each in drawn]).T)
    gram[lost] = np.eye(len(drawn))
    inverse = np.linalg.inv(gram).transpose(1, 2, 0)
    return _Block(known, products, inverse, lost, np.einsum("rk,klb->rlb", problem.contrasts, inverse))


def _draw(group: Group, cells: Cells, known: FloatArray, persons: int) -> _Drawn:
    """The treated of a group; the means are added to the `known`."""
    numbers = group.numbers @ known[:persons]
    known[group.means] = ((group.to_strata @ numbers) / cells.stratum_size)[group.strata]
    return _Drawn(numbers, known[group.means])


def _lean(cells: Cells, known: FloatArray) -> FloatArray:
    """By group and cluster twice the basis times treatment, less the basis times what it explains of it: (p, G, q, b).

    What the basis explains is added to the `known`.
    """
    found = (cells.bases @ known).reshape(len(cells.groups), *cells.crossed.shape[:2], known.shape[1])
    for group, own in zip(cells.groups, found, strict=True):
        known[group.leans] = own.sum(axis=0)
        own *= 2.0
        own -= cells.crossed @ known[group.leans]
    return found


def _products(cells: Cells, drawn: list[_Drawn], leans: FloatArray, known: FloatArray) -> FloatArray:
    """The sums over each cluster of products of what is left of the treatments of two groups: (p, p, G, b).

    What is left of a person's treatment is it less the mean of the stratum, less the basis times what it explains.
    """
    p, b = len(drawn), known.shape[1]
    found = np.zeros((p, p, cells.groups[0].to_clusters.shape[0], b))
    explained = [known[group.leans] for group in cells.groups]
    for k in range(p):
        for other in range(k + 1):
            found[k, other] = _shared(cells, drawn, k, other)
            sides = ((k, other), (other, k)) if k != other else ((k, k),)
            for left, right in sides if leans.size else ():
                found[k, other] -= np.einsum("gqb,qb->gb", leans[left], explained[right]) / len(sides)
            found[other, k] = found[k, other]
    return found


def _shared(cells: Cells, drawn: list[_Drawn], k: int, other: int) -> FloatArray | float:
    """What the products are without the basis (G, b): nothing where two groups have no stratum in common."""
    if k == other:
        group, own = cells.groups[k], drawn[k]
        return group.by_cluster(own.numbers + own.means * (group.size * own.means - 2.0 * own.numbers))
    left, right = cells.groups[k], cells.groups[other]
    if not np.intersect1d(left.strata, right.strata).size:
        return 0.0
    total = np.zeros((left.to_clusters.shape[0], drawn[k].numbers.shape[1]))
    for group, each, facing, beside in ((left, drawn[k], right, drawn[other]), (right, drawn[other], left, drawn[k])):
        means = ((facing.to_strata @ beside.numbers) / cells.stratum_size)[group.strata]
        by_cell = -each.numbers * means
        if group is left:
            by_cell += group.size * each.means * means
        total += group.by_cluster(by_cell)
    return total


def _scores(cells: Cells, block: _Block, part: Any) -> tuple[FloatArray, FloatArray]:
    """Effects (p, v, b) on v outcomes, and by group what is left of them and of treatment, multiplied (p, G, v, b)."""
    p, _, g, b = block.products.shape
    scores = (part @ block.known).reshape(p, g, -1, b)
    effects = np.einsum("klb,lvb->kvb", block.inverse, scores.sum(axis=1))
    for products, score in zip(block.products, scores, strict=True):
        for other, effect in zip(products, effects, strict=True):
            score -= effect * other[:, None]
    return effects, scores
