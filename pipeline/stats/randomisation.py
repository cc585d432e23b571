"""Randomisation inference: the lot drawn again within its blocks, the statistic studentised with the reported error."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.stats.cells import Cells, Group, cells_of
from pipeline.stats.draws import Draws, varying
from pipeline.stats.linear import IntArray, Linear, inverse_of, solve
from pipeline.stats.ols import FloatArray

# Numbers of the scores of a block, so that they stay in the cache of a core, and how many draws those may be.
NUMBERS, FEWEST, MOST = 2**18, 512, 1024


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
    m, count, p = problem.outcomes.shape[1], draws.shape[1], problem.members.shape[1]
    shapes = (m, count), (count,), (m, count), (m, count), (count,)
    found = [Draws(*(np.empty(shape) for shape in shapes)) for _ in problem.contrasts]
    estimates, shifts = solve(problem).estimates, list[FloatArray]()
    for span, own, block, effects, scores in _scored(problem, draws, rows, problem.effects):
        into = [_part_of(each, own, span) for each in found]
        if own.start == 0:
            shifts = _fill_shifts(problem, block, effects[:, :p], scores[:, :, :p], into)
            effects, scores = effects[:, p:], scores[:, :, p:]
        _fill_outcomes(problem, block, effects, scores, shifts, estimates[:, own], into)
    return found


def redraw_signed(problem: Linear, draws: npt.NDArray[np.bool_], rows: IntArray) -> FloatArray:
    """The t (m, B) with its sign of the first contrast had the lot given `draws` (N, B), `rows` as `redraw` has them.

    Outcomes stay as they are, so this is the distribution under no effect on anybody. Missing where a draw does not
    identify the effect, or leaves nothing that varies.
    """
    shape = problem.outcomes.shape[1], draws.shape[1]
    values, variances = np.empty(shape), np.empty(shape)
    for span, own, block, effects, scores in _scored(problem, draws, rows, problem.effects[:, :0]):
        values[own, span] = np.tensordot(problem.contrasts[0], effects, 1)
        variances[own, span] = _variance(problem, block.turns[0], _products_of(scores))
        variances[own, span][:, block.lost] = np.nan
    return values / np.sqrt(varying(variances, variances))


def _scored(
    problem: Linear, draws: npt.NDArray[np.bool_], rows: IntArray, shifts: FloatArray
) -> Iterator[tuple[slice, slice, _Block, FloatArray, FloatArray]]:
    """Some draws, some outcomes, what the draws are to all outcomes, and `_scores`; before the first are the shifts."""
    m, count, before = problem.outcomes.shape[1], draws.shape[1], shifts.shape[1]
    each = len(problem.starts) * problem.members.shape[1]
    together = max(1, min(m, NUMBERS // (each * FEWEST)))
    width = min(max(FEWEST, NUMBERS // (each * together)), MOST)
    ends = list(range(together, m, together))
    columns = np.split(np.hstack([shifts, problem.outcomes]), [before + end for end in ends], axis=1)
    cells = cells_of(problem, len(draws), rows, columns)
    for start in range(0, count, width):
        span = slice(start, min(start + width, count))
        block = _block(problem, cells, draws[:, span])
        for first, part in zip([0, *ends], cells.parts, strict=True):
            yield span, slice(first, first + together), block, *_scores(cells, block, part)


def _part_of(draws: Draws, outcomes: slice, span: slice) -> Draws:
    """Some outcomes of some draws, to be filled in."""
    own = (draws.numerators[outcomes, span], draws.slopes[span], draws.v0[outcomes, span], draws.v1[outcomes, span])
    return Draws(*own, draws.v2[span])


def _fill_shifts(
    problem: Linear, block: _Block, effects: FloatArray, scores: FloatArray, found: list[Draws]
) -> list[FloatArray]:
    """What a shift of each row of the contrasts adds to effects and variances; its scores (G, b)."""
    shifts = []
    for row, shift in enumerate(problem.shifted.tolist()):
        turned = block.turns[row, 0] * scores[0, :, shift]
        for turn, score in zip(block.turns[row, 1:], scores[1:, :, shift], strict=True):
            turned += turn * score
        found[row].slopes[:] = problem.contrasts[row] @ effects[:, shift]
        found[row].v2[:] = problem.factor * np.einsum("gb,gb->b", turned, turned)
        found[row].v2[block.lost] = found[row].slopes[block.lost] = np.nan
        shifts.append(turned)
    return shifts


def _fill_outcomes(
    problem: Linear, block: _Block, effects: FloatArray, scores: FloatArray, shifts: list[FloatArray],
    estimates: FloatArray, found: list[Draws],
) -> None:  # fmt: skip
    """What is left of the effects on some outcomes, and of their variances, less the `estimates` (r, v) as drawn."""
    products = _products_of(scores)
    for row, turn in enumerate(block.turns):
        into, at = found[row], estimates[row, :, None]
        yy = _variance(problem, turn, products)
        yd = sum(
            problem.factor * weight * np.einsum("gjb,gb->jb", score, shifts[row])
            for weight, score in zip(turn, scores, strict=True)
        )
        into.numerators[:] = np.tensordot(problem.contrasts[row], effects, 1) - at * into.slopes
        into.v1[:] = yd - at * into.v2
        into.v0[:] = yy - at * (yd + into.v1)


def _products_of(scores: FloatArray) -> dict[tuple[int, int], FloatArray]:
    """The sums over clusters of products of the scores (p, G, v, b) of two groups: (v, b) for each two."""
    pairs = [(k, other) for k in range(len(scores)) for other in range(k + 1)]
    return {(k, other): np.einsum("gjb,gjb->jb", scores[k], scores[other]) for k, other in pairs}


def _variance(problem: Linear, turn: FloatArray, products: dict[tuple[int, int], FloatArray]) -> FloatArray:
    """Of a row of the contrasts, whose scores are those of the groups times the `turn` (p, b): (v, b)."""
    each = ((1 + (k != other)) * turn[k] * turn[other] * own for (k, other), own in products.items())
    return np.asarray(problem.factor * sum(each))


def _block(problem: Linear, cells: Cells, draws: npt.NDArray[np.bool_]) -> _Block:
    known = np.empty((cells.height, draws.shape[1]))
    known[: len(draws)] = draws.view(np.int8)  # which numpy casts faster
    drawn = [_draw(group, cells, known, len(draws)) for group in cells.groups]
    products = _products(cells, drawn, known)
    sizes = np.array([each.numbers.sum(axis=0) for each in drawn])
    inverse, lost = inverse_of(products.sum(axis=2), sizes)
    return _Block(known, products, inverse, lost, np.einsum("rk,klb->rlb", problem.contrasts, inverse))


def _draw(group: Group, cells: Cells, known: FloatArray, persons: int) -> _Drawn:
    """The treated of a group; the means are added to the `known`."""
    numbers = group.numbers @ known[:persons]
    known[group.means] = ((group.to_strata @ numbers) / cells.stratum_size)[group.strata]
    return _Drawn(numbers, known[group.means])


def _products(cells: Cells, drawn: list[_Drawn], known: FloatArray) -> FloatArray:
    """The sums over each cluster of products of what is left of the treatments of two groups: (p, p, G, b).

    What is left of a person's treatment is it less the mean of the stratum, less the basis times what it explains,
    which is added to the `known`.
    """
    p, b, (g, q) = len(drawn), known.shape[1], cells.crossed.shape[:2]
    leans = (cells.bases @ known).reshape(p, g, q, b)
    for group, own in zip(cells.groups, leans, strict=True):
        known[group.leans] = own.sum(axis=0)
    explained = [known[group.leans] for group in cells.groups]
    found = np.empty((p, p, g, b))
    for k in range(p):
        for other in range(k + 1):
            both = explained[k][:, None] * explained[other]
            own = cells.crossed.reshape(g, q * q) @ both.reshape(q * q, b)
            own += _shared(cells, drawn, k, other)
            if q:
                lean = np.einsum("gqb,qb->gb", leans[k], explained[other])
                lean += lean if k == other else np.einsum("gqb,qb->gb", leans[other], explained[k])
                own -= lean
            found[k, other] = found[other, k] = own
    return found


def _shared(cells: Cells, drawn: list[_Drawn], k: int, other: int) -> FloatArray | float:
    """What the products are without the basis (G, b): nothing where two groups have no stratum in common."""
    if k == other:
        group, own = cells.groups[k], drawn[k]
        return group.by_cluster(own.numbers + own.means * (group.size * own.means - 2.0 * own.numbers))
    if not cells.meet[k, other]:
        return 0.0
    left, right = cells.groups[k], cells.groups[other]
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
