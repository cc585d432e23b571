"""A least-squares problem resampled: what draws of the lot, signs of clusters and leaving one out say of effects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from pipeline.estimate import group_means, least_squares, response, stratum_effects
from pipeline.estimate.designs import Design, cluster_of, lot_block_of
from pipeline.estimate.problem import Data
from pipeline.estimate.regression import Fit, Regression
from pipeline.estimate.unmade import MEANS_OF_SPLITS, NO_CLUSTERS, OF_WEIGHTS
from pipeline.stats.bias_reduced import bias_reduced, reduced_degrees
from pipeline.stats.draws import Draws
from pipeline.stats.errors import NoEstimateError
from pipeline.stats.jackknife import jackknife_errors, leave_one_out
from pipeline.stats.linear import Linear, solve
from pipeline.stats.lot import draw_lot
from pipeline.stats.ols import FloatArray, deviations
from pipeline.stats.randomisation import redraw
from pipeline.stats.randomised_means import Averaged, redraw_means
from pipeline.stats.randomised_strata import Stratified, redraw_strata
from pipeline.stats.wild import bootstrap, draw_signs

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Redrawn:
    """What all problems of an extract share: N persons in the order of their clusters, and the draws.

    draws: (N, B), of the lot; is_whole: whether they are all the ways to draw. cluster_names: of the G clusters; signs:
    (G, B), a row a cluster.
    """

    persons: npt.NDArray[np.int64]
    cluster_names: tuple[str, ...]
    draws: BoolArray = field(repr=False)
    is_whole: bool
    signs: FloatArray = field(repr=False)

    @cached_property
    def _sorted(self) -> npt.NDArray[np.intp]:
        return np.argsort(self.persons)

    def rows(self, persons: npt.NDArray[np.int64]) -> npt.NDArray[np.intp]:
        """The places (n,) of some persons."""
        return np.asarray(self._sorted[np.searchsorted(self.persons, persons, sorter=self._sorted)])

    def of(self, persons: npt.NDArray[np.int64]) -> BoolArray:
        """The draws (B, n) of some persons (n,)."""
        return np.ascontiguousarray(self.draws[self.rows(persons)].T)

    def places(self, names: list[str]) -> npt.NDArray[np.intp]:
        """The numbers of some clusters."""
        return np.searchsorted(np.array(self.cluster_names), names)


@dataclass(frozen=True)
class Resampled:
    """The r known parameters of a problem and its m outcomes, resampled.

    places: those of the parameters among the design's. estimates, errors: (r, m). randomised, wild: an item a
    parameter, none with the reason in `reasons` by the beginning of a column's name. without: (r, m, G), the estimates
    without each cluster; exists: (r, G), whether there are any. jackknife, reduced: errors (r, m); degrees: (r,), of
    the reduced errors, and jackknife_degrees of the jackknife's. scores: (r, m, u) of the `units` (u,), clusters or
    persons of the trial.
    """

    places: list[int]
    estimates: FloatArray
    errors: FloatArray
    df: float
    randomised: list[Draws]
    wild: list[Draws]
    without: FloatArray
    exists: BoolArray
    jackknife: FloatArray
    reduced: FloatArray
    degrees: FloatArray
    scores: FloatArray
    units: npt.NDArray[np.intp]
    reasons: Mapping[str, str]


def draw_again(data: Data) -> Redrawn:
    """The lot and the signs of an extract: as many draws as the study says, from its seed."""
    study = data.study
    people = data.people.iloc[np.argsort(cluster_of(data.people, data), kind="stable")]
    settings = study.inference
    treated = people["treated"].to_numpy(dtype=bool)
    lot = draw_lot(treated, lot_block_of(people, data), settings.draws, settings.seed)
    names = tuple(np.unique(cluster_of(people, data)).tolist())
    signs = draw_signs(len(names), settings.draws, settings.seed) if study.design.cluster else np.zeros((len(names), 0))
    return Redrawn(people["person"].to_numpy(dtype=np.int64), names, lot.draws, lot.is_whole, signs)


def resample_persons(problem: Regression, again: Redrawn) -> Resampled:
    """Least squares on persons."""
    found = _with_errors(least_squares.fit(problem))
    linear, places = _linear(problem.design, found, problem.outcomes, problem.model.cluster != "none")
    order = _order(problem.design)
    rows = again.rows(problem.design.persons)[order]
    return _clustered(problem, found, linear, places, again, lambda: redraw(linear, again.draws, rows))


def resample_means(problem: Regression, again: Redrawn) -> Resampled:
    """Least squares on the means of each cluster's arms, which every draw of the lot makes anew of the persons."""
    found, design = _with_errors(group_means.fit(problem)), problem.design
    averaged, _ = group_means.average_arms(design)
    linear, places = _linear(averaged, found, found.outcomes, problem.model.cluster != "none")
    persons = means_of_persons(problem, found)
    is_one = len(design.group_names) == 1 and problem.model.cluster != "none"
    reasons = {} if is_one else {"ri": MEANS_OF_SPLITS}

    def drawn() -> list[Draws]:
        return [redraw_means(persons, again.of(design.persons), found.effects[0])] if is_one else []

    return _clustered(problem, found, linear, places, again, drawn, reasons)


def resample_strata(problem: Regression, again: Redrawn) -> Resampled:
    """An effect for each stratum, averaged: every person is a cluster, and what is left out at a time is a cluster."""
    found, design = _with_errors(stratum_effects.fit(problem)), problem.design
    kept = [design.names.index(name) for name in found.kept]
    covariates = design.covariates[:, kept]
    _, cells = np.unique(2 * design.strata + design.treated, return_inverse=True)
    within = deviations(covariates, cells, int(cells.max()) + 1)
    basis = np.linalg.qr(within)[0]
    leverage = 1.0 - np.divide(1.0, found.scale**2, out=np.zeros(found.n), where=found.scale > 0.0)
    stratified = strata_of_persons(problem, found)
    scores = (found.weights[0] * found.scale)[:, None] * found.residuals
    without, exists = _without_clusters(problem, found)
    return Resampled(
        places=[0],
        estimates=found.effects,
        errors=found.errors,
        df=found.df,
        randomised=[redraw_strata(stratified, again.of(design.persons), found.effects[0])],
        wild=[],
        without=without,
        exists=exists,
        jackknife=np.sqrt(((scores * found.scale[:, None]) ** 2).sum(axis=0))[None],
        reduced=found.errors,
        degrees=np.array([reduced_degrees(found.weights[0] * found.scale, leverage, cells, basis)]),
        scores=scores.T[None],
        units=again.rows(design.persons),
        reasons={"wild": NO_CLUSTERS},
    )


def resample_weighted(problem: Regression, again: Redrawn) -> Resampled:
    """Least squares on those who answered, weighted: weights are taken as known, so the lot is not drawn again."""
    assert isinstance(problem, response.Weighted), "the problems are those of the estimator"
    found = _with_errors(response.fit(problem))
    weights = problem.weights
    linear, places = _linear(problem.design, found, problem.outcomes, problem.model.cluster != "none", weights)
    return _clustered(problem, found, linear, places, again, list, {"ri": OF_WEIGHTS})


def means_of_persons(problem: Regression, found: Fit) -> Averaged:
    """A regression of means by cluster and arm as it is drawn again."""
    design = problem.design
    kept = [design.names.index(name) for name in found.kept if name in design.names]
    return Averaged(problem.outcomes, design.covariates[:, kept], design.treated, design.clusters, design.strata)


def strata_of_persons(problem: Regression, found: Fit) -> Stratified:
    """An average of the effects of strata as it is drawn again."""
    design = problem.design
    covariates = design.covariates[:, [design.names.index(name) for name in found.kept]]
    return Stratified(problem.outcomes, covariates, design.treated, np.unique(design.strata, return_inverse=True)[1])


def linear_of(problem: Regression, found: Fit) -> tuple[Linear, list[int], npt.NDArray[np.intp]]:
    """A regression on persons as it is drawn again, which parameters it has, and the order (n,) of its rows."""
    linear, places = _linear(problem.design, found, problem.outcomes, problem.model.cluster != "none")
    return linear, places, _order(problem.design)


RESAMPLERS: Mapping[str, Callable[[Regression, Redrawn], Resampled]] = {
    "ols": resample_persons,
    "weighted_ols": resample_weighted,
    "group_ols": resample_means,
    "stratum_effects": resample_strata,
}


def _with_errors(found: Fit) -> Fit:
    """A fit of which an effect has an error; NoEstimateError without any, for then there is nothing to studentise."""
    if not np.isfinite(found.errors).any():
        raise NoEstimateError("no effect has a standard error")
    return found


def _order(design: Design) -> npt.NDArray[np.intp]:
    return np.argsort(design.clusters, kind="stable")


def _linear(
    design: Design, found: Fit, outcomes: FloatArray, is_clustered: bool, weights: FloatArray | None = None
) -> tuple[Linear, list[int]]:
    """The problem as resampling takes it, rows in the order of clusters, and which parameters of the design it has."""
    kept = [design.names.index(name) for name in found.kept if name in design.names]
    effects = [place for place, name in enumerate(design.effects) if name in found.kept]
    places = [place for place, reason in enumerate(found.reasons) if not reason]
    order = _order(design)
    clusters = design.clusters[order] if is_clustered else np.arange(len(order))
    members = design.groups[:, None] == np.array(effects)
    own = None if weights is None else weights[order]
    roots = 1.0 if own is None else np.sqrt(own)[:, None]
    linear = Linear(
        outcomes=outcomes[order] * roots,
        covariates=design.covariates[order][:, kept] * roots,
        members=members[order],
        treated=design.treated[order],
        strata=np.unique(design.strata[order], return_inverse=True)[1],
        clusters=np.unique(clusters, return_inverse=True)[1],
        contrasts=design.contrasts[places][:, effects],
        weights=own,
    )
    return linear, places


def _clustered(
    problem: Regression,
    found: Fit,
    linear: Linear,
    places: list[int],
    again: Redrawn,
    drawn: Callable[[], list[Draws]],
    reasons: Mapping[str, str] = {},
) -> Resampled:
    solved = solve(linear)
    without, exists = leave_one_out(linear, solved)
    reduced, degrees = bias_reduced(linear, solved)
    is_clustered = problem.model.cluster != "none"
    units, wild = again.rows(problem.design.persons), list[Draws]()
    if is_clustered:
        codes = np.unique(problem.design.clusters)
        units = again.places([problem.design.cluster_names[code] for code in codes])
        wild = bootstrap(linear, solved, again.signs[units])
    return Resampled(
        places=places,
        estimates=found.effects[places],
        errors=found.errors[places],
        df=found.df,
        randomised=drawn(),
        wild=wild,
        without=without,
        exists=exists,
        jackknife=np.where(exists.any(axis=1, keepdims=True), jackknife_errors(solved.estimates, without), np.nan),
        reduced=reduced,
        degrees=degrees,
        scores=solved.scores,
        units=units,
        reasons={**reasons, **({} if is_clustered else {"wild": NO_CLUSTERS})},
    )


def _without_clusters(problem: Regression, found: Fit) -> tuple[FloatArray, BoolArray]:
    """The average effect without each cluster of the design, by estimating again: (1, m, G)."""
    clusters = np.unique(problem.design.clusters)
    estimates = np.full((1, problem.outcomes.shape[1], len(clusters)), np.nan)
    for place, cluster in enumerate(clusters.tolist()):
        rows = problem.design.clusters != cluster
        part = replace(problem, design=problem.design.take(rows), outcomes=problem.outcomes[rows])
        try:
            estimates[0, :, place] = stratum_effects.fit(part).effects[0]
        except NoEstimateError:
            continue  # nothing is left: the range says how many teams it rests on
    return estimates, np.isfinite(estimates).all(axis=1)
