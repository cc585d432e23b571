"""Whether what holds for several tests at once does: bands, joint tests and step-down p-values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.size.trials import EFFECT, LEVEL, Allocation, Scenario
from pipeline.stats.distributions import quantile, two_sided_p
from pipeline.stats.draws import Draws, p_values
from pipeline.stats.families import band_of, largest_of_curve, step_down
from pipeline.stats.linear import Solved, solve
from pipeline.stats.ols import FloatArray
from pipeline.stats.randomisation import redraw

WEEKS = 81
SHOWN = slice(2, WEEKS, 3)  # every third week: those between differ little
BAND_DRAWS = 999
OUTCOMES, TRUE_NULLS = 10, 5  # of a family of outcomes after the course, of which so many are not affected
COURSE, SPREAD = 0.15, 0.2  # of the chance of a week in employment, between courses and between persons

Found = Iterator[tuple[str, str, npt.NDArray[Any]]]


def judge_curves(scenario: Scenario, own: Allocation, count: int, random: np.random.Generator) -> Found:
    """(method, kind, (count,)) of `count` curves of shares of weeks in employment, all with one effect of 5 points.

    'coverage': whether the whole curve lies in the band; 'size': whether the joint test rejects what is true.
    """
    true = 0.05
    outcomes = np.hstack([_curve(scenario, own, true, random) for _ in range(count)])
    problem = own.problem(outcomes)
    found, k = solve(problem), outcomes.shape[1] // count
    [drawn] = redraw(problem, own.draws, np.arange(len(own.teams)))
    missed = np.abs(found.estimates[0] - true) / found.errors[0]
    statistics = drawn.statistics(true - found.estimates[0])
    inside, banded, joint = np.empty(count), np.empty(count), np.empty(count)
    for number in range(count):
        weeks = slice(number * k, (number + 1) * k)
        width = _band(found, weeks, scenario.teams - 1, int(random.integers(2**31)))
        inside[number] = missed[weeks].max() <= quantile(0.5 + LEVEL / 2, scenario.teams - 1)
        banded[number] = missed[weeks].max() <= width
        joint[number] = p_values(statistics[weeks].max(axis=0)[None], missed[weeks].max()[None])[0] <= 1.0 - LEVEL
    yield "Pointwise limits, t(G-1)", "coverage", inside
    yield "Sup-t band", "coverage", banded
    yield "Joint test by the lot", "size", joint


def _band(found: Solved, weeks: slice, df: float, seed: int) -> float:
    return band_of(largest_of_curve(found.scores[0, weeks], df, BAND_DRAWS, seed), LEVEL)


def _curve(scenario: Scenario, own: Allocation, effect: float, random: np.random.Generator) -> FloatArray:
    """The shares of weeks 1 to t in employment (n, weeks shown) of persons and teams with chances of their own."""
    n = len(own.teams)
    of_team, of_course = random.normal(0, 0.1, scenario.teams), random.normal(0, COURSE, scenario.teams)
    by_course = of_course[own.teams] * (scenario.of_course > 0)
    chance = 0.4 + of_team[own.teams] + random.normal(0, SPREAD, n) + own.treated * (effect + by_course)
    # A chance below 0 or above 1 would not have the effect: what is left of it is added as it is.
    bounded = np.clip(chance, 0.0, 1.0)
    weeks = random.random((n, WEEKS)) < bounded[:, None]
    return np.asarray((np.cumsum(weeks, axis=1) / np.arange(1, WEEKS + 1) + (chance - bounded)[:, None])[:, SHOWN])


def judge_families(scenario: Scenario, own: Allocation, count: int, random: np.random.Generator) -> Found:
    """(method, 'familywise', (count,)): whether any of the outcomes without an effect is said to have one."""
    n = len(own.teams)
    by_team, by_course = random.standard_normal((2, scenario.teams, count, OUTCOMES))
    common, single = random.standard_normal((n, count, 1)), random.standard_normal((n, count, OUTCOMES))
    effects = EFFECT * (np.arange(OUTCOMES) >= TRUE_NULLS) + scenario.of_course * by_course[own.teams]
    values = 0.5 * by_team[own.teams] + np.sqrt(0.5) * (common + single) + own.treated[:, None, None] * effects
    problem = own.problem(values.reshape(n, -1))
    found = solve(problem)
    [drawn] = redraw(problem, own.draws, np.arange(n))
    yield from _errors(found, drawn, count, scenario.teams - 1)


def _errors(found: Solved, drawn: Draws, count: int, df: float) -> Found:
    observed = np.abs(found.estimates[0] / found.errors[0]).reshape(count, OUTCOMES)
    statistics = drawn.statistics(-found.estimates[0]).reshape(count, OUTCOMES, -1)
    stepped = np.array([step_down(own, seen) for own, seen in zip(statistics, observed, strict=True)])
    nulls, alpha = slice(0, TRUE_NULLS), 1.0 - LEVEL
    yield "One by one, t(G-1)", "familywise", np.any(two_sided_p(observed, df)[:, nulls] <= alpha, axis=1)
    yield "Westfall-Young by the lot", "familywise", np.any(stepped[:, nulls] <= alpha, axis=1)
