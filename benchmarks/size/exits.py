"""Whether the tests and intervals of a hazard are right."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.size.trials import LEVEL, Allocation, Scenario
from pipeline.stats.distributions import infer
from pipeline.stats.draws import p_values
from pipeline.stats.errors import NoEstimateError
from pipeline.stats.hazard import fit_hazard
from pipeline.stats.hazard_resampled import linearised_jackknife, redraw_score
from pipeline.stats.person_weeks import collapse, drop_perfect_prediction

HORIZON, INTERVAL = 81, 4
METHODS = ("Likelihood, normal", "Clustered, normal", "Linearised jackknife, t(G-1)")
Found = Iterator[tuple[str, str, npt.NDArray[Any]]]


def judge_exits(scenario: Scenario, own: Allocation, count: int, random: np.random.Generator) -> Found:
    """(method, kind, (count,)): the size of the tests of no effect, and coverage of an effect of -0.2 on the logit."""
    sizes, tested = list[list[bool]](), list[bool]()
    for _ in range(count):
        found = _intervals(own, scenario, 0.0, random, tested)
        sizes.append(found)
    for method, values in zip(METHODS, np.array(sizes).T, strict=True):
        yield method, "size", 1.0 - values
    yield "Score test by the lot", "size", np.array(tested)
    covered = np.array([_intervals(own, scenario, -0.2, random) for _ in range(count)])
    for method, values in zip(METHODS, covered.T, strict=True):
        yield method, "coverage", values


def _intervals(
    own: Allocation, scenario: Scenario, effect: float, random: np.random.Generator, tested: list[bool] | None = None
) -> list[bool]:
    """Whether each method's interval holds the effect; the score test's rejection is added to `tested`."""
    weeks, exited = _exits(own, scenario, effect, random)
    by_team = collapse(weeks, exited, own.treated, own.places, own.teams, HORIZON, INTERVAL)
    fit = fit_hazard(by_team, "logit")
    place = fit.place("treated")
    estimate = float(fit.coefficients[place])
    if not fit.converged:
        raise NoEstimateError("the likelihood of a simulated trial has no maximum")
    if tested is not None:
        apart = collapse(weeks, exited, own.treated, own.places, np.arange(len(weeks)), HORIZON, INTERVAL)
        cells, _ = drop_perfect_prediction(apart)
        score = redraw_score(cells, "logit", own.teams, np.ascontiguousarray(own.draws.T))
        p = p_values(np.abs(score.statistics)[None], np.array([score.observed]))[0]
        tested.append(bool(p <= 1.0 - LEVEL))
    jackknife, _, _ = linearised_jackknife(fit, "logit", place)
    errors = (
        (fit.standard_errors[place], None),
        (fit.clustered_errors[place], None),
        (jackknife, fit.n_clusters - 1.0),
    )
    told = [infer(estimate, float(error), df, LEVEL) for error, df in errors]
    return [bool(each.ci_low <= effect <= each.ci_high) for each in told]


def fit_exits(
    own: Allocation, scenario: Scenario, effect: float, random: np.random.Generator
) -> tuple[float, float, float]:
    """The estimated effect of a simulated trial on the logit, its error and its clustered error."""
    weeks, exited = _exits(own, scenario, effect, random)
    fit = fit_hazard(collapse(weeks, exited, own.treated, own.places, own.teams, HORIZON, INTERVAL), "logit")
    place = fit.place("treated")
    return float(fit.coefficients[place]), float(fit.standard_errors[place]), float(fit.clustered_errors[place])


def _exits(
    own: Allocation, scenario: Scenario, effect: float, random: np.random.Generator
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Weeks at risk (n,) and whether they end in an exit; teams, and courses where a scenario has any, differ."""
    of_team, of_course = random.normal(0, 0.2, scenario.teams), random.normal(0, scenario.of_course, scenario.teams)
    lean = of_team[own.teams] + own.treated * (effect + of_course[own.teams])
    hazard = 1.0 / (1.0 + np.exp(3.9 + 0.01 * np.arange(HORIZON) - lean[:, None]))
    leaves = random.random(hazard.shape) < hazard
    exited = leaves.any(axis=1)
    return np.where(exited, leaves.argmax(axis=1) + 1, HORIZON), np.asarray(exited)
