"""Pairs of moves that bring narrow targets home without harm to the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from calibration.search.choice import State, Terms, cost, losses, misses, move, values

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

CHEAP = 2000  # single moves whose pairs are looked at
TRIED = 150  # pairs whose loss is computed
GAIN = 1e-9  # smallest gain that counts, above rounding


def repair(terms: Terms, state: State, floor: float, margin: float) -> bool:
    """Make a pair of moves that brings a linear target of priority `floor` or more home and lowers the loss; in place.

    False if no pair helps any of them.
    """
    options = np.arange(terms.features.shape[1])
    price = np.stack([losses(terms, state, person, options, margin) for person in range(len(state.choice))])
    price[np.arange(len(price)), state.choice] = np.inf
    return any(_repair_one(terms, state, target, price, margin) for target in missed(terms, state, floor))


def _repair_one(terms: Terms, state: State, target: int, price: Floats, margin: float) -> bool:
    """Make the best pair of moves that together put the target inside its bounds, if it lowers the loss."""
    row = terms.row[target]
    column = terms.features[:, :, terms.column[row]]
    effect = terms.weights[:, row, None] * (column - column[np.arange(len(column)), state.choice][:, None])
    alone = np.where(effect == 0, np.inf, price - _own_loss(terms, target, state.linear[row] + effect, margin))
    cheapest = np.argsort(alone, axis=None)[: min(CHEAP, int(np.isfinite(alone).sum()))]
    person, option = np.unravel_index(cheapest, alone.shape)
    low, high = terms.low[target] - state.linear[row], terms.high[target] - state.linear[row]
    inset = margin * terms.unit[target]
    together = effect[person, option][:, None] + effect[person, option]
    fits = np.triu((together >= low + inset) & (together <= high - inset), k=1)
    first, second = np.nonzero(fits & (person[:, None] != person))
    order = np.argsort(alone[person, option][first] + alone[person, option][second])[:TRIED]
    best = float(cost(terms, values(terms, state.linear, state.squares), margin)) - GAIN
    found = None
    for pair in zip(first[order], second[order], strict=True):
        trial = State(state.choice.copy(), state.linear, state.scores, state.squares)
        for position in pair:
            move(terms, trial, int(person[position]), int(option[position]))
        loss = float(cost(terms, values(terms, trial.linear, trial.squares), margin))
        if loss < best:
            best, found = loss, trial
    if found is not None:
        state.choice, state.linear = found.choice, found.linear
        state.scores, state.squares = found.scores, found.squares
    return found is not None


def _own_loss(terms: Terms, target: int, value: Floats, margin: float) -> Floats:
    """What one linear target adds to the loss at each of its values."""
    pulled = margin * terms.unit[target]
    outside = np.maximum(terms.low[target] + pulled - value, value - terms.high[target] + pulled)
    miss = np.maximum(outside, 0.0) / terms.scale[target]
    if terms.reach:
        miss /= terms.reach
        return terms.priority[target] * miss**2 / (1 + miss**2)
    return terms.priority[target] * miss**2 / (1 + miss)


def missed(terms: Terms, state: State, floor: float) -> list[int]:
    """Linear targets of priority `floor` or more outside their bounds: by priority, then from the smallest miss."""
    miss = misses(terms, values(terms, state.linear, state.squares)) * (terms.kind == 0) * (terms.priority >= floor)
    return [int(target) for target in np.lexsort((miss, -terms.priority)) if miss[target] > 0]
