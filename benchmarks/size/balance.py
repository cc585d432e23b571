"""Whether the joint test that arms are alike before the course is right, where every variable lacks some answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.size.trials import LEVEL, Allocation, Scenario
from pipeline.stats.distributions import two_sided_p
from pipeline.stats.draws import p_values
from pipeline.stats.linear import Linear, solve
from pipeline.stats.ols import FloatArray
from pipeline.stats.randomisation import redraw

VARIABLES, MISSING = 20, 0.2
Found = Iterator[tuple[str, str, npt.NDArray[Any]]]


def judge_balance(scenario: Scenario, own: Allocation, count: int, random: np.random.Generator) -> Found:
    """(method, 'familywise', (count,)): whether any variable, or all together, are said to differ between the arms."""
    n = len(own.teams)
    common = random.standard_normal((n, count))
    observed, statistics = list[FloatArray](), list[FloatArray]()
    for _ in range(VARIABLES):
        by_team = scenario.of_team * random.standard_normal((scenario.teams, count))
        values = np.sqrt(0.5) * (common + random.standard_normal((n, count))) + by_team[own.teams]
        rows = np.flatnonzero(random.random(n) >= MISSING)
        problem = _problem(own, rows, values)
        found = solve(problem)
        observed.append(found.estimates[0] / found.errors[0])
        [drawn] = redraw(problem, own.draws, rows)
        statistics.append(drawn.statistics(-found.estimates[0]))
    sizes, every = np.abs(observed), np.max(statistics, axis=0)  # (variables, trials), (trials, B)
    alpha, largest = 1.0 - LEVEL, sizes.max(axis=0)
    yield "One by one, t(G-1)", "familywise", two_sided_p(largest, scenario.teams - 1.0) <= alpha
    yield "Joint test by the lot", "familywise", p_values(every, largest) <= alpha


def _problem(own: Allocation, rows: npt.NDArray[np.intp], values: FloatArray) -> Linear:
    """Of those who answered; a team or municipality of which nobody did is none."""
    strata, teams = (np.unique(codes[rows], return_inverse=True)[1] for codes in (own.places, own.teams))
    n = len(rows)
    everybody = np.ones((n, 1), dtype=bool)
    return Linear(values[rows], np.zeros((n, 0)), everybody, own.treated[rows], strata, teams, np.ones((1, 1)))
