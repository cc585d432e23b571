"""Integer local search: one option for each person such that linear functions of the choices fall into intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
SHIFT = 6  # bits dropped before a violation is squared, so that the squares of 200 functions fit into 64 bits
SINGLES = 64  # single moves looked at in one step
PAIRED = 160  # single moves whose pairs are looked at when no single move helps


@dataclass(frozen=True)
class Problem:
    """Options and what they contribute.

    features: (n, K, m) contribution of option k of person i to each of m functions, fixed point.
    low, high: (m,) the intervals. allowed: (n, K) which options a person may take.
    """

    features: Integers
    low: Integers
    high: Integers
    allowed: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Solution:
    """The options chosen (n,), the functions' values (m,), which of them lie in their intervals (m,), and the steps."""

    choice: Integers
    value: Integers
    met: npt.NDArray[np.bool_]
    steps: int


def violation(value: Integers, low: Integers, high: Integers) -> Integers:
    """Distance (..., m) of values from their intervals, zero inside."""
    return np.maximum(low - value, 0) + np.maximum(value - high, 0)


def _cost(value: Integers, problem: Problem, weight: Integers) -> Integers:
    scaled = violation(value, problem.low, problem.high)
    return ((scaled + (1 << SHIFT) - 1) >> SHIFT) ** 2 @ weight


def _moves(problem: Problem, choice: Integers, reach: int, size: int, generator: np.random.Generator) -> Integers:
    """A random (size, 2) array of single moves (person, new option) no more than `reach` options away."""
    n, options, _ = problem.features.shape
    person = generator.integers(0, n, size=4 * size)
    step = generator.integers(1, reach + 1, size=4 * size) * (2 * generator.integers(0, 2, size=4 * size) - 1)
    option = choice[person] + step
    fits = (option >= 0) & (option < options)
    fits[fits] = problem.allowed[person[fits], option[fits]]
    return np.stack([person[fits], option[fits]], axis=1)[:size]


def _change(problem: Problem, choice: Integers, moves: Integers) -> Integers:
    person, option = moves[:, 0], moves[:, 1]
    return problem.features[person, option] - problem.features[person, choice[person]]


def _best_pair(
    problem: Problem, weight: Integers, value: Integers, moves: Integers, change: Integers
) -> tuple[int, list[int]]:
    """The cheapest two of the moves, of different persons, made together: (cost, their positions)."""
    first, second = np.triu_indices(len(moves), k=1)
    differ = moves[first, 0] != moves[second, 0]
    first, second = first[differ], second[differ]
    cost = _cost(value + change[first] + change[second], problem, weight)
    best = int(np.argmin(cost))
    return int(cost[best]), [int(first[best]), int(second[best])]


def solve(
    problem: Problem, start: Integers, generator: np.random.Generator, *, reach: int = 1, patience: int = 60
) -> Solution:
    """Improve `start` (n,) until every function is in its interval or `patience` rounds of pairs bring nothing.

    Each step takes the best of a random handful of single moves, so that the change is spread over many persons; when
    none helps, the best of all pairs among a larger handful. When that does not help either, the functions that are
    still outside count for more from then on (the breakout method, Morris 1993). Only integers are compared: the path
    is the same on every machine.
    """
    choice = np.asarray(start, dtype=np.int64).copy()
    value = problem.features[np.arange(len(choice)), choice].sum(axis=0)
    weight = np.ones(len(value), dtype=np.int64)
    steps = failures = 0
    best = (len(value) + 1, choice)
    while failures < patience and (cost := int(_cost(value, problem, weight))) > 0:
        steps += 1
        moves = _moves(problem, choice, reach, PAIRED if failures % 2 else SINGLES, generator)
        change = _change(problem, choice, moves)
        single = _cost(value + change, problem, weight)
        lowest, picked = int(single.min()), [int(np.argmin(single))]
        if lowest >= cost:
            lowest, picked = _best_pair(problem, weight, value, moves, change)
        if lowest >= cost:
            failures += 1
            weight += violation(value, problem.low, problem.high) > 0
            continue
        for position in picked:
            choice[moves[position, 0]] = moves[position, 1]
            value = value + change[position]
        unmet = int((violation(value, problem.low, problem.high) > 0).sum())
        if unmet < best[0]:
            best, failures = (unmet, choice.copy()), 0
    if best[0] <= len(value):
        choice = best[1]
        value = problem.features[np.arange(len(choice)), choice].sum(axis=0)
    return Solution(choice, value, violation(value, problem.low, problem.high) == 0, steps)
