"""Published estimators as plain algebra on outcomes: weights of a mean or a coefficient, spread of its clusters, hazards.

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

INTERVALS = 20
INTERVAL_WEEKS = 4
NEWTON_STEPS = 40
SCORE_TOLERANCE = 1e-10


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


def interval_of_week(horizon: int) -> Integers:
    """Interval of the baseline hazard of weeks 1..horizon; the remainder joins the last."""
    return np.minimum(np.arange(horizon) // INTERVAL_WEEKS, horizon // INTERVAL_WEEKS - 1)


@dataclass(frozen=True)
class HazardFit:
    """Discrete-time logit at its maximum.

    coefficient, se: of treatment, from the observed information. weeks: person-weeks left after what predicts
    perfectly is dropped, with the numbers of places and intervals dropped. influence: (n, horizon, 2) what a person
    of the sample adds to the coefficient by leaving in a week (last index 1), or by being last seen at risk in it (0);
    it is nil in dropped places and intervals. information: (n, horizon) what an exit in that week adds to 1/se^2.
    """

    coefficient: float
    se: float
    weeks: int
    dropped_places: int
    dropped_intervals: int
    influence: Floats
    information: Floats


def _cells(sample: NDArray[np.bool_], treated: Integers, place: Integers, weeks: Integers, exited: NDArray[np.bool_],
           horizon: int) -> tuple[Floats, Floats]:
    """Person-weeks at risk and exits by (arm, place, interval)."""
    interval = interval_of_week(horizon)
    shape = (2, place.max() + 1, interval[-1] + 1)
    risk, exits = np.zeros(shape), np.zeros(shape)
    week = np.arange(1, horizon + 1)
    present = (weeks[sample][:, None] >= week) @ (interval[:, None] == np.arange(shape[2])).astype(float)
    np.add.at(risk, (treated[sample], place[sample]), present)
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
    arm, spot, span = np.nonzero((risk > 0) & places[:, None] & intervals)
    n_cell, d_cell = risk[arm, spot, span], exits[arm, spot, span]
    kept_spans, kept_spots = np.flatnonzero(intervals), np.flatnonzero(places)[1:]
    design = np.concatenate(
        [arm[:, None], span[:, None] == kept_spans, spot[:, None] == kept_spots], axis=1
    ).astype(float)
    parameters = _newton(design, n_cell, d_cell)
    chance = 1 / (1 + np.exp(-(design @ parameters)))
    information = design.T @ (design * (n_cell * chance * (1 - chance))[:, None])
    inverse = np.linalg.inv(information)[0]
    pull = np.zeros(risk.shape)
    pull[arm, spot, span] = design @ inverse
    probability = np.zeros(risk.shape)
    probability[arm, spot, span] = chance
    influence = _influence(sample, treated, place, pull, probability, horizon)
    residual = np.zeros(risk.shape)
    residual[arm, spot, span] = (design @ inverse / inverse[0]) ** 2 * (1 - chance)
    week_information = residual[treated, place][:, interval_of_week(horizon)] * sample[:, None]
    return HazardFit(float(parameters[0]), float(np.sqrt(inverse[0])), int(n_cell.sum()),
                     int((risk.sum(axis=(0, 2)) > 0).sum() - places.sum()), int(INTERVALS - intervals.sum()),
                     influence, week_information)


def _newton(design: Floats, at_risk: Floats, exits: Floats) -> Floats:
    parameters = np.zeros(design.shape[1])
    for _ in range(NEWTON_STEPS):
        chance = 1 / (1 + np.exp(-(design @ parameters)))
        score = design.T @ (exits - at_risk * chance)
        information = design.T @ (design * (at_risk * chance * (1 - chance))[:, None])
        parameters = parameters + np.linalg.solve(information, score)
        if np.abs(score).max() < SCORE_TOLERANCE:
            break
    return parameters


def _influence(sample: NDArray[np.bool_], treated: Integers, place: Integers, pull: Floats, probability: Floats,
               horizon: int) -> Floats:
    interval = interval_of_week(horizon)
    weekly = pull[treated, place][:, interval]
    survived = -np.cumsum(weekly * probability[treated, place][:, interval], axis=1)
    return np.stack([survived, survived + weekly], axis=2) * sample[:, None, None]
