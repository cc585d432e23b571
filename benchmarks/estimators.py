"""Time of every intention-to-treat fit of the study against a loop of statsmodels, in one process.

python -m benchmarks.estimators
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from pipeline.stats.hazard import HazardFit, Link, fit_hazard
from pipeline.stats.ols import fit_cluster_ols
from pipeline.stats.person_weeks import collapse
from tests.trial import HORIZON, draw_exits, draw_sample

REPEATS = 7

Problem = tuple[np.ndarray, np.ndarray, np.ndarray]


def main() -> None:
    """Print the median time of 3 samples x 162 regressions, by both routes, and their greatest difference."""
    rng = np.random.default_rng(1)
    sample = draw_sample(rng)
    problems = [_problem(sample.iloc[rows], rng) for rows in _subsets(sample)]
    _loop(problems[:1])
    ours, theirs = [], []
    for _ in range(REPEATS):
        ours.append(_seconds(lambda: _batched(problems)))
        theirs.append(_seconds(lambda: _loop(problems)))
    batched, loop = float(np.median(ours)), float(np.median(theirs))
    difference = max(np.abs(a / b - 1).max() for a, b in zip(_batched(problems), _loop(problems), strict=True))
    print(f"{len(problems) * 2 * HORIZON} clustered regressions, median of {REPEATS} interleaved runs")
    print(f"batched            {batched:8.4f} s")
    print(f"statsmodels loop   {loop:8.4f} s   {loop / batched:.0f} times as long")
    print(f"greatest relative difference of a standard error  {difference:.1e}")
    weeks, exited = draw_exits(rng, sample, -0.2, "logit")
    links: tuple[Link, ...] = ("logit", "cloglog")
    for link in links:
        hazard = functools.partial(_hazard, sample, weeks[0], exited[0], link)
        seconds = np.median([_seconds(hazard) for _ in range(REPEATS)])
        print(f"hazard, {link:<10} {seconds:8.4f} s")


def _subsets(sample: pd.DataFrame) -> list[np.ndarray]:
    wait = sample["wait_days"].to_numpy()
    return [wait >= 0, wait < 7, wait >= 7]


def _problem(sample: pd.DataFrame, rng: np.random.Generator) -> Problem:
    """Outcomes (n, 162), a design of municipality dummies, four covariates and treatment, and teams."""
    n = len(sample)
    municipality = sample["municipality"].to_numpy(dtype=str)
    dummies = municipality[:, None] == np.unique(municipality)
    design = np.column_stack([dummies, rng.normal(size=(n, 4)), sample["treated"]]).astype(float)
    steps = np.arange(1, HORIZON + 1)
    shares = [np.cumsum(rng.random((n, HORIZON)) < rng.beta(1, 2, (n, 1)), axis=1) / steps for _ in range(2)]
    return np.hstack(shares), design, sample["team"].to_numpy(dtype=str)


def _batched(problems: list[Problem]) -> list[np.ndarray]:
    return [fit_cluster_ols(*problem).standard_errors[-1] for problem in problems]


def _loop(problems: list[Problem]) -> list[np.ndarray]:
    import statsmodels.api as sm

    return [
        np.array(
            [
                sm.OLS(outcome, design)
                .fit(cov_type="cluster", cov_kwds={"groups": np.unique(teams, return_inverse=True)[1]})
                .bse[-1]
                for outcome in outcomes.T
            ]
        )
        for outcomes, design, teams in problems
    ]


def _hazard(sample: pd.DataFrame, weeks: np.ndarray, exited: np.ndarray, link: Link) -> HazardFit:
    cells = collapse(weeks, exited, sample["treated"], sample["municipality"], sample["team"], HORIZON, 4)
    return fit_hazard(cells, link)


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
