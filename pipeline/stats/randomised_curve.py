"""The lot drawn again where every person is a cluster, and a curve of specifications as a whole beside every draw.

What a curve gives as a whole is set beside what every draw gives (Simonsohn, Simmons and Nelson 2020).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.stats.draws import reaching, varying
from pipeline.stats.linear import Linear, inverse_of
from pipeline.stats.ols import FloatArray

BLOCK = 128  # draws whose projections, of a few hundred persons, stay in the cache of a core


@dataclass(frozen=True)
class CurveTest:
    """Three numbers of a curve, and the p-value of each: (3,) the median t, the share significant, the largest |t|."""

    observed: FloatArray
    p_values: FloatArray


def redraw_persons(problem: Linear, draws: npt.NDArray[np.bool_]) -> FloatArray:
    """The signed t (m, B) of the first contrast had the lot given `draws` (n, B), its error robust to each person's.

    Outcomes stay as they are, so this is the distribution under no effect on anybody; the variance has the factor
    n/(n-K) of the model without clusters. Missing where a draw does not identify the effect.
    """
    outcomes = problem.residual(problem.outcomes)
    blocks = []
    for start in range(0, draws.shape[1], BLOCK):
        drawn = _draw(problem, outcomes, np.asarray(draws[:, start : start + BLOCK], dtype=float))
        blocks.append(_studentised(problem, outcomes, drawn))
    return np.concatenate(blocks, axis=1)


@dataclass(frozen=True)
class _Drawn:
    """Of b draws: what is left of the treatment of each of p groups, (n, b) each, and their effects (p, m, b).

    value: (m, b), of the contrast, and weights: (n, b), whose product with the outcomes it is. lost: which draws (b,)
    do not identify it.
    """

    projected: list[FloatArray]
    effects: FloatArray
    value: FloatArray
    weights: FloatArray
    lost: npt.NDArray[np.bool_]


def _draw(problem: Linear, outcomes: FloatArray, treated: FloatArray) -> _Drawn:
    projected = [problem.residual(treated * members[:, None]) for members in problem.members.T]
    p = len(projected)
    gram = np.empty((p, p, treated.shape[1]))
    for k, one in enumerate(projected):
        for other in range(k + 1):
            gram[k, other] = gram[other, k] = np.einsum("nb,nb->b", one, projected[other])
    inverse, lost = inverse_of(gram, problem.members.T.astype(float) @ treated)
    effects = np.einsum("klb,lmb->kmb", inverse, np.array([outcomes.T @ one for one in projected]))
    turns = np.einsum("k,klb->lb", problem.contrasts[0], inverse)
    weights = turns[0] * projected[0]
    for turn, one in zip(turns[1:], projected[1:], strict=True):
        weights += turn * one
    return _Drawn(projected, effects, np.einsum("k,kmb->mb", problem.contrasts[0], effects), weights, lost)


def _studentised(problem: Linear, outcomes: FloatArray, drawn: _Drawn) -> FloatArray:
    """t (m, b)."""
    n = len(outcomes)
    squares = _of_persons(outcomes, drawn)
    t = drawn.value / np.sqrt(n / (n - problem.k) * varying(squares, squares))
    t[:, drawn.lost] = np.nan
    return np.asarray(t)


def _of_persons(outcomes: FloatArray, drawn: _Drawn) -> FloatArray:
    """The sum over persons of their squared scores (m, b), written out in sums of products with the squared weights."""
    squared = drawn.weights**2
    total = (outcomes**2).T @ squared
    for k, one in enumerate(drawn.projected):
        weighted = squared * one
        total -= 2.0 * drawn.effects[k] * (outcomes.T @ weighted)
        for other, effect in zip(drawn.projected, drawn.effects, strict=True):
            total += drawn.effects[k] * effect * np.einsum("nb,nb->b", weighted, other)
    return total


def judge_curve(observed: FloatArray, drawn: FloatArray, critical: FloatArray) -> CurveTest:
    """Whether none of s specifications has an effect, by their t, `observed` (s,) and `drawn` (s, B), and critical |t|.

    The median is told by its size, the significant ones are those of the direction that has more of them, in each draw
    as in what was observed. p = (b + 1) / (B + 1). What a draw does not identify is larger than any.
    """
    mine = _statistics(observed[:, None], critical)
    every = _statistics(np.where(np.isnan(drawn), np.inf, drawn), critical)
    reached = reaching(every, mine).sum(axis=1)
    signed = np.array([np.median(observed), mine[1, 0], mine[2, 0]])
    return CurveTest(signed, (reached + 1.0) / (drawn.shape[1] + 1.0))


def _statistics(values: FloatArray, critical: FloatArray) -> FloatArray:
    """(3, B): the size of the median, the larger share beyond the critical value on one side, the largest size."""
    above, below = (sign * values > critical[:, None] for sign in (1.0, -1.0))
    share = np.maximum(above.mean(axis=0), below.mean(axis=0))
    return np.array([np.abs(np.median(values, axis=0)), share, np.abs(values).max(axis=0)])
