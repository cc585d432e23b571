"""One candidate for each person such that functionals of the outcomes fall into their bounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from pipeline.twin.history_targets import Design, Target

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

SLACK_PRICE = 40.0  # cost of missing a target of priority 1 by one unit, in units of the candidates' random costs
PULL_IN = 0.15  # share of an interval's half-width kept free in the programme, for the rounding of fractional persons
STATISTICS = ("coef", "se", "t")


class Pool(Protocol):
    """Outcomes of candidates by name, each (persons, candidates)."""

    def __getitem__(self, name: str) -> Floats:
        """The outcome `name` of every candidate, (persons, candidates)."""
        ...


@dataclass
class Terms:
    """The targets compiled for a pool of candidates.

    features: (n, K, V) outcomes of the candidates. weights: (n, R), column, offset: (R,) rows linear in the choices.
    loadings: (n, Q, G), norms: (n, Q), spread_column: (Q,) clustered spreads. kind: (T,) position in STATISTICS;
    row, spread: (T,) what a target is made of; low, high, unit, priority: (T,); scale: (T,) the unit of its misses.
    allowed: (n, K) candidates that may be chosen. reach: how far the loss of a miss grows, 0 for without end.
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


def hazard_name(target: Target) -> str:
    """Name in a pool of what a candidate adds to a hazard's coefficient."""
    return f"hazard/{target.functional.variable}/{target.functional.sample}"


def compile_terms(
    design: Design, pool: Pool | Mapping[str, Floats], targets: list[Target], allowed: NDArray[np.bool_]
) -> Terms:
    """Stack what the targets need: each variable, linear row and spread once."""
    names: dict[str, int] = {}
    rows: dict[object, int] = {}
    spreads: dict[object, int] = {}
    weights: list[Floats] = []
    loadings: list[Floats] = []
    column, spread_column = [], []
    for target in targets:
        functional = target.functional
        is_hazard = functional.estimator == "hazard"
        variable = names.setdefault(hazard_name(target) if is_hazard else functional.variable, len(names))
        if functional not in rows:
            rows[functional] = len(rows)
            weights.append(np.ones(len(design.place)) if is_hazard else design.weights(functional))
            column.append(variable)
        if target.statistic != "coef" and functional not in spreads:
            spreads[functional] = len(spreads)
            loadings.append(design.coefficient(functional).loadings)
            spread_column.append(variable)
    stacked = np.stack(loadings or [np.zeros((1, len(design.place)))]).transpose(2, 0, 1).copy()
    unit = np.array([target.unit for target in targets])
    return Terms(
        features=np.stack([pool[name] for name in names], axis=2),
        weights=np.stack(weights, axis=1),
        column=np.array(column),
        offset=np.zeros(len(rows)),
        loadings=stacked,
        norms=(stacked**2).sum(axis=2),
        spread_column=np.array(spread_column or [0]),
        kind=np.array([STATISTICS.index(target.statistic) for target in targets]),
        row=np.array([rows[target.functional] for target in targets]),
        spread=np.array([spreads.get(target.functional, 0) for target in targets]),
        low=np.array([target.low for target in targets]),
        high=np.array([target.high for target in targets]),
        unit=unit,
        scale=unit.copy(),
        priority=np.array([target.priority for target in targets]),
        allowed=allowed,
    )


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
    """Loss (...): quadratic in small misses; in large ones linear, or level beyond `reach` if that is given.

    A level loss gives up what cannot be had and spends nothing more on it.
    """
    miss = misses(terms, value, margin)
    if terms.reach:
        miss /= terms.reach
        return (miss**2 / (1 + miss**2)) @ terms.priority
    return (miss**2 / (1 + miss)) @ terms.priority


def losses(terms: Terms, state: State, person: int, options: Integers, margin: float) -> Floats:
    """Loss (k,) if a person took each of `options` (k,)."""
    change = terms.features[person, options] - terms.features[person, state.choice[person]]
    linear = state.linear + terms.weights[person] * change[:, terms.column]
    step = change[:, terms.spread_column]
    pull = 2 * (terms.loadings[person] * state.scores).sum(axis=1)
    squares = state.squares + step * (pull + step * terms.norms[person])
    loss = cost(terms, values(terms, linear, squares), margin)
    return np.where(terms.allowed[person, options], loss, np.inf)


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
    size = np.sqrt(((terms.features[:, ::4] - chosen) ** 2).mean(axis=1))[:, terms.column] * terms.weights
    usual = np.sqrt((size**2).mean(axis=0))[terms.row]
    terms.scale = np.maximum(terms.unit, np.where(terms.kind == 0, grain * usual, 0.0))


def ease(terms: Terms, slack: Floats) -> None:
    """Widen the bounds by what the programme could not meet, so that the search spends nothing on it."""
    terms.low = terms.low - slack[0] * terms.unit
    terms.high = terms.high + slack[1] * terms.unit


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


def relax(terms: Terms, costs: Floats) -> tuple[Integers, Floats]:
    """Linear programme over the first candidates of each person: the choice of largest weight, and the slacks (2, T).

    The slacks say by how many units each target had to fall below its lower, or rise above its upper bound.

    costs: (n, k) random costs of the candidates; with costs drawn as minus Gumbel the unconstrained choice is a draw
    from the behavioural model, and the constrained one a draw from that model tilted towards the targets.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array, eye_array, hstack, kron

    persons, candidates = costs.shape
    used = np.flatnonzero((terms.kind == 0) & (terms.priority > 0))
    row = terms.row[used]
    block = terms.weights[:, None, row] * terms.features[:, :candidates][:, :, terms.column[row]] / terms.unit[used]
    slack = eye_array(len(used), format="csr")
    one_each = kron(eye_array(persons), np.ones((1, candidates)), format="csr")
    low = (terms.low[used] - terms.offset[row]) / terms.unit[used] + PULL_IN
    high = (terms.high[used] - terms.offset[row]) / terms.unit[used] - PULL_IN
    matrix = hstack([csr_array(block.reshape(persons * candidates, -1).T), slack, -slack], format="csr")
    upper = np.where(terms.allowed[:, :candidates], 1.0, 0.0).ravel()
    answer = milp(
        np.concatenate([costs.ravel(), SLACK_PRICE * np.tile(terms.priority[used], 2)]),
        constraints=[
            LinearConstraint(matrix, low, high),
            LinearConstraint(hstack([one_each, csr_array((persons, 2 * len(used)))], format="csr"), 1, 1),
        ],
        bounds=Bounds(0, np.concatenate([upper, np.full(2 * len(used), np.inf)])),
    )
    left = np.zeros((2, len(terms.unit)))
    left[:, used] = np.maximum(answer.x[persons * candidates :].reshape(2, -1) - PULL_IN, 0.0)
    return answer.x[: persons * candidates].reshape(persons, candidates).argmax(axis=1), left
