"""Whether bounds under non-response hold the effect among those who would always answer, and weights mend the rest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.size.trials import EFFECT, LEVEL, Allocation, Scenario, draw_outcomes
from pipeline.stats.bounds import clustered_error, imbens_manski, lee_bounds, tight_bounds
from pipeline.stats.distributions import infer, quantile
from pipeline.stats.ols import fit_cluster_ols
from pipeline.stats.response import response_probabilities

ANSWER, MORE = 0.75, 0.10  # the shares that answer in both arms, and because of the course alone
LEAN = 0.7  # of a known variable on the outcome, and on the logit of answering of the treated
CELLS = 2  # of the tightened bounds: persons whom a variable tells apart that has nothing to do with the outcome
WHO = (
    "highest",
    "any",
    "nobody",
)  # of those who answer because of the course: the highest outcomes, any, or there are none

Found = Iterator[tuple[str, str, npt.NDArray[Any]]]


def judge_answers(scenario: Scenario, own: Allocation, count: int, random: np.random.Generator) -> Found:
    """(method, 'coverage', (count,)): whether limits hold the effect, the same for all, on those who always answer.

    Where the highest outcomes alone answer because of the course the effect is the lower bound itself: the interval of
    Imbens and Manski holds it in just 95 of 100. Where any do it lies between the bounds, and is held more often.
    """
    for who in WHO:
        found = np.array([_one(scenario, own, who, random) for _ in range(count)]).T
        says = {"highest": "effect at a bound", "any": "effect between", "nobody": "equal response"}[who]
        for method, values in zip(("Those who answered", "Lee bounds", "Lee bounds in cells"), found, strict=True):
            yield f"{method}, {says}", "coverage", values


def _one(scenario: Scenario, own: Allocation, who: str, random: np.random.Generator) -> list[bool]:
    n, df = len(own.teams), scenario.teams - 1.0
    latent = random.standard_normal(n) + scenario.of_team * random.standard_normal(scenario.teams)[own.teams]
    more = 0.0 if who == "nobody" else MORE
    answers = random.random(n) < ANSWER + more
    if who == "any":
        only_treated = random.random(n) < more / (ANSWER + more)
    else:
        top = quantile(1.0 - more / (ANSWER + more), None) * np.sqrt(1.0 + scenario.of_team**2) if more else np.inf
        only_treated = latent > top
    y = np.where(answers & (own.treated | ~only_treated), latent + EFFECT * own.treated, np.nan)
    weights = np.ones(n)
    whole = lee_bounds(y, own.treated, weights)
    tight = tight_bounds(y, own.treated, weights, random.integers(0, CELLS, n))
    error, _ = clustered_error(whole.difference.scores, own.teams)
    told = infer(whole.difference.estimate, error, df, LEVEL)
    held = [bool(told.ci_low <= EFFECT <= told.ci_high)]
    for bounds in (whole, tight):
        errors = [clustered_error(side.scores, own.teams)[0] for side in (bounds.lower, bounds.upper)]
        low, high = imbens_manski(bounds.lower.estimate, errors[0], bounds.upper.estimate, errors[1], df, LEVEL)
        held.append(bool(low <= EFFECT <= high))
    return held


def judge_weights(scenario: Scenario, own: Allocation, count: int, random: np.random.Generator) -> Found:
    """(method, 'coverage', (count,)) of the effect where a known variable says who answers, in the treated arm alone.

    The logit of answering is one in each arm. The variable is not among the covariates, so those who answered are not
    alike in the two arms unless each weighs one over the probability of the answer.
    """
    found = np.array([_weighted(scenario, own, random) for _ in range(count)]).T
    for method, values in zip(("Those who answered, not weighted", "Weighted for non-response"), found, strict=True):
        yield method, "coverage", values


def _weighted(scenario: Scenario, own: Allocation, random: np.random.Generator) -> list[bool]:
    n = len(own.teams)
    known = random.standard_normal(n)
    answered = random.random(n) < 1.0 / (1.0 + np.exp(-1.4 - LEAN * known * own.treated))
    [y] = draw_outcomes(scenario, own, 1, EFFECT, random).T
    y = y + LEAN * known
    probabilities = response_probabilities(answered, own.treated, known[:, None])
    teams, places, arm = own.teams[answered], own.places[answered], own.treated[answered, None].astype(float)
    held = []
    for weights in (None, 1.0 / probabilities[answered]):
        fit = fit_cluster_ols(y[answered, None], arm, teams, ["treated"], places, weights)
        told = infer(float(fit.coefficients[0, 0]), float(fit.standard_errors[0, 0]), float(fit.df), LEVEL)
        held.append(bool(told.ci_low <= EFFECT <= told.ci_high))
    return held
