"""Whether the tests of a whole curve of specifications are right."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.size.trials import LEVEL, Allocation, Scenario, draw_outcomes
from pipeline.stats.distributions import quantile
from pipeline.stats.linear import Linear, solve
from pipeline.stats.ols import FloatArray
from pipeline.stats.randomisation import redraw
from pipeline.stats.randomised_curve import judge_curve, redraw_persons

NAMES = ("median effect", "share significant", "largest |t|")
COVARIATES = (0, 1, 3)  # how many of those that there are
ERRORS = ("team", "municipality", "person")
DEFINITIONS = 2  # of the outcome, which have half of their variance in common
Found = Iterator[tuple[str, str, npt.NDArray[Any]]]


def judge_choices(scenario: Scenario, own: Allocation, count: int, random: np.random.Generator) -> Found:
    """(method, 'size', (count,)) of curves of 18 specifications where there is no effect on average."""
    n, [first, second] = len(own.teams), [draw_outcomes(scenario, own, count, 0.0, random) for _ in range(DEFINITIONS)]
    covariates = random.standard_normal((n, max(COVARIATES)))
    shared = covariates @ np.full((max(COVARIATES), 1), 0.3)
    outcomes = np.hstack([first + shared, np.sqrt(0.5) * (first + second) + shared])
    observed, drawn, critical = [], [], []
    for q, name in product(COVARIATES, ERRORS):
        own_t, every, df = _studentised(own, outcomes, covariates[:, :q], name)
        observed.append(own_t.reshape(DEFINITIONS, count))
        drawn.append(every.reshape(DEFINITIONS, count, -1))
        critical.append(np.full(DEFINITIONS, quantile(0.5 + LEVEL / 2, df)))
    seen, every, limits = np.concatenate(observed), np.concatenate(drawn), np.concatenate(critical)
    p_values = np.array([judge_curve(seen[:, trial], every[:, trial], limits).p_values for trial in range(count)])
    for name, values in zip(NAMES, p_values.T, strict=True):
        yield f"Curve by the lot, {name}", "size", values <= 1.0 - LEVEL


def _studentised(
    own: Allocation, outcomes: FloatArray, covariates: FloatArray, name: str
) -> tuple[FloatArray, FloatArray, float]:
    """The signed t (m,) as drawn and in every draw (m, B), by what the errors are clustered on, and the df of t."""
    n = len(own.teams)
    whole = own.problem(outcomes)
    problem = Linear(
        outcomes, covariates, whole.members, own.treated, own.places, own.teams, whole.contrasts
    )  # fmt: skip
    codes = {"team": own.teams, "municipality": own.places, "person": np.arange(n)}[name]
    clustered, order = problem.clustered(codes)
    found = solve(clustered)
    estimates = found.estimates[0]
    if name == "person":
        return estimates / found.errors[0], redraw_persons(problem, own.draws), float(n - problem.k)
    [drawn] = redraw(clustered, own.draws, order)
    signs = np.where(drawn.numerators + estimates[:, None] * drawn.slopes < 0, -1.0, 1.0)
    return estimates / found.errors[0], signs * drawn.statistics(-estimates), float(codes.max())
