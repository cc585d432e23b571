"""Whether an effect that the formula of power says is found with a given chance is found so often."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.size.exits import fit_exits
from benchmarks.size.trials import LEVEL, Allocation, Scenario, draw_outcomes
from pipeline.stats.distributions import two_sided_p
from pipeline.stats.linear import solve
from pipeline.stats.power import TwoSided, distance

CHANCE = 0.8


def judge_power(
    scenario: Scenario, own: Allocation, count: int, random: np.random.Generator
) -> Iterator[tuple[str, str, npt.NDArray[Any]]]:
    """(method, 'power', (count,)): whether the smallest effect that is found with 80 per cent is found.

    The effect is so many of the error that these trials have on average, in the square.
    """
    outcomes = draw_outcomes(scenario, own, count, 0.0, random)
    found = solve(own.problem(outcomes))
    df = scenario.teams - 1.0
    effect = distance(CHANCE, TwoSided(1.0 - LEVEL, df)) * np.sqrt((found.errors[0] ** 2).mean())
    yield "t(G-1), clustered", "power", two_sided_p((found.estimates[0] + effect) / found.errors[0], df) <= 1.0 - LEVEL


def judge_exit_power(
    scenario: Scenario, own: Allocation, count: int, random: np.random.Generator
) -> Iterator[tuple[str, str, npt.NDArray[Any]]]:
    """(method, 'power', (count,)): whether the smallest effect on an exit that is found with 80 per cent is found.

    It is so many of the error, of the likelihood and clustered, that these trials have on average without an effect.
    """
    without = np.array([fit_exits(own, scenario, 0.0, random)[1:] for _ in range(count)])
    for place, method in enumerate(("Likelihood, normal", "Clustered, normal")):
        effect = -distance(CHANCE, TwoSided(1.0 - LEVEL, None)) * float(np.sqrt((without[:, place] ** 2).mean()))
        found = np.array([fit_exits(own, scenario, effect, random) for _ in range(count)])
        yield f"Exits: {method}", "power", two_sided_p(found[:, 0] / found[:, 1 + place], None) <= 1.0 - LEVEL
