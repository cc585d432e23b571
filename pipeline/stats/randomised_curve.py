"""The lot drawn again for many specifications at once: what no effect on anybody would give each, the same draws for all.

Outcomes and clusterings that share a right-hand side share its projection; and what a curve of specifications gives as a
whole is set beside what every draw gives (Simonsohn, Simmons and Nelson 2020).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.stats.draws import TIE
from pipeline.stats.linear import IntArray, Linear, is_singular
from pipeline.stats.ols import FloatArray

BLOCK = 256  # draws whose projections, of a few hundred persons, stay in the cache of a core


@dataclass(frozen=True)
class CurveTest:
    """Three numbers of a curve, and the p-value of each: (3,) the median t, the share significant, the largest |t|."""

    observed: FloatArray
    p_values: FloatArray


def redraw_together(
    problem: Linear, draws: npt.NDArray[np.bool_], clusterings: Sequence[IntArray | None]
) -> list[FloatArray]:
    """The signed t (m, B) of the first contrast had the lot given `draws` (n, B), by clustering; None is none.

    Outcomes stay as they are, so this is the distribution under no effect on anybody; t has the error of the model,
    clustered with the factor G/(G-1) * (N-1)/(N-K). Missing where a draw does not identify the effect.
    """
    outcomes, parts = problem.residual(problem.outcomes), list[list[FloatArray]]()
    own = [None if codes is None else _places(codes) for codes in clusterings]
    n, k = len(outcomes), problem.k
    for start in range(0, draws.shape[1], BLOCK):
        treated = np.asarray(draws[:, start : start + BLOCK], dtype=float)
        projected = [problem.residual(treated * members[:, None]) for members in problem.members.T]
        gram = np.array([[np.einsum("nb,nb->b", one, other) for other in projected] for one in projected])
        gram = np.ascontiguousarray(gram.transpose(2, 0, 1))
        lost = is_singular(gram, (problem.members.T.astype(float) @ treated).T)
        gram[lost] = np.eye(len(projected))
        inverse = np.linalg.inv(gram)
        moments = np.array([outcomes.T @ one for one in projected])
        effects = np.einsum("bkl,lmb->kmb", inverse, moments)
        turns = np.einsum("k,bkl->lb", problem.contrasts[0], inverse)
        value = np.einsum("k,kmb->mb", problem.contrasts[0], effects)
        found = []
        for places in own:
            squares = (_of_clusters if places else _of_persons)(outcomes, projected, effects, turns, places or [])
            g = len(places) if places else n
            with np.errstate(divide="ignore", invalid="ignore"):
                t = value / np.sqrt(g / (g - 1) * (n - 1) / (n - k) * np.maximum(squares, 0.0))
            t[:, lost] = np.nan
            found.append(t)
        parts.append(found)
    return [np.concatenate([part[place] for part in parts], axis=1) for place in range(len(own))]


def _places(codes: IntArray) -> list[IntArray]:
    order = np.argsort(codes, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)


def _of_clusters(
    outcomes: FloatArray, projected: list[FloatArray], effects: FloatArray, turns: FloatArray, places: list[IntArray]
) -> FloatArray:
    """The sum over clusters of their squared scores (m, b)."""
    total = np.zeros(effects.shape[1:])
    for rows in places:
        own, inside, score = outcomes[rows].T, [one[rows] for one in projected], np.zeros(total.shape)
        for k, one in enumerate(inside):
            part = own @ one
            for effect, other in zip(effects, inside, strict=True):
                part -= effect * np.einsum("nb,nb->b", one, other)
            score += turns[k] * part
        total += score**2
    return total


def _of_persons(
    outcomes: FloatArray, projected: list[FloatArray], effects: FloatArray, turns: FloatArray, _: list[IntArray]
) -> FloatArray:
    """The sum over persons of their squared scores (m, b), written out in sums of products with the weights."""
    weights = np.zeros(projected[0].shape)
    for turn, one in zip(turns, projected, strict=True):
        weights += turn * one
    weights **= 2
    total = (outcomes**2).T @ weights
    for k, one in enumerate(projected):
        weighted = weights * one
        total -= 2.0 * effects[k] * (outcomes.T @ weighted)
        for other, effect in zip(projected, effects, strict=True):
            total += effects[k] * effect * np.einsum("nb,nb->b", weighted, other)
    return total


def test_curve(observed: FloatArray, drawn: FloatArray, critical: FloatArray) -> CurveTest:
    """Whether all of s specifications have no effect: their t, `observed` (s,) and `drawn` (s, B), and critical |t| (s,).

    The median is told by its size, the significant ones are those of the direction that has more of them, in each draw
    as in what was observed. p = (b + 1) / (B + 1). What a draw does not identify is larger than any.
    """
    mine = _statistics(observed[:, None], critical)
    every = _statistics(np.where(np.isnan(drawn), np.inf, drawn), critical)
    reached = (every >= mine * (1.0 - TIE)).sum(axis=1)
    signed = np.array([np.median(observed), mine[1, 0], mine[2, 0]])
    return CurveTest(signed, (reached + 1.0) / (drawn.shape[1] + 1.0))


def _statistics(values: FloatArray, critical: FloatArray) -> FloatArray:
    """(3, B): the size of the median, the larger share beyond the critical value on one side, the largest size."""
    above, below = (sign * values > critical[:, None] for sign in (1.0, -1.0))
    share = np.maximum(above.mean(axis=0), below.mean(axis=0))
    return np.array([np.abs(np.median(values, axis=0)), share, np.abs(values).max(axis=0)])
