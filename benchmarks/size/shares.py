"""Whether tests and intervals of least squares are right, by scenario: by method, a row of zeros and ones a trial."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.size.trials import EFFECT, LEVEL, Allocation, Scenario, draw_outcomes
from pipeline.stats.bias_reduced import bias_reduced, reduced_degrees
from pipeline.stats.distributions import infer
from pipeline.stats.draws import Draws, interval, p_values
from pipeline.stats.jackknife import jackknife_errors, leave_one_out
from pipeline.stats.linear import Linear, solve
from pipeline.stats.ols import FloatArray, deviations, fit_contrast, group_means
from pipeline.stats.randomisation import redraw
from pipeline.stats.randomised_means import Averaged, redraw_means
from pipeline.stats.randomised_strata import Stratified, redraw_strata
from pipeline.stats.wild import bootstrap, draw_signs

Found = Iterator[tuple[str, str, npt.NDArray[Any]]]


def judge_shares(scenario: Scenario, own: Allocation, count: int, random: np.random.Generator) -> Found:
    """(method, 'size' or 'coverage', (count,)): whether the true effect was rejected, or the interval holds it.

    The true effect is not zero, so that what is tested is a hypothesis that has to be taken off the outcomes.
    """
    outcomes = draw_outcomes(scenario, own, count, EFFECT, random)
    problem = own.problem(outcomes)
    found, g = solve(problem), scenario.teams
    estimates, errors = found.estimates[0], found.errors[0]
    jackknife = jackknife_errors(found.estimates, leave_one_out(problem, found)[0])[0]
    reduced, degrees = bias_reduced(problem, found)
    yield from by_t("t(G-1), clustered", estimates, errors, g - 1)
    yield from by_t("Jackknife, t(G-1)", estimates, jackknife, g - 1)
    yield from by_t("CR2, Satterthwaite", estimates, reduced[0], float(degrees[0]))
    [drawn] = redraw(problem, own.draws, np.arange(len(own.teams)))
    yield from by_draws("Lot, studentised", drawn, estimates, errors)
    yield "Lot, not studentised", "size", _plain(drawn, estimates) <= 1.0 - LEVEL
    signs = draw_signs(g, own.draws.shape[1], int(random.integers(2**31)))
    [booted] = bootstrap(problem, found, signs)
    yield from by_draws("Wild bootstrap", booted, estimates, errors)
    yield from _by_municipality(own, outcomes)
    yield from _by_means(scenario, own, outcomes)


def by_t(method: str, estimates: FloatArray, errors: FloatArray, df: float, true: float = EFFECT) -> Found:
    """The test of the true effect by a distribution of t, and the interval."""
    told = infer(estimates - true, errors, df, LEVEL)
    yield method, "size", told.p_values <= 1.0 - LEVEL
    yield method, "coverage", (told.ci_low <= 0.0) & (told.ci_high >= 0.0)


def by_draws(method: str, drawn: Draws, estimates: FloatArray, errors: FloatArray, true: float = EFFECT) -> Found:
    """The test of the true effect by draws, and the interval by inversion."""
    shift = true - estimates
    yield method, "size", p_values(drawn.statistics(shift), shift / errors) <= 1.0 - LEVEL
    limits = np.array([interval(drawn, place, error, LEVEL) for place, error in enumerate(errors.tolist())])
    yield method, "coverage", (limits[:, 0] <= shift) & (shift <= limits[:, 1])


def _plain(drawn: Draws, estimates: FloatArray) -> FloatArray:
    """The p-values if the effect itself is the statistic, and not it over its error."""
    shift = (EFFECT - estimates)[:, None]
    return p_values(np.abs(drawn.numerators - shift * drawn.slopes), shift[:, 0])


def _by_municipality(own: Allocation, outcomes: FloatArray) -> Found:
    """The report's model (6): an effect for each municipality, averaged by size; every person is a cluster."""
    cells = 2 * own.places + own.treated
    sizes = np.bincount(own.places)
    weights = np.stack([-sizes, sizes], axis=1).ravel() / len(own.treated)
    nothing = np.zeros((len(cells), 0))
    fit = fit_contrast(outcomes, nothing, cells, weights)
    yield from by_t("Model (6), HC2, t(N-K)", fit.estimates, fit.standard_errors, fit.df)
    scaled = fit.weights / np.sqrt(1.0 - fit.leverage)
    degrees = reduced_degrees(scaled, fit.leverage, cells, deviations(nothing, cells, 2 * len(sizes)))
    yield from by_t("Model (6), HC2, Satterthwaite", fit.estimates, fit.standard_errors, degrees)
    drawn = redraw_strata(
        Stratified(outcomes, nothing, own.treated, own.places), np.ascontiguousarray(own.draws.T), fit.estimates
    )
    yield from by_draws("Model (6), lot, HC2", drawn, fit.estimates, fit.standard_errors)


def _by_means(scenario: Scenario, own: Allocation, outcomes: FloatArray) -> Found:
    """The report's model (7): least squares on the means of each arm of a team."""
    cells = 2 * own.teams + own.treated
    first = np.unique(cells, return_index=True)[1]
    means = group_means(outcomes, cells, len(first))
    ones = np.ones((len(first), 1))
    averaged = Linear(
        means, np.zeros((len(first), 0)), ones > 0, own.treated[first], own.places[first], own.teams[first], ones[:1]
    )
    found = solve(averaged)
    estimates, errors = found.estimates[0], found.errors[0]
    yield from by_t("Model (7), t(G-1)", estimates, errors, scenario.teams - 1)
    persons = Averaged(outcomes, np.zeros((len(cells), 0)), own.treated, own.teams, own.places)
    drawn = redraw_means(persons, np.ascontiguousarray(own.draws.T), estimates)
    yield from by_draws("Model (7), lot", drawn, estimates, errors)
