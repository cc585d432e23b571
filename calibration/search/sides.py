"""Which of two sides a person is on, chosen so that means and balance coefficients of fixed variables fit on both.

The weights of a balance coefficient depend on who is in the sample, so this choice is not linear and comes first:
short against long wait, then low against high self-efficacy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from calibration.estimators.balance import ONE, coefficient_weights, fixed_point
from calibration.printed.targets import Target

Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]
Limits = tuple[float, float]
PROPOSALS = 40_000  # exchanges tried at each tightness
TIGHTNESS = (64, 16, 4, 1)  # how many times wider than published the coefficients' intervals are taken, in turn
SWAPS = 50_000  # random pairs looked at in a round of polishing; about one in eighty is a swap
ROUNDS = 3000


@dataclass(frozen=True)
class Question:
    """The persons and what must come out.

    treated (n,) 0 or 1; place (n,) number of the municipality, 0..places-1; movable (n,) who may change side;
    values (v, n) the variables; limits[side][variable] = intervals of the mean and of the coefficient.
    """

    treated: Integers
    place: Integers
    places: int
    movable: Booleans
    values: Integers
    limits: Sequence[Sequence[tuple[Limits, Limits]]]


@dataclass
class Tally:
    """Running sums of one side by municipality: numbers of all and of the treated, and of each variable both sums."""

    places: int
    variables: int
    count: list[int] = field(init=False)
    treated: list[int] = field(init=False)
    total: list[list[int]] = field(init=False)
    total_treated: list[list[int]] = field(init=False)

    def __post_init__(self) -> None:
        """Start empty."""
        self.count, self.treated = [0] * self.places, [0] * self.places
        self.total = [[0] * self.places for _ in range(self.variables)]
        self.total_treated = [[0] * self.places for _ in range(self.variables)]

    def add(self, place: int, arm: int, values: Sequence[int], sign: int) -> None:
        """Add (sign 1) or remove (sign -1) a person."""
        self.count[place] += sign
        self.treated[place] += sign * arm
        for variable, value in enumerate(values):
            self.total[variable][place] += sign * value
            self.total_treated[variable][place] += sign * arm * value

    def statistics(self, variable: int) -> tuple[float, float]:
        """Mean of a variable, and its coefficient on treatment with municipality dummies (report section 2.7).

        Plain sums in a fixed order, so that every machine compares the same numbers.
        """
        above = below = 0.0
        total, total_treated = self.total[variable], self.total_treated[variable]
        for n, treated, everyone, offered in zip(self.count, self.treated, total, total_treated, strict=True):
            if n:
                above += offered - treated * everyone / n
                below += treated * (n - treated) / n
        return sum(total) / sum(self.count), above / below


def target_limits(targets: Sequence[Target], name: str, column: str) -> tuple[Limits, Limits]:
    """The intervals of a variable's mean and of its coefficient in one column."""
    found = {
        "coef" if one.statistic == "coef" else "mean": (float(one.low), float(one.high))
        for one in targets
        if one.name == name and one.column == column
    }
    return found["mean"], found["coef"]


def sum_limits(first: tuple[Limits, Limits], second: tuple[Limits, Limits]) -> tuple[Limits, Limits]:
    """Intervals of the sum of two variables: the middle halves of the two intervals added."""

    def middle(one: Limits, other: Limits) -> Limits:
        centre = (one[0] + one[1] + other[0] + other[1]) / 2
        half = (one[1] - one[0] + other[1] - other[0]) / 4
        return centre - half, centre + half

    return middle(first[0], second[0]), middle(first[1], second[1])


def _cost(tallies: Sequence[Tally], limits: Sequence[Sequence[tuple[Limits, Limits]]], width: int) -> float:
    cost = 0.0
    for tally, side in zip(tallies, limits, strict=True):
        for variable, pair in enumerate(side):
            for value, (low, high), wider in zip(tally.statistics(variable), pair, (1, width), strict=True):
                slack = (high - low) * (wider - 1) / 2
                cost += (max(low - slack - value, value - high - slack, 0.0) / (high - low) / wider) ** 2
    return cost


class _Sides:
    """Who is on which side, with the tallies and the numbers in each cell of side, municipality and arm."""

    def __init__(self, question: Question, side: Booleans) -> None:
        self.question, self.side = question, side
        self.tallies = [Tally(question.places, len(question.values)) for _ in (0, 1)]
        self.cells = np.zeros((2, question.places, 2), dtype=np.int64)
        for i in range(len(side)):
            self._count(i, 1)

    def _count(self, i: int, sign: int) -> None:
        place, arm, here = int(self.question.place[i]), int(self.question.treated[i]), int(self.side[i])
        self.tallies[here].add(place, arm, [int(value) for value in self.question.values[:, i]], sign)
        self.cells[here, place, arm] += sign

    def move(self, i: int) -> None:
        """Put a person on the other side."""
        self._count(i, -1)
        self.side[i] = not self.side[i]
        self._count(i, 1)

    def empties(self, i: int) -> bool:
        """Whether the person's cell is empty on one side."""
        return bool(self.cells[:, self.question.place[i], self.question.treated[i]].min() == 0)


def _try(sides: _Sides, i: int, j: int, width: int, below: float) -> float | None:
    """Exchange two persons if they may be and the cost ends under `below`: the new cost, else None."""
    question = sides.question
    if sides.side[i] == sides.side[j] or question.treated[i] != question.treated[j]:
        return None
    sides.move(i)
    sides.move(j)
    new = _cost(sides.tallies, question.limits, width)
    if new < below and not sides.empties(i) and not sides.empties(j):
        return new
    sides.move(i)
    sides.move(j)
    return None


def exchange(question: Question, start: Booleans, source: np.random.Generator) -> tuple[Booleans, float]:
    """Exchange persons of one arm between the sides until the intervals hold: (side (n,), what is left, 0 if all do).

    The numbers of each arm on each side stay, and no cell of municipality and arm is emptied on either side.
    """
    sides, cost = _Sides(question, start.copy()), 0.0
    candidates = np.flatnonzero(question.movable)
    for width in TIGHTNESS:
        cost = _cost(sides.tallies, question.limits, width)
        for i, j in candidates[source.integers(0, len(candidates), size=(PROPOSALS, 2))]:
            new = _try(sides, i, j, width, cost) if cost else None
            cost = cost if new is None else new
    return sides.side, cost


def polish(question: Question, start: Booleans, group: Integers, source: np.random.Generator) -> tuple[Booleans, bool]:
    """Swap persons of one group and arm, two pairs at a time, until the intervals hold: (side (n,), whether they do).

    group (n,) must not cross municipalities: then swaps leave every weight as it is, all functions are linear, and
    integers do. The best swaps of a random lot are made even if they are worse than none.
    """
    side = start.copy()
    origin = question.values.min(axis=1)  # counting from here keeps rounded weights times values exact enough
    weight, low, high = _linear(question, side, origin)  # (f, n), (f,), (f,)
    variable = np.repeat(question.values - origin[:, None], 2, axis=0)[None].repeat(2, axis=0).reshape(-1, len(side))
    on_side = np.repeat(np.array([0, 1]), 2 * len(question.values))
    cell = 2 * group + question.treated
    for _ in range(ROUNDS):
        value = ((side[None, :] == on_side[:, None]) * weight * variable).sum(axis=1)
        cost = _integer_cost(value, low, high)
        if cost == 0:
            break
        pairs = source.integers(0, len(side), size=(SWAPS, 2))
        first, second = pairs[:, 0], pairs[:, 1]
        fits = (cell[first] == cell[second]) & side[first] & ~side[second]
        fits &= question.movable[first] & question.movable[second]
        first, second = first[fits], second[fits]
        step = (variable[:, second] - variable[:, first]) * weight[:, first]
        step = np.where(on_side[:, None] == 1, step, -step).T
        one, two = np.triu_indices(len(first), k=1)
        apart = (first[one] != first[two]) & (second[one] != second[two])
        one, two = one[apart], two[apart]
        costs = _integer_cost(value + step[one] + step[two], low, high)
        best = int(np.argmin(costs))
        chosen = [one[best], two[best]]
        side[first[chosen]], side[second[chosen]] = False, True
    return side, bool(cost == 0)


def _linear(question: Question, side: Booleans, origin: Integers) -> tuple[Integers, Integers, Integers]:
    """Weights (f, n) of mean and coefficient of each side and variable for a person of a cell; the intervals (f,).

    A person who is not on the side has the weight that whoever takes the place would have.
    """
    place = [str(number) for number in question.place]
    weights, low, high = [], [], []
    for here, side_limits in enumerate(question.limits):
        members = side == bool(here)
        share = Fraction(1, int(members.sum()))
        own = coefficient_weights(question.treated.tolist(), place, members.tolist())
        known = {(k, int(t)): w for k, t, w, m in zip(place, question.treated, own, members, strict=True) if m}
        coefficient = [known[k, int(t)] for k, t in zip(place, question.treated, strict=True)]
        for pair, base in zip(side_limits, origin, strict=True):
            for limits, values, less in zip(pair, ([share] * len(side), coefficient), (int(base), 0), strict=True):
                bottom, top = Fraction(limits[0]) - less, Fraction(limits[1]) - less
                half = (top - bottom) / 2
                weights.append(fixed_point(values, half))
                low.append(-(-bottom / half * ONE // 1))
                high.append(top / half * ONE // 1)
    return np.stack(weights), np.array(low, dtype=np.int64), np.array(high, dtype=np.int64)


def _integer_cost(value: Integers, low: Integers, high: Integers) -> Integers:
    distance = np.maximum(low - value, 0) + np.maximum(value - high, 0)
    return np.asarray(((distance + 63 >> 6) ** 2).sum(axis=-1))
