"""A curve of specifications as a whole, by matrices written out: the t of each in every lot, and three p-values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pipeline.verify.packages.again import lots
from pipeline.verify.packages.least_squares import Case, cases, regression_of
from pipeline.verify.packages.redrawn import BLOCK, inverses, is_something, reached
from pipeline.verify.packages.refits import Problem, errors_of, problem_of
from pipeline.verify.packages.trial import Trial

Specification = tuple[str, Mapping[str, Any], str]  # its name, the model it is, and the effect that is looked at


def p_values(specifications: Sequence[Specification], trial: Trial) -> dict[str, float]:
    """Of the numbers of a curve of least squares on persons, by their names; its specifications all have an error."""
    from scipy.stats import t

    drawn = lots(trial)
    observed, values, critical = [], [], []
    for name, model, effect in specifications:
        [case] = cases({**model, "name": name}, trial)
        problem, row = _written_out(case, effect, trial)
        estimates, errors, _ = errors_of(problem)
        observed.append(estimates[row, 0] / errors[row, 0])
        values.append(_redrawn(problem, row, drawn.loc[case.people.index].to_numpy()))
        critical.append(t.ppf(0.5 + trial.definitions.level / 2, problem.df))
    limits = np.array(critical)[:, None]
    mine, every = _numbers(np.array(observed)[:, None], limits), _numbers(np.array(values), limits)
    return {
        name: float((1 + reached(every[name], float(mine[name][0])).sum()) / (1 + len(every[name]))) for name in every
    }


def _numbers(t: np.ndarray, critical: np.ndarray) -> dict[str, np.ndarray]:
    """Of the t (s, B) of all specifications: the size of the median, the share significant on one side, the largest."""
    return {
        "median": np.abs(np.median(t, axis=0)),
        "significant": np.maximum((t > critical).mean(axis=0), (t < -critical).mean(axis=0)),
        "largest": np.abs(t).max(axis=0),
    }


def _redrawn(problem: Problem, row: int, lots: np.ndarray) -> np.ndarray:
    """The t (B,) of a test of the outcome as it is, persons regressed on what was drawn in each of the lots (n, B)."""
    others = np.delete(problem.design, problem.effects, axis=1)
    span = np.linalg.svd(others / np.linalg.norm(others, axis=0), full_matrices=False)[0]
    y, test, found = problem.outcomes[:, 0], problem.tests[row, problem.effects], list[np.ndarray]()
    y = y - span @ (span.T @ y)
    for start in range(0, lots.shape[1], BLOCK):
        treated = lots[:, start : start + BLOCK].astype(float)
        left = np.array([treated * members[:, None] for members in problem.members.T])
        left -= np.array([span @ (span.T @ own) for own in left])  # (p, n, b)
        inverse, singular = inverses(np.einsum("pnb,qnb->bpq", left, left), treated.T @ problem.members)
        effects = np.einsum("bpq,qnb,n->pb", inverse, left, y, optimize=True)
        weights = np.einsum("p,bpq,qnb->nb", test, inverse, left, optimize=True)
        scores = weights * (y[:, None] - np.einsum("pb,pnb->nb", effects, left))
        squares = (scores if len(scores) == problem.clusters.max() + 1 else problem.indicators @ scores) ** 2
        found.append(np.array([np.where(singular, np.nan, test @ effects), problem.factor * squares.sum(axis=0)]))
    effect, variance = np.concatenate(found, axis=1)
    values = effect / np.sqrt(np.where(is_something(variance, variance), variance, np.nan))
    return np.where(np.isnan(values), np.inf, values)


def _written_out(case: Case, effect: str, trial: Trial) -> tuple[Problem, int]:
    """The regression of a specification, and which of its tests is looked at."""
    regression = regression_of(case.people, case.covariates, case.groups)
    is_clustered = case.model["cluster"] != "none"
    clusters = np.unique(case.people["cluster_"] if is_clustered else case.people.index, return_inverse=True)[1]
    sizes, level = np.empty(0), trial.definitions.level  # sizes tell of clusters left out, and none is
    problem = problem_of(case, case.people, case.outcomes, regression, clusters, sizes, level)
    return problem, regression.tests.index.tolist().index(effect)
