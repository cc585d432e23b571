"""Whether the effect on compliers is held by its interval and by that of Anderson and Rubin, with few compliers too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.size.trials import LEVEL, Allocation, Scenario
from pipeline.stats.complier import fit_compliers
from pipeline.stats.distributions import infer, two_sided_p
from pipeline.stats.errors import NoEstimateError
from pipeline.stats.linear import solve

# The shares who attend because of the offer, and whether or not they have it.
ATTEND = {"many comply": (0.7, 0.0), "few comply": (0.1, 0.3)}
BETTER, EFFECT = 0.5, 0.5  # how much higher outcomes of those are who ever attend, and the effect of attending
Found = Iterator[tuple[str, str, npt.NDArray[Any]]]


def judge_attendance(scenario: Scenario, own: Allocation, count: int, random: np.random.Generator) -> Found:
    """(method, kind, (count,)): coverage of the effect on those who attend if offered, and the size of the AR test.

    An effect b is tested by the offer's effect on outcome - b x attendance, which is what the limits of Anderson and
    Rubin are made of.
    """
    for says, (comply, always) in ATTEND.items():
        found = np.array([_one(scenario, own, comply, always, random) for _ in range(count)]).T
        yield f"Two-stage, t(G-1), {says}", "coverage", found[0]
        yield f"Anderson-Rubin, {says}", "size", found[1]


def _one(
    scenario: Scenario, own: Allocation, comply: float, always: float, random: np.random.Generator
) -> tuple[bool, bool]:
    """Whether the interval holds the effect, and whether the test of it rejects."""
    n = len(own.teams)
    kind = random.random(n)
    attended = np.where(kind < always, 1.0, (kind < always + comply) & own.treated)
    by_course = scenario.of_course * random.standard_normal(scenario.teams)[own.teams]
    latent = random.standard_normal(n) + scenario.of_team * random.standard_normal(scenario.teams)[own.teams]
    outcome = latent + BETTER * (kind < always + comply) + attended * (EFFECT + by_course)
    df = scenario.teams - 1.0
    reduced = solve(own.problem((outcome - EFFECT * attended)[:, None]))
    rejects = bool(two_sided_p(reduced.estimates[0] / reduced.errors[0], df)[0] <= 1.0 - LEVEL)
    try:
        fit = fit_compliers(outcome[:, None], attended, own.treated, np.zeros((n, 0)), own.teams, own.places)
    except NoEstimateError:  # as many attend in both arms by chance: no interval, which holds nothing
        return False, rejects
    told = infer(float(fit.effects[0]), float(fit.standard_errors[0]), df, LEVEL)
    return bool(told.ci_low <= EFFECT <= told.ci_high), rejects
