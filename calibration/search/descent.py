"""The search for a choice: sweeps that cool down, then finer grain and pairs of moves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from calibration.search.choice import State, Terms, coarsen, cost, evaluate, misses, sweep, values
from calibration.search.repair import repair

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]
    Refit = Callable[[Terms, Integers], None]

MARGIN = 0.35  # share of a half-width by which the search stays inside the bounds
HARDEST, EASING = 40.0, 0.9  # largest factor of a priority, and how it falls in a sweep once the target is met
REPAIRS = 12  # pairs of moves at most before the next stage
REPAIR_PRIORITY = 0.5  # of a target that is worth a pair of moves


@dataclass(frozen=True)
class Stage:
    """Sweeps of one kind: heat of the noise at the start, grain of the misses, candidates sampled (0 = all), reach.

    Grain and reach are those of `coarsen` and `cost`. press: by how much the priority of a missed target grows with
    each sweep, 1 for not at all. margin: share of a half-width kept free at either bound.
    """

    sweeps: int
    heat: float = 0.0
    grain: float = 0.0
    sampled: int = 0
    reach: float = 0.0
    press: float = 1.0
    margin: float = MARGIN


ANNEALING = (Stage(60, heat=0.5, grain=4.0, sampled=40), Stage(10, grain=2.0))
FINISHING = (Stage(6, grain=1.0, press=1.2), Stage(4, grain=0.25, press=1.2))
SETTLING = (Stage(4), Stage(6, reach=0.5))


def keep(terms: Terms, choice: Integers) -> None:
    """No target of these terms needs to be linearised anew."""


def run(
    terms: Terms,
    choice: Integers,
    stages: tuple[Stage, ...],
    source: np.random.Generator,
    refit: Refit,
) -> State:
    """Sweep through the stages; `refit` renews before each sweep what is linearised at the present choice.

    The heat of a stage fades to none before its end, and a stage ends when nobody moves.
    """
    priority = terms.priority
    for stage in stages:
        terms.reach, pressure = stage.reach, np.ones(len(priority))
        for number in range(stage.sweeps):
            refit(terms, choice)
            state = evaluate(terms, choice)
            if number % 4 == 0:
                coarsen(terms, state, stage.grain)
            heat = stage.heat * max(0.0, 1 - number / (0.85 * stage.sweeps))
            moved = sweep(terms, state, source, stage.margin, heat, stage.sampled)
            choice = state.choice
            if moved == 0 and stage.press == 1:
                break
            pressure = press(terms, state, pressure, stage.press)
            terms.priority = priority * pressure
        terms.priority = priority
    refit(terms, choice)
    return evaluate(terms, choice)


def press(terms: Terms, state: State, pressure: Floats, growth: float) -> Floats:
    """Factors (T,) of the priorities: more of it where a linear target is missed, less and less where it is met."""
    value = values(terms, state.linear, state.squares)
    missed = (misses(replace(terms, scale=terms.unit), value) > 0) & (terms.kind == 0)
    return np.where(missed, np.minimum(pressure * growth, HARDEST), np.maximum(pressure * EASING, 1.0))


def settle(terms: Terms, choice: Integers, source: np.random.Generator) -> State:
    """End a search: sweeps with finer and finer grain, then pairs of moves, then both with a loss that gives up.

    The pairs come first under the loss without end, which brings home a target much narrower than a move.
    """
    state = run(terms, choice, FINISHING, source, keep)
    for stage in SETTLING:
        state = run(terms, state.choice, (stage,), source, keep)
        for _ in range(REPAIRS):
            terms.scale = terms.unit.copy()
            if not repair(terms, state, REPAIR_PRIORITY, MARGIN):
                break
            state = run(terms, state.choice, (replace(stage, sweeps=1),), source, keep)
    terms.scale = terms.unit.copy()
    return state


def describe(terms: Terms, state: State) -> str:
    """How many targets are met and what is left of the loss, in words."""
    own_scale = replace(terms, scale=terms.unit, reach=0.0)
    value = values(terms, state.linear, state.squares)
    outside = (misses(own_scale, value) > 0) & (terms.priority > 0)
    return (
        f"{(terms.priority > 0).sum() - outside.sum()} of {(terms.priority > 0).sum()} met, loss "
        f"{float(cost(own_scale, value, 0.0)):.2f}"
    )
