"""Local search for whole answers such that coefficients and their clustered errors fall into intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
BITS, SPARE = 22, 8  # of a score when it is squared, and how many more it has before: sums of squares stay exact
UNIT = 1 << 30  # half a coefficient's interval
MARGIN = 0.002  # share of a half-width by which the search stays inside the intervals
PRIORITY = 3  # errors that are missed rather than one coefficient
SINGLES, PAIRED = 192, 80  # moves looked at alone, and those whose pairs are looked at when none helps


@dataclass(frozen=True)
class Aims:
    """What must come out of the answers y (n,), in whole numbers, so that sums do not depend on their order.

    linear (n, m) with low, high (m,): y @ linear in [low, high]. scores (n, q, G) with least, most (q,): the sum of
    squares over G of y @ scores in [least, most].
    """

    linear: Integers
    low: Floats
    high: Floats
    scores: Integers
    least: Floats
    most: Floats


@dataclass(frozen=True)
class Room:
    """Where the answers may go, all (n,): bounds, multiples by which a person moves, and the stratum whose sum is kept.

    The stratum of those who move alone is -1, of those who stay -2.
    """

    lowest: Integers
    highest: Integers
    step: Integers
    stratum: Integers


@dataclass(frozen=True)
class Moves:
    """Moves (b,): the first person's answer changes by `by`, the second's by `back`, which is 0 for those alone."""

    first: Integers
    by: Integers
    second: Integers
    back: Integers


def build_aims(weights: Floats, coefficient: Floats, scores: Floats, error: Floats, factor: Floats) -> Aims:
    """Aims from weights (m, n) with intervals (m, 2) of the coefficients, and scores (q, G, n) with intervals (q, 2) of
    the standard errors, which are roots of factor (q,) times the sums of squares."""
    half = (coefficient[:, 1] - coefficient[:, 0]) / 2
    middle = coefficient.mean(axis=1) / half * UNIT
    slack = (1 - MARGIN) * UNIT
    scale = (1 << BITS) / (8 * np.sqrt(error[:, 1] ** 2 / factor))
    centre = error.mean(axis=1, keepdims=True)
    squares = (centre + (error - centre) * (1 - MARGIN)) ** 2 * (scale**2 / factor)[:, None]
    return Aims(
        np.rint(weights / half[:, None] * UNIT).astype(np.int64).T.copy(),
        middle - slack,
        middle + slack,
        np.rint(scores * (scale * (1 << SPARE))[:, None, None]).astype(np.int64).transpose(2, 0, 1).copy(),
        squares[:, 0],
        squares[:, 1],
    )


class Search:
    """The answers at hand, with what they make of the aims."""

    def __init__(self, aims: Aims, start: Integers) -> None:
        self.aims, self.answer = aims, start.copy()
        self.linear: Floats = (start @ aims.linear).astype(np.float64)  # whole numbers below 2**53
        self.score = np.einsum("i,iqg->qg", start, aims.scores)
        self.weight = np.ones(len(self.linear) + len(self.score))

    def squares(self) -> Floats:
        """Sums of squares (q,) of the scores."""
        return np.asarray((np.rint(self.score / (1 << SPARE)) ** 2).sum(axis=1))

    def violations(self, linear: Floats, squares: Floats) -> Floats:
        """Distances (..., m + q) from the intervals in half-widths."""
        aims = self.aims
        outside = np.maximum(np.maximum(aims.low - linear, linear - aims.high), 0) / UNIT
        beyond = np.maximum(np.maximum(aims.least - squares, squares - aims.most), 0)
        return np.concatenate([outside, beyond / ((aims.most - aims.least) / 2)], -1)

    def cost(self, linear: Floats, squares: Floats) -> Floats:
        """Weighted squares (...,) of the violations."""
        return np.asarray((self.violations(linear, squares) ** 2 * self.weight).sum(axis=-1))

    def best(self, moves: Moves) -> tuple[float, list[int]]:
        """The cheapest single move: (cost, [its position])."""
        linear, _, squares = self._changes(moves)
        cost = self.cost(self.linear + linear, self.squares() + squares)
        return float(cost.min()), [int(np.argmin(cost))]

    def best_pair(self, moves: Moves) -> tuple[float, list[int]]:
        """The cheapest two moves of four different persons made together: (cost, their positions)."""
        linear, change, squares = self._changes(moves)
        one, two = np.triu_indices(len(moves.first), k=1)
        apart = np.ones(len(one), dtype=np.bool_)
        for left in (moves.first, moves.second):
            for right in (moves.first, moves.second):
                apart &= left[one] != right[two]
        one, two = one[apart], two[apart]
        cross = np.stack([2 * (change[:, k] @ change[:, k].T)[one, two] for k in range(change.shape[1])], axis=1)
        cost = self.cost(self.linear + linear[one] + linear[two], self.squares() + squares[one] + squares[two] + cross)
        best = int(np.argmin(cost))
        return float(cost[best]), [int(one[best]), int(two[best])]

    def _changes(self, moves: Moves) -> tuple[Integers, Floats, Floats]:
        """Changes (b, m) of the linear functions, (b, q, G) of the scores, and (b, q) of the sums of squares."""
        linear, scores = self.aims.linear, self.aims.scores
        by, back = moves.by[:, None], moves.back[:, None]
        moved = linear[moves.first] * by + linear[moves.second] * back
        change = scores[moves.first] * by[:, :, None] + scores[moves.second] * back[:, :, None]
        rounded = np.rint(change / (1 << SPARE))
        here = np.rint(self.score / (1 << SPARE))
        return moved, rounded, (rounded * (rounded + 2 * here)).sum(axis=2)

    def make(self, moves: Moves, positions: list[int]) -> None:
        """Make the moves at the positions."""
        for k in positions:
            for person, change in ((moves.first[k], moves.by[k]), (moves.second[k], moves.back[k])):
                self.answer[person] += change
                self.linear = self.linear + change * self.aims.linear[person]
                self.score = self.score + change * self.aims.scores[person]


def draw_moves(room: Room, answer: Integers, reach: int, size: int, source: np.random.Generator) -> Moves:
    """At most `size` random moves within the room, of `reach` steps at most."""
    order = np.argsort(room.stratum, kind="stable")
    movable = order[room.stratum[order] > -2]
    first = movable[source.integers(0, len(movable), size=3 * size)]
    alone = room.stratum[first] == -1
    start = np.searchsorted(room.stratum[order], room.stratum[first])
    several = np.searchsorted(room.stratum[order], room.stratum[first], side="right") - start
    second = np.where(alone, first, order[start + source.integers(0, 1 << 30, size=3 * size) % several])
    step = np.maximum(room.step[first], room.step[second])
    by = source.integers(1, reach + 1, size=3 * size) * (2 * source.integers(0, 2, size=3 * size) - 1) * step
    back = np.where(alone, 0, -by)
    fits = alone | (first != second)
    for person, change in ((first, by), (second, back)):
        moved = answer[person] + change
        fits &= (change == 0) | ((moved >= room.lowest[person]) & (moved <= room.highest[person]))
    kept = np.flatnonzero(fits)[:size]
    return Moves(first[kept], by[kept], second[kept], back[kept])


def steer(
    aims: Aims, room: Room, start: Integers, source: np.random.Generator, *, reach: int = 1, patience: int = 300
) -> tuple[Integers, npt.NDArray[np.bool_]]:
    """Answers (n,) improved until all aims are met or `patience` rounds of pairs bring nothing; what is met (m + q,).

    Each step makes the best of a random handful of moves, or of all pairs among a smaller handful; when neither helps,
    the aims still missed count for more from then on (the breakout method, Morris 1993).
    """
    search = Search(aims, start)
    failures = 0
    priority = np.where(np.arange(len(search.weight)) < len(aims.low), PRIORITY, 1)
    best, kept = (int(priority.sum()) + 1, np.inf), start
    while failures < patience:
        violated = search.violations(search.linear, search.squares())
        standing = (int(priority @ (violated > 0)), float((violated**2).sum()))
        if standing < best:
            failures = 0 if standing[0] < best[0] else failures
            best, kept = standing, search.answer.copy()
        if standing[0] == 0:
            break
        cost = float(search.cost(search.linear, search.squares()))
        moves = draw_moves(room, search.answer, reach, SINGLES, source)
        lowest, picked = search.best(moves) if len(moves.first) else (np.inf, [])
        if lowest >= cost:
            moves = draw_moves(room, search.answer, reach, PAIRED, source)
            lowest, picked = search.best_pair(moves) if len(moves.first) > 1 else (np.inf, [])
        if lowest >= cost:
            failures += 1
            search.weight += violated > 0
            continue
        search.make(moves, picked)
    final = Search(aims, kept)
    return kept, final.violations(final.linear, final.squares()) == 0
