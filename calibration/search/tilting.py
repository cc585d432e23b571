"""The behavioural model tilted towards the targets: chances of the candidates such that expected values fall right."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from calibration.search.choice import Terms, cost, values

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

PULL_IN = 0.3  # share of an interval's half-width kept free, for the rounding of fractional persons
PRICE = 10.0  # of missing a target of priority 1 by one unit, in units of the candidates' random costs
MIXTURES = (1.0, 0.3)  # temperatures: the lower, the more each person's chances gather on one candidate
ITERATIONS = 150  # at each temperature
LIKELY = 0.01  # chance from which a candidate is looked at when the chances are settled
NEVER = 1e6  # cost of a candidate that is not allowed


@dataclass(frozen=True)
class Tilted:
    """The dual of the linear programme with an entropy: a price for each side of each target's interval.

    used: (T,) targets linear in the choice. low, high: (T,) their bounds, pulled in, less the terms' offsets. scale:
    (T,) the spread of each target's value among random choices; bounds and prices are in it. mixture: the temperature.
    """

    terms: Terms
    costs: Floats
    used: Integers
    low: Floats
    high: Floats
    scale: Floats
    mixture: float
    features: NDArray[np.float32]

    def chances(self, prices: Floats) -> tuple[Floats, float]:
        """Chances (n, K) of the candidates at the prices (2, T) of a fall below or a rise above, and the free costs."""
        net = (prices[1] - prices[0]) / self.scale
        rows = np.bincount(self.terms.row[self.used], weights=net, minlength=self.terms.weights.shape[1])
        pull = np.zeros((self.terms.features.shape[2], len(self.costs)))
        np.add.at(pull, self.terms.column, (self.terms.weights * rows).T)
        cost = self.costs + np.matmul(self.features, pull.T[:, :, None].astype(np.float32))[:, :, 0]
        least = cost.min(axis=1, keepdims=True)
        weight = np.exp((least - cost) / self.mixture)
        total = weight.sum(axis=1, keepdims=True)
        return weight / total, float((least - self.mixture * np.log(total)).sum())

    def value(self, chances: Floats) -> Floats:
        """Expected values (T,) of the targets under the chances (n, K), less the offsets."""
        expected = np.matmul(chances[:, None, :].astype(np.float32), self.features)[:, 0]
        linear = (self.terms.weights * expected[:, self.terms.column]).sum(axis=0)
        return np.asarray(linear[self.terms.row[self.used]] / self.scale)

    def loss(self, flat: Floats) -> tuple[float, Floats]:
        """The negative dual at prices (2 T,), and its gradient."""
        prices = flat.reshape(2, -1)
        chances, free = self.chances(prices)
        value = self.value(chances)
        sides = np.stack([self.low, -self.high])
        dual = free + (prices * np.where(np.isfinite(sides), sides, 0.0)).sum()
        gradient = np.stack([value - self.low, self.high - value])
        return -float(dual), np.where(np.isfinite(gradient), gradient, 1.0).ravel()


def relax(terms: Terms, costs: Floats) -> tuple[Integers, Floats]:
    """A candidate (n,) for each person from the tilted model, and the slacks (2, T) of the targets.

    The slacks say by how many units each target had to fall below its lower, or rise above its upper bound.

    costs: (n, K) random costs of the candidates; with costs drawn as minus Gumbel the unconstrained choice is a draw
    from the behavioural model, and the constrained one a draw from that model tilted towards the targets.
    """
    from scipy.optimize import minimize

    used = np.flatnonzero((terms.kind == 0) & (terms.priority > 0))
    row, unit = terms.row[used], terms.unit[used]
    scale = np.sqrt((terms.weights**2 * terms.features.var(axis=1)[:, terms.column]).sum(axis=0))[row] + 1e-9
    low = (terms.low[used] - terms.offset[row] + PULL_IN * unit) / scale
    high = (terms.high[used] - terms.offset[row] - PULL_IN * unit) / scale
    price = PRICE * terms.priority[used] * scale / unit
    bounds = [(0.0, float(most) if np.isfinite(bound) else 0.0)
              for side in (low, high) for bound, most in zip(side, price, strict=True)]  # fmt: skip
    costs = np.where(terms.allowed, costs, NEVER)
    prices, features = np.zeros(2 * len(used)), terms.features.astype(np.float32)
    for mixture in MIXTURES:
        problem = Tilted(terms, costs, used, low, high, scale, mixture, features)
        answer = minimize(
            problem.loss, prices, jac=True, method="L-BFGS-B", bounds=bounds,
            options={"maxiter": ITERATIONS, "maxfun": 2 * ITERATIONS, "maxcor": 30},
        )  # fmt: skip
        prices = answer.x
    chances, _ = problem.chances(prices.reshape(2, -1))
    value = problem.value(chances)
    slack = np.zeros((2, len(terms.unit)))
    slack[:, used] = np.maximum(np.stack([low - value, value - high]) * scale / unit - PULL_IN, 0.0)
    return settle_chances(terms, chances), slack


def settle_chances(terms: Terms, chances: Floats) -> Integers:
    """One candidate (n,) for each person: in turn, from the surest on, the one that keeps expected values best.

    Whoever has not had their turn counts with their expected features, so what one choice adds the next ones take back.
    """
    expected = np.matmul(chances[:, None, :], terms.features)[:, 0]
    linear = terms.offset + (terms.weights * expected[:, terms.column]).sum(axis=0)
    choice = chances.argmax(axis=1)
    linear_only = replace(terms, priority=np.where(terms.kind == 0, terms.priority, 0.0))
    squares = np.ones(len(terms.spread_column))
    for person in np.argsort(-chances.max(axis=1), kind="stable"):
        options = np.flatnonzero(terms.allowed[person] & (chances[person] >= min(LIKELY, chances[person].max())))
        change = terms.features[person, options] - expected[person]
        after = linear + terms.weights[person] * change[:, terms.column]
        best = int(np.argmin(cost(linear_only, values(terms, after, squares), PULL_IN)))
        choice[person], linear = options[best], after[best]
    return choice
