"""Time of every estimate of the study, and of the intention-to-treat fits against a loop of statsmodels.

python -m benchmarks.estimators
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.runner.inputs import load_input
from pipeline.stages import estimates
from pipeline.stats.hazard import HazardFit, Link, fit_hazard
from pipeline.stats.ols import fit_cluster_ols
from pipeline.stats.person_weeks import collapse
from tests.trial import HORIZON, draw_exits, draw_sample

FloatArray = npt.NDArray[Any]
REPEATS = 7


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
        times = [_seconds(partial(_hazard, sample, weeks[0], exited[0], link)) for _ in range(REPEATS)]
        seconds = np.median(times)
        print(f"hazard, {link:<10} {seconds:8.4f} s")
    _print_estimates(loop)


def _print_estimates(loop: float) -> None:
    """Print the median time of every estimate of the synthetic trial, in process: no start-up, no files."""
    places = (Path("data_derived/twin"), Path("config"))
    files = {
        path.stem: path for place in places for path in place.iterdir() if path.suffix in (".parquet", ".toml", ".csv")
    }
    inputs = {name: load_input(files[name]) for name in inspect.signature(estimates.run).parameters if name in files}
    seconds = float(np.median([_seconds(lambda: estimates.run(**inputs)) for _ in range(REPEATS)]))
    tables = estimates.run(**inputs)
    for name, table in tables.items():
        print(f"{name:<26} {len(table)} estimates")
    number = sum(map(len, tables.values()))
    print(f"every estimate     {seconds:8.4f} s   {number} estimates, {seconds / loop:.1f} of the loop above")


def _subsets(sample: pd.DataFrame) -> list[FloatArray]:
    wait = sample["wait_days"].to_numpy()
    return [wait >= 0, wait < 7, wait >= 7]


def _problem(sample: pd.DataFrame, rng: np.random.Generator) -> tuple[FloatArray, ...]:
    """Outcomes (n, 162), a design of four covariates and treatment, teams, and municipalities."""
    n = len(sample)
    municipality = sample["municipality"].to_numpy(dtype=str)
    places = np.unique(municipality, return_inverse=True)[1]
    design = np.column_stack([rng.normal(size=(n, 4)), sample["treated"]]).astype(float)
    steps = np.arange(1, HORIZON + 1)
    shares = [np.cumsum(rng.random((n, HORIZON)) < rng.beta(1, 2, (n, 1)), axis=1) / steps for _ in range(2)]
    return np.hstack(shares), design, np.unique(sample["team"], return_inverse=True)[1], places


def _batched(problems: list[tuple[FloatArray, ...]]) -> list[FloatArray]:
    return [
        fit_cluster_ols(outcomes, design, teams, absorbed=places).standard_errors[-1]
        for outcomes, design, teams, places in problems
    ]


def _loop(problems: list[tuple[FloatArray, ...]]) -> list[FloatArray]:
    import statsmodels.api as sm

    return [
        np.array(
            [
                sm.OLS(outcome, np.column_stack([np.equal.outer(places, np.unique(places)), design]))
                .fit(cov_type="cluster", cov_kwds={"groups": teams})
                .bse[-1]
                for outcome in outcomes.T
            ]
        )
        for outcomes, design, teams, places in problems
    ]


def _hazard(sample: pd.DataFrame, weeks: FloatArray, exited: FloatArray, link: Link) -> HazardFit:
    cells = collapse(weeks, exited, sample["treated"], sample["municipality"], sample["team"], HORIZON, 4)
    return fit_hazard(cells, link)


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
