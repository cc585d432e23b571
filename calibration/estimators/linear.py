"""Published estimators as plain algebra: weights of a mean or a coefficient, spread of its clusters, hazards.

A mean and a least-squares coefficient are weights' y. A clustered standard error is the length of loadings y. The
maximum-likelihood coefficient of a hazard is, near a fit, the fit plus the sum of the persons' influences.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

INTERVAL_WEEKS = 4
NEWTON_STEPS = 40
SCORE_TOLERANCE = 1e-9
LONGEST_STEP = 2.0  # of a parameter in one iteration: a full step may overshoot where exits are few


@dataclass(frozen=True)
class Coefficient:
    """One least-squares coefficient: weights (n,) and loadings (clusters, n) on the outcome, zero outside the sample.

    The coefficient is weights' y; its standard error clustered as in Stata is the length of loadings y.
    """

    weights: Floats
    loadings: Floats


def least_squares(
    sample: NDArray[np.bool_], regressors: Floats, cell: Integers, cluster: Integers, row: int = 0
) -> Coefficient:
    """Coefficient on column `row` of `regressors` (n, p) with a dummy for each `cell`, on the persons of `sample`.

    Source: report model (2) and (3); Frisch-Waugh-Lovell takes the dummies out. The factor of the standard error is
    G/(G-1) * (N-1)/(N-K) with K counting the dummies.
    """
    n = len(sample)
    cells = np.unique(cell[sample], return_inverse=True)[1]
    averaging = (cells[:, None] == np.arange(cells.max() + 1)).astype(float)
    averaging = averaging @ (averaging / averaging.sum(axis=0)).T
    inside = regressors[sample] - averaging @ regressors[sample]
    solver = np.linalg.solve(inside.T @ inside, inside.T)
    groups = np.unique(cluster[sample], return_inverse=True)[1]
    clusters = groups.max() + 1
    by_cluster = (groups == np.arange(clusters)[:, None]) * solver[row]
    loadings = by_cluster - by_cluster @ averaging - (by_cluster @ inside) @ solver
    size, parameters = sample.sum(), cells.max() + 1 + regressors.shape[1]
    factor = clusters / (clusters - 1) * (size - 1) / (size - parameters)
    weights, spread = np.zeros(n), np.zeros((cluster.max() + 1, n))
    weights[sample] = solver[row]
    spread[np.ix_(np.arange(clusters), np.flatnonzero(sample))] = np.sqrt(factor) * loadings
    return Coefficient(weights, spread)


def mean_weights(sample: NDArray[np.bool_]) -> Floats:
    """Weights (n,) of the mean over `sample`."""
    return sample / sample.sum()


def team_mean_weights(
    sample: NDArray[np.bool_], treated: Floats, covariates: list[Floats], place: Integers, cluster: Integers
) -> Floats:
    """Weights (n,) of the effect on means by team and arm, each mean counting alike (report model (7))."""
    people = np.flatnonzero(sample)
    arm = np.unique(2 * cluster[people] + treated[people].astype(np.int64), return_inverse=True)[1]
    share = (np.arange(arm.max() + 1)[:, None] == arm).astype(float)
    share /= share.sum(axis=1, keepdims=True)
    first = people[share.argmax(axis=1)]
    regressors = np.column_stack([treated, *covariates])[people]
    everyone = np.ones(len(first), dtype=bool)
    solution = least_squares(everyone, share @ regressors, place[first], cluster[first])
    weights = np.zeros(len(sample))
    weights[people] = solution.weights @ share
    return weights


def place_effect_weights(
    sample: NDArray[np.bool_], treated: Floats, covariates: list[Floats], place: Integers
) -> Floats:
    """Weights (n,) of the mean over persons of an effect for each place, with common covariates (report model (6))."""
    people = np.flatnonzero(sample)
    spots = (np.unique(place[people])[:, None] == place[people]).astype(float).T
    regressors = np.column_stack([spots, spots * treated[people, None], *(one[people] for one in covariates)])
    average = np.zeros(regressors.shape[1])
    average[spots.shape[1] : 2 * spots.shape[1]] = spots.mean(axis=0)
    weights = np.zeros(len(sample))
    weights[people] = regressors @ np.linalg.solve(regressors.T @ regressors, average)
    return weights


def interval_of_week(horizon: int) -> Integers:
    """Interval of the baseline hazard of weeks 1..horizon; the remainder joins the last."""
    return np.minimum(np.arange(horizon) // INTERVAL_WEEKS, horizon // INTERVAL_WEEKS - 1)


@dataclass(frozen=True)
class HazardFit:
    """Discrete-time logit at its maximum.

    coefficient, se: of treatment, from the observed information. weeks: person-weeks left after what predicts
    perfectly is dropped, with the numbers of places and intervals dropped. influence: (n, horizon, 2) what a person
    of the sample adds to the coefficient by leaving in a week (last index 1), or by being last seen at risk in it (0);
    it is nil in dropped places and intervals.
    """

    coefficient: float
    se: float
    weeks: int
    dropped_places: int
    dropped_intervals: int
    influence: Floats


def _cells(
    sample: NDArray[np.bool_],
    treated: Integers,
    place: Integers,
    weeks: Integers,
    exited: NDArray[np.bool_],
    horizon: int,
) -> tuple[Floats, Floats]:
    """Person-weeks at risk and exits by (arm, place, interval)."""
    interval = interval_of_week(horizon)
    shape = (2, place.max() + 1, interval[-1] + 1)
    risk, exits = np.zeros(shape), np.zeros(shape)
    present = weeks[sample][:, None] >= np.arange(1, horizon + 1)
    by_interval = np.add.reduceat(present.astype(float), np.flatnonzero(np.diff(interval, prepend=-1)), axis=1)
    np.add.at(risk, (treated[sample], place[sample]), by_interval)
    leaving = sample & exited
    np.add.at(exits, (treated[leaving], place[leaving], interval[weeks[leaving] - 1]), 1.0)
    return risk, exits


def _perfectly_predicted(risk: Floats, exits: Floats) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Places and intervals that remain once those without exits, or with exits only, are dropped with their weeks."""
    places, intervals = risk.sum(axis=(0, 2)) > 0, risk.sum(axis=(0, 1)) > 0
    while True:
        kept = places[:, None] & intervals
        at_risk, left = (risk * kept).sum(axis=0), (exits * kept).sum(axis=0)
        new_places = places & (left.sum(axis=1) > 0) & (left.sum(axis=1) < at_risk.sum(axis=1))
        new_intervals = intervals & (left.sum(axis=0) > 0) & (left.sum(axis=0) < at_risk.sum(axis=0))
        if (new_places == places).all() and (new_intervals == intervals).all():
            return places, intervals
        places, intervals = new_places, new_intervals


def fit_hazard(
    sample: NDArray[np.bool_],
    treated: Integers,
    place: Integers,
    weeks: Integers,
    exited: NDArray[np.bool_],
    horizon: int,
) -> HazardFit:
    """Logit of leaving in a week on treatment, dummies of four-week intervals and places (report model (1)).

    weeks: (n,) week of exit, or last week at risk. A place or interval without exits is dropped with its weeks.
    """
    risk, exits = _cells(sample, treated, place, weeks, exited, horizon)
    places, intervals = _perfectly_predicted(risk, exits)
    kept = (risk > 0) & places[:, None] & intervals
    table = HazardTable(risk * kept, exits * kept, np.flatnonzero(intervals), np.flatnonzero(places)[1:])
    parameters = table.newton()
    chance = np.where(kept, table.chance(parameters), 0.0)
    inverse = np.linalg.inv(table.information(chance))[0]
    pull = np.where(kept, table.predictor(inverse), 0.0)
    interval = interval_of_week(horizon)
    weekly = pull[treated, place][:, interval] * sample[:, None]
    survived = -np.cumsum(weekly * chance[treated, place][:, interval], axis=1)
    return HazardFit(
        coefficient=float(parameters[0]),
        se=float(np.sqrt(inverse[0])),
        weeks=int(table.risk.sum()),
        dropped_places=int((risk.sum(axis=(0, 2)) > 0).sum() - places.sum()),
        dropped_intervals=int(len(intervals) - intervals.sum()),
        influence=np.stack([survived, survived + weekly], axis=2),
    )


@dataclass(frozen=True)
class HazardTable:
    """Person-weeks and exits (2, places, intervals) by arm, with the dummies kept: all intervals, places but one.

    Parameters are ordered treatment, intervals, places. Sums over the table stand in for the design matrix.
    """

    risk: Floats
    exits: Floats
    intervals: Integers
    places: Integers

    def predictor(self, parameters: Floats) -> Floats:
        """Linear predictor (2, places, intervals)."""
        span, spot = np.zeros(self.risk.shape[2]), np.zeros(self.risk.shape[1])
        span[self.intervals] = parameters[1 : 1 + len(self.intervals)]
        spot[self.places] = parameters[1 + len(self.intervals) :]
        return parameters[0] * np.arange(2)[:, None, None] + spot[:, None] + span

    def chance(self, parameters: Floats) -> Floats:
        """Chance of leaving in a week, by cell."""
        return 1 / (1 + np.exp(-self.predictor(parameters)))

    def score(self, chance: Floats) -> Floats:
        """Derivative of the log-likelihood."""
        residual = self.exits - self.risk * chance
        by_interval, by_place = residual.sum(axis=(0, 1))[self.intervals], residual.sum(axis=(0, 2))[self.places]
        return np.concatenate([[residual[1].sum()], by_interval, by_place])

    def information(self, chance: Floats) -> Floats:
        """Observed information, which for the logit is the expected one."""
        weight = self.risk * chance * (1 - chance)
        treated = weight[1]
        edge = np.concatenate([[treated.sum()], treated.sum(axis=0)[self.intervals], treated.sum(axis=1)[self.places]])
        both = weight.sum(axis=0)
        diagonal = np.concatenate([both.sum(axis=0)[self.intervals], both.sum(axis=1)[self.places]])
        matrix = np.diag(np.concatenate([[0.0], diagonal]))
        matrix[0], matrix[:, 0] = edge, edge
        first = 1 + len(self.intervals)
        crossed = both[np.ix_(self.places, self.intervals)]
        matrix[first:, 1:first], matrix[1:first, first:] = crossed, crossed.T
        return matrix

    def newton(self) -> Floats:
        """Maximum-likelihood parameters, from the mean exit rate on."""
        parameters = np.zeros(1 + len(self.intervals) + len(self.places))
        rate = self.exits.sum() / self.risk.sum()
        parameters[1 : 1 + len(self.intervals)] = np.log(rate / (1 - rate))
        for _ in range(NEWTON_STEPS):
            chance = self.chance(parameters)
            score = self.score(chance)
            if np.abs(score).max() < SCORE_TOLERANCE:
                break
            step = np.linalg.solve(self.information(chance), score)
            parameters = parameters + step * min(1.0, LONGEST_STEP / np.abs(step).max())
        return parameters
