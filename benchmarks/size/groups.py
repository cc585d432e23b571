"""Whether the test of a difference of two groups is right, and that of the largest of the differences over cut-offs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.size.shares import by_draws, by_t
from benchmarks.size.trials import EFFECT, LEVEL, Allocation, Scenario, draw_outcomes
from pipeline.stats.bias_reduced import bias_reduced
from pipeline.stats.distributions import two_sided_p
from pipeline.stats.draws import p_values
from pipeline.stats.jackknife import jackknife_errors, leave_one_out
from pipeline.stats.linear import Linear, solve
from pipeline.stats.ols import FloatArray
from pipeline.stats.randomisation import redraw
from pipeline.stats.wild import bootstrap, draw_signs

CUT_OFFS = range(1, 10)  # of a score from 0 to 10: the highest with which a person is low
MORE = 0.25  # how much larger the effect on the first group is, in standard deviations of a person
DIFFERENCE = np.array([[1.0, -1.0]])
Found = Iterator[tuple[str, str, npt.NDArray[Any]]]


def judge_differences(scenario: Scenario, own: Allocation, count: int, random: np.random.Generator) -> Found:
    """(method, kind, (count,)) of the difference between the effects on two groups, which is not zero.

    The report's model (3): dummies for each municipality in each group.
    """
    low = random.integers(0, 11, len(own.teams)) <= CUT_OFFS[len(CUT_OFFS) // 2]
    outcomes = draw_outcomes(scenario, own, count, EFFECT, random) + MORE * (low & own.treated)[:, None]
    problem = _problem(own, low, outcomes)
    found, g = solve(problem), scenario.teams
    estimates, errors = found.estimates[0], found.errors[0]
    jackknife = jackknife_errors(found.estimates, leave_one_out(problem, found)[0])[0]
    reduced, degrees = bias_reduced(problem, found)
    yield from by_t("t(G-1), clustered", estimates, errors, g - 1, MORE)
    yield from by_t("Jackknife, t(G-1)", estimates, jackknife, g - 1, MORE)
    yield from by_t("CR2, Satterthwaite", estimates, reduced[0], float(degrees[0]), MORE)
    [drawn] = redraw(problem, own.draws, np.arange(len(own.teams)))
    yield from by_draws("Lot, studentised", drawn, estimates, errors, MORE)
    [booted] = bootstrap(problem, found, draw_signs(g, own.draws.shape[1], int(random.integers(2**31))))
    yield from by_draws("Wild bootstrap", booted, estimates, errors, MORE)


def judge_cut_offs(scenario: Scenario, own: Allocation, count: int, random: np.random.Generator) -> Found:
    """(method, 'familywise', (count,)): whether any of nine cut-offs is said to make groups whose effects differ.

    All have the same effect, which is not zero.
    """
    score = random.integers(0, 11, len(own.teams))
    outcomes = draw_outcomes(scenario, own, count, EFFECT, random)
    observed, statistics = [], []
    for cut_off in CUT_OFFS:
        problem = _problem(own, score <= cut_off, outcomes)
        found = solve(problem)
        observed.append(np.abs(found.estimates[0] / found.errors[0]))
        [drawn] = redraw(problem, own.draws, np.arange(len(own.teams)))
        statistics.append(drawn.statistics(-found.estimates[0]))
    largest = np.max(observed, axis=0)
    one_by_one = two_sided_p(largest, scenario.teams - 1.0)
    yield "One by one, t(G-1)", "familywise", one_by_one <= 1.0 - LEVEL
    yield "Largest |t| by the lot", "familywise", p_values(np.max(statistics, axis=0), largest) <= 1.0 - LEVEL


def _problem(own: Allocation, low: npt.NDArray[np.bool_], outcomes: FloatArray) -> Linear:
    """The difference of the effects on those who are low and the others; a stratum with one arm takes no part."""
    strata = np.unique(2 * own.places + low, return_inverse=True)[1]
    nothing = np.zeros((len(low), 0))
    return Linear(outcomes, nothing, np.column_stack([low, ~low]), own.treated, strata, own.teams, DIFFERENCE)
