"""The linear programme of the calibration: shares of each person's candidates that bring the targets home."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from calibration.search.choice import Terms, values

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]
    Marks = NDArray[np.bool_]


@dataclass(frozen=True)
class Prices:
    """What a programme weighs. cost: (n, K) of giving a person a candidate.

    miss: the price of a target of priority 1 that is missed by one unit, once it is pulled in by `margin` half-widths.
    """

    cost: Floats
    miss: float
    margin: float


SURE = 1 - 1e-6
FIXED_EACH_TURN = 3  # one in so many of the undecided persons, the surest first
SMALLEST = 1e-6  # square of a standard error: where nobody differs yet, the slope of a ratio stays finite
NEGLIGIBLE = 1e-7  # entries of the programme, in units of their row, that are left out


def dive(
    terms: Terms,
    shares: Floats,
    prices: Prices,
    kind: Integers,
    renew: Callable[[Floats], None],
    stays_open: Callable[[int], Marks] = lambda count: np.zeros(count, dtype=bool),
) -> tuple[Floats, Floats]:
    """Shares (n, K) under the programme once every person's candidates are of one kind, and the slack (T,) then.

    The programme is solved again and again; each time the persons who have one kind, and the surest of the others, are
    fixed to it, and the rest make up for what that changes. kind: (n, K) numbers; where no two candidates of a person
    are alike, the answer is a choice. `renew` brings what is linearised in the terms up to date for new shares; spreads
    and ratios are linearised at each solution anyway. `stays_open` draws which of so many persons of one kind are not
    fixed yet. Narrows `terms.allowed` in place.
    """
    persons = np.arange(len(kind))
    while True:
        renew(shares)
        shares, slack = solve(terms, shares, prices)
        chances = np.zeros((len(kind), int(kind.max()) + 1))
        np.add.at(chances, (persons[:, None], kind), shares)
        likeliest, chance = chances.argmax(axis=1), chances.max(axis=1)
        is_open = (terms.allowed & (kind != likeliest[:, None])).any(axis=1)
        undecided = np.flatnonzero(is_open & (chance < SURE))
        if not undecided.size:
            return shares, slack
        surest = undecided[np.argsort(-chance[undecided], kind="stable")][: 1 + undecided.size // FIXED_EACH_TURN]
        sure = np.flatnonzero(is_open & (chance >= SURE))
        fixed = np.concatenate([surest, sure[~stays_open(len(sure))]])
        terms.allowed[fixed] &= kind[fixed] == likeliest[fixed, None]


def solve(terms: Terms, present: Floats, prices: Prices) -> tuple[Floats, Floats]:
    """Shares (n, K) of the candidates of least cost, and the slack (T,) of each target in the terms' scale.

    present: (n, K) the shares at which spreads and ratios are linearised. Raises RuntimeError if the solver gives up.
    """
    from scipy import sparse
    from scipy.optimize import linprog

    person, option = np.nonzero(terms.allowed)
    used = np.flatnonzero(terms.priority > 0)
    slopes, value = linearise(terms, present, person, option, used)
    inset = prices.margin * terms.unit[used]
    low, high = terms.low[used] - value + inset, terms.high[used] - value - inset
    slopes = slopes / terms.scale[used, None]
    rows = sparse.csr_matrix(np.where(np.abs(slopes) < NEGLIGIBLE, 0.0, slopes))
    slack, none = sparse.eye(len(used)), sparse.csr_matrix((len(used), len(used)))
    both = sparse.vstack([sparse.hstack([rows, -slack, none]), sparse.hstack([-rows, none, -slack])]).tocsr()
    bound = np.concatenate([high, -low]) / np.tile(terms.scale[used], 2)
    whole = sparse.csr_matrix((np.ones(len(person)), (person, np.arange(len(person)))))
    whole = sparse.hstack([whole, sparse.csr_matrix((whole.shape[0], 2 * len(used)))])
    answer = linprog(
        np.concatenate([prices.cost[person, option], np.tile(prices.miss * terms.priority[used], 2)]),
        A_ub=both[np.isfinite(bound)], b_ub=bound[np.isfinite(bound)],
        A_eq=whole, b_eq=np.ones(whole.shape[0]), bounds=(0, None), method="highs-ipm",
    )  # fmt: skip
    if answer.status != 0:
        size = f"{len(person)} columns, {len(used)} targets"
        raise RuntimeError(f"the linear programme ({size}) has no solution, status {answer.status}: {answer.message}")
    shares, missing = np.zeros(terms.allowed.shape), np.zeros(len(terms.unit))
    shares[person, option] = answer.x[: len(person)]
    missing[used] = answer.x[len(person) :].reshape(2, -1).max(axis=0)
    return shares, missing


def linearise(
    terms: Terms, present: Floats, person: Integers, option: Integers, used: Integers
) -> tuple[Floats, Floats]:
    """Slopes (targets used, columns) of the targets in the shares, and their values at the present shares.

    A column is a person's candidate; the shares of a person sum to one, so that its slope is measured from the person's
    present mean.
    """
    mean = np.matmul(present[:, None, :], terms.features)[:, 0]
    linear = terms.offset + (terms.weights * mean[:, terms.column]).sum(axis=0)
    scores = (terms.loadings * mean[:, terms.spread_column][:, :, None]).sum(axis=0)
    squares = (scores**2).sum(axis=1)
    value = values(terms, linear, squares)[used]
    change = terms.features[person, option] - mean[person]
    slopes = np.empty((len(used), len(person)))
    for place, target in enumerate(used):
        row, spread = terms.row[target], terms.spread[target]
        slope = terms.weights[person, row] * change[:, terms.column[row]]
        if terms.kind[target] > 0:
            error = np.sqrt(max(squares[spread], SMALLEST))
            pull = (terms.loadings[:, spread] @ scores[spread])[person] * change[:, terms.spread_column[spread]] / error
            slope = pull if terms.kind[target] == 1 else (np.sign(linear[row]) * slope - value[place] * pull) / error
        slopes[place] = slope
    return slopes, value
