"""One candidate for each person such that functionals of the outcomes fall into their bounds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

STATISTICS = ("coef", "se", "t")
SAMPLED = 4  # one in so many candidates says how large a usual move is


@dataclass(frozen=True)
class Share:
    """The targets that a person's outcomes enter: linear ones, and those on spreads, with what they are made of.

    linear, spread: positions among the targets; of the linear ones column (of the features) and weight.
    """

    linear: Integers
    column: Integers
    weight: Floats
    spread: Integers


@dataclass
class Terms:
    """The targets compiled for a pool of candidates.

    features: (n, K, V) outcomes of the candidates. weights: (n, R), column, offset: (R,) rows linear in the choices.
    loadings: (n, Q, G), norms: (n, Q), spread_column: (Q,) clustered spreads. kind: (T,) position in STATISTICS;
    row, spread: (T,) what a target is made of; low, high, unit, priority: (T,); scale: (T,) the unit of its misses.
    allowed: (n, K) candidates that may be chosen. reach: how far the loss of a miss grows, 0 for without end. shares:
    (n,) the targets that each person's outcomes enter.
    """

    features: Floats
    weights: Floats
    column: Integers
    offset: Floats
    loadings: Floats
    norms: Floats
    spread_column: Integers
    kind: Integers
    row: Integers
    spread: Integers
    low: Floats
    high: Floats
    unit: Floats
    scale: Floats
    priority: Floats
    allowed: NDArray[np.bool_]
    reach: float = 0.0
    shares: list[Share] = field(default_factory=list)


@dataclass
class State:
    """A choice (n,) with the values of the linear rows (R,), the cluster scores (Q, G) and the squared spreads (Q,)."""

    choice: Integers
    linear: Floats
    scores: Floats
    squares: Floats


def evaluate(terms: Terms, choice: Integers) -> State:
    """The state of a choice, from scratch."""
    chosen = terms.features[np.arange(len(choice)), choice]
    linear = terms.offset + (terms.weights * chosen[:, terms.column]).sum(axis=0)
    scores = (terms.loadings * chosen[:, terms.spread_column][:, :, None]).sum(axis=0)
    return State(choice.copy(), linear, scores, (scores**2).sum(axis=1))


def values(terms: Terms, linear: Floats, squares: Floats) -> Floats:
    """Statistics (..., T) of the targets from linear rows (..., R) and squared spreads (..., Q)."""
    value = linear[..., terms.row]
    errors, ratios = np.flatnonzero(terms.kind == 1), np.flatnonzero(terms.kind == 2)
    spread = np.sqrt(np.maximum(squares, 1e-12))
    value[..., errors] = spread[..., terms.spread[errors]]
    value[..., ratios] = np.abs(value[..., ratios]) / spread[..., terms.spread[ratios]]
    return value


def misses(terms: Terms, value: Floats, margin: float = 0.0) -> Floats:
    """Distances (..., T) of values from their bounds pulled in by `margin` units, in the terms' scale."""
    pulled = margin * terms.unit
    outside = np.maximum(terms.low + pulled - value, value - (terms.high - pulled))
    return np.maximum(outside, 0.0, out=outside) / terms.scale


def cost(terms: Terms, value: Floats, margin: float) -> Floats:
    """Loss (...) of values (..., T)."""
    return penalty(misses(terms, value, margin), terms.reach) @ terms.priority


def penalty(miss: Floats, reach: float) -> Floats:
    """Loss of each miss: quadratic in small ones; in large ones linear, or level beyond `reach` if that is given.

    A level loss gives up what cannot be had and spends nothing more on it.
    """
    if reach:
        square = (miss / reach) ** 2
        return square / (1 + square)
    return miss * miss / (1 + miss)


def shares(terms: Terms) -> list[Share]:
    """What each person has a share in, (n,)."""
    entering = terms.weights[:, terms.row] != 0
    found = []
    for person, enters in enumerate(entering):
        linear = np.flatnonzero(enters & (terms.kind == 0) & (terms.priority > 0))
        row = terms.row[linear]
        spread = np.flatnonzero(enters & (terms.kind > 0) & (terms.priority > 0))
        found.append(Share(linear, terms.column[row], terms.weights[person, row], spread))
    return found


def losses(terms: Terms, state: State, person: int, options: Integers, margin: float) -> Floats:
    """Loss (k,) if a person took each of `options` (k,), less what does not depend on them."""
    share, current = terms.shares[person], state.choice[person]
    change = terms.features[person, options] - terms.features[person, current]
    value = change[:, share.column]
    value *= share.weight
    value += state.linear[terms.row[share.linear]]
    loss = _weigh(terms, share.linear, value, margin)
    if len(share.spread):
        loss = loss + _weigh(terms, share.spread, _spread_values(terms, state, person, share.spread, change), margin)
    return np.where(terms.allowed[person, options], loss, np.inf)


def _weigh(terms: Terms, targets: Integers, value: Floats, margin: float) -> Floats:
    pulled = margin * terms.unit[targets]
    above = value - (terms.high[targets] - pulled)
    miss = np.subtract(terms.low[targets] + pulled, value, out=value)
    np.maximum(miss, above, out=miss)
    np.maximum(miss, 0.0, out=miss)
    miss /= terms.scale[targets]
    return np.asarray(penalty(miss, terms.reach) @ terms.priority[targets])


def _spread_values(terms: Terms, state: State, person: int, targets: Integers, change: Floats) -> Floats:
    """Standard errors and ratios (k, targets) after a person's features change by `change` (k, V)."""
    spread, row = terms.spread[targets], terms.row[targets]
    step = change[:, terms.spread_column[spread]]
    pull = 2 * (terms.loadings[person, spread] * state.scores[spread]).sum(axis=1)
    squares = state.squares[spread] + step * (pull + step * terms.norms[person, spread])
    error = np.sqrt(np.maximum(squares, 1e-12))
    ratio = np.abs(state.linear[row] + terms.weights[person, row] * step) / error
    return np.where(terms.kind[targets] == 1, error, ratio)


def move(terms: Terms, state: State, person: int, option: int) -> None:
    """Give a person another candidate, in place."""
    change = terms.features[person, option] - terms.features[person, state.choice[person]]
    state.choice[person] = option
    state.linear = state.linear + terms.weights[person] * change[terms.column]
    state.scores = state.scores + terms.loadings[person] * change[terms.spread_column][:, None]
    state.squares = (state.scores**2).sum(axis=1)


def coarsen(terms: Terms, state: State, grain: float) -> None:
    """Measure misses of narrow targets in `grain` times the usual size of one person's move, not in their own units.

    A target narrower than a move would otherwise freeze the search: every move that touches it looks like a loss.
    """
    chosen = terms.features[np.arange(len(state.choice)), state.choice][:, None, :]
    squares = (terms.features[:, ::SAMPLED] - chosen) ** 2
    is_move = terms.allowed[:, ::SAMPLED, None]
    size = np.sqrt((squares * is_move).sum(axis=1) / np.maximum(is_move.sum(axis=1), 1))
    size = size[:, terms.column] * terms.weights
    usual = np.sqrt((size**2).mean(axis=0))[terms.row]
    terms.scale = np.maximum(terms.unit, np.where(terms.kind == 0, grain * usual, 0.0))


def sweep(
    terms: Terms, state: State, generator: np.random.Generator, margin: float, heat: float = 0.0, sampled: int = 0
) -> int:
    """Move every person once, in random order, to the best of their candidates (of `sampled` random ones, if given).

    With `heat` above zero the losses get exponential noise. Returns the number of persons moved.
    """
    candidates, moved = terms.features.shape[1], 0
    for person in generator.permutation(len(state.choice)):
        options = generator.integers(0, candidates, size=sampled) if sampled else np.arange(candidates)
        options = np.append(options, state.choice[person])
        loss = losses(terms, state, int(person), options, margin)
        if heat > 0:
            loss = loss + heat * generator.standard_exponential(len(options))
        best = int(np.argmin(loss))
        if loss[best] < loss[-1]:
            move(terms, state, int(person), int(options[best]))
            moved += 1
    return moved
