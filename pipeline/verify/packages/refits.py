"""What leaving one cluster out does, by estimating again without each; and CR2 by the projection written out.

Hansen's jackknife: the root of the summed squares of what the estimates without a cluster differ by, and t(G-1); an
estimate that the design without it does not identify is nothing, and there is no error where none does. CR2: Bell and
McCaffrey, with Satterthwaite's degrees of freedom from the covariance of all scores under equal, independent errors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.verify.packages.least_squares import Case, Regression, effect_name

SINGULAR = 1e-10  # of a matrix with a diagonal of ones
Columns = dict[str, np.ndarray]


@dataclass(frozen=True)
class Problem:
    """Outcomes (n, m) on a design (n, k) with its dummies, and linear `tests` (r, k), in G clusters (n,) from 0.

    members: (n, p), whose treatment each of p effects is of; effects: their columns in the design. sizes: (r, G), the
    persons of each test's groups by cluster.
    """

    outcomes: np.ndarray
    design: np.ndarray
    tests: np.ndarray
    clusters: np.ndarray
    effects: list[int]
    members: np.ndarray
    sizes: np.ndarray
    df: float
    level: float

    @property
    def indicators(self) -> np.ndarray:
        """Which persons are in which cluster (G, n)."""
        return (self.clusters == np.arange(self.clusters.max() + 1)[:, None]).astype(float)

    @property
    def factor(self) -> float:
        """Of the clustered variance."""
        (n, k), g = self.design.shape, int(self.clusters.max()) + 1
        return g / (g - 1) * (n - 1) / (n - k)

    @property
    def weights(self) -> np.ndarray:
        """What each test weighs the outcomes with (r, n)."""
        return np.asarray(self.tests @ np.linalg.pinv(self.design))

    @property
    def annihilator(self) -> np.ndarray:
        """What makes residuals of outcomes (n, n)."""
        return np.asarray(np.eye(len(self.design)) - self.design @ np.linalg.pinv(self.design))


def problem_of(
    case: Case, people: pd.DataFrame, outcomes: pd.DataFrame, regression: Regression, clusters: np.ndarray,
    sizes: np.ndarray, level: float,
) -> Problem:  # fmt: skip
    """A case's regression of n people, or means of them, in `clusters` (n,) that have numbers from 0."""
    design, tests = regression
    names, columns = [effect_name(group) for group in case.groups], list(design.columns)
    told = [name for name in names if name in columns]
    is_clustered = case.model["cluster"] != "none"
    return Problem(
        outcomes=outcomes.to_numpy(dtype=float),
        design=design.to_numpy(),
        tests=tests.to_numpy(),
        clusters=clusters,
        effects=[columns.index(name) for name in told],
        members=np.array([people["group_"] == name.partition(":")[2] for name in told]).T,
        sizes=sizes,
        df=float(clusters.max() if is_clustered else len(people) - design.shape[1]),
        level=level,
    )


def left_out(problem: Problem) -> Columns:
    """Jackknife and range without one cluster, by statistic (r, m)."""
    scale = np.sqrt((problem.design**2).sum(axis=0))
    x, y, tests = problem.design / scale, problem.outcomes, problem.tests / scale
    whole = tests @ np.linalg.lstsq(x, y, rcond=None)[0]
    without, exist = [], []
    for cluster in range(int(problem.clusters.max()) + 1):
        left = problem.clusters != cluster
        products = x[left].T @ x[left]
        inverse = np.linalg.pinv(products, rcond=SINGULAR, hermitian=True)
        without.append(tests @ (inverse @ (x[left].T @ y[left])))
        exist.append(np.abs(tests @ inverse @ products - tests).max(axis=1) <= 1e-6 * np.abs(tests).max(axis=1))
    found, exists = np.array(without), np.array(exist)  # (G, r, m), (G, r)
    known = np.where(exists[:, :, None], found, np.nan)
    errors = np.sqrt(((np.where(exists[:, :, None], found, 0.0) - whole) ** 2).sum(axis=0))
    errors[~exists.any(axis=0)] = np.nan
    return {
        **_tested("jackknife", whole, errors, np.full(len(tests), problem.df), problem.level),
        **range_of(known, problem.sizes),
    }  # fmt: skip


def range_of(known: np.ndarray, sizes: np.ndarray) -> Columns:
    """The least and the largest of the estimates without a cluster (G, r, m), and the fewest persons (r, G) at them."""
    ends, by_cluster = (np.fmin.reduce(known), np.fmax.reduce(known)), sizes.T[:, :, None]
    near = [np.abs(known - end) <= 1e-9 * np.maximum(np.abs(end), 1.0) for end in ends]
    persons = np.where(near[0] | near[1], by_cluster, np.inf).min(axis=0)
    return {
        "without_low": ends[0],
        "without_high": ends[1],
        "without_persons": np.where(np.isnan(ends[0]), np.nan, persons),
    }


def bias_reduced(problem: Problem) -> Columns:
    """CR2 with its own degrees of freedom, by statistic (r, m)."""
    maker, weights = problem.annihilator, problem.weights
    residuals, scores, rows = maker @ problem.outcomes, [], []
    for cluster in range(int(problem.clusters.max()) + 1):
        own = problem.clusters == cluster
        values, vectors = np.linalg.eigh(maker[np.ix_(own, own)])
        kept = values > 1e-9
        root = (vectors[:, kept] / np.sqrt(values[kept])) @ vectors[:, kept].T
        scores.append(weights[:, own] @ root @ residuals[own])
        rows.append(weights[:, own] @ root @ maker[own])
    errors = np.sqrt((np.array(scores) ** 2).sum(axis=0))
    covariances = [part @ part.T for part in np.array(rows).transpose(1, 0, 2)]
    degrees = np.array([np.trace(part) ** 2 / np.trace(part @ part) for part in covariances])
    whole = weights @ problem.outcomes
    shown = np.broadcast_to(degrees[:, None], whole.shape)
    return {**_tested("cr2", whole, errors, degrees, problem.level), "cr2_df": shown}


def _tested(name: str, estimates: np.ndarray, errors: np.ndarray, degrees: np.ndarray, level: float) -> Columns:
    from scipy.stats import t

    width = t.ppf(0.5 + level / 2, degrees)[:, None] * errors
    return {
        f"{name}_se": errors, f"{name}_p": 2 * t.sf(np.abs(estimates / errors), degrees[:, None]),
        f"{name}_low": estimates - width, f"{name}_high": estimates + width,
    }  # fmt: skip


def errors_of(problem: Problem) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Estimates and clustered errors (r, m), and scores by cluster (r, G, m)."""
    residuals, weights = problem.annihilator @ problem.outcomes, problem.weights
    scores = np.array([problem.indicators @ (row[:, None] * residuals) for row in weights])
    return weights @ problem.outcomes, np.sqrt(problem.factor * (scores**2).sum(axis=1)), scores


def hc2_of(problem: Problem) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Estimates and HC2 errors (r, m), and scores by row (r, n, m), of a regression whose rows are clusters."""
    weights, own = problem.weights, np.diag(problem.annihilator)
    scaled = weights / np.sqrt(np.where(own > SINGULAR, own, np.inf))
    scores = scaled[:, :, None] * (problem.annihilator @ problem.outcomes)
    return weights @ problem.outcomes, np.sqrt((scores**2).sum(axis=1)), scores


def rows_of(columns: Mapping[str, np.ndarray], test: int, outcome: int) -> dict[str, float]:
    """The statistics of one test and outcome."""
    return {name: float(values[test, outcome]) for name, values in columns.items()}
