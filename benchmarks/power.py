"""What the trial could see, by simulation and by formula, and the plan of the report derived again: make power.

From the synthetic trial: what each person's outcome is without the course is the outcome as it is, less the estimated
effect for those who were offered it. The lot is drawn again within every team, an effect of a given size is added to
the outcomes of those it falls on, and the model is estimated and tested as the report does. The share of rejections
stands beside two formulas: with the error of the trial as it was drawn, and with the mean of the errors of the redrawn
lots. What is found goes to docs/measured, from which make docs writes docs/power.md and its figure.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.estimate.estimators import checked_models
from pipeline.estimate.least_squares import fit
from pipeline.estimate.problem import Data, gather_data
from pipeline.estimate.regression import Regression, regressions
from pipeline.runner.inputs import load_input
from pipeline.stats.ols import deviations
from pipeline.stats.power import Plan, TwoSided, cluster_effect, power

FloatArray = npt.NDArray[np.float64]
DERIVED, CONFIG, MEASURED = Path("data_derived/twin"), Path("config"), Path("docs/measured")
TABLES = ("sample", "background", "shares", "weekly", "durations", "followup", "exclusions")
DRAWS, BLOCK, SEED = 20_000, 1_000, 20180301
SIZES = np.round(np.arange(0.0, 0.2001, 0.01), 2)
SIMULATED = (
    "sample", "outcome", "effect", "rejected", "formula", "formula_redrawn", "error", "error_redrawn", "spread",
    "centre", "draws",
)  # fmt: skip
# The report, section 2.3: 30 job centres with two courses each, 10 to 16 persons a course, 12 at the planned ratio, 60
# per cent offered the course. It does not say from which share, at which level, or with which correlation.
COURSES, OFFERED, CHANCE, SIZE = 60, 0.6, 0.8, 0.05
PLANNED_RATIO, EARLIER_RATIO = 1.16, 1.21
PLANNED = (
    "courses", "persons_per_course", "offered", "control", "correlation", "base", "smallest_ratio", "power_planned",
    "power_earlier",
)  # fmt: skip
BASES = (0.30, 0.40, 0.45, 0.50, 0.55, 0.60, 0.70)
CORRELATIONS = (0.0, 0.01, 0.05)


def read_data() -> Data:
    """The derived tables of the synthetic trial."""
    tables = {name: load_input(DERIVED / f"{name}.parquet") for name in TABLES}
    return gather_data(tables, load_input(CONFIG / "study.toml"), load_input(CONFIG / "variables.csv"))


def simulate(problem: Regression) -> Iterator[list[Any]]:
    """The rows of one sample and outcome, one a size of the effect."""
    design, found, label = problem.design, fit(problem), problem.labels[0]
    test = TwoSided(1.0 - problem.study.inference.level, float(found.df))
    without = problem.outcomes[:, 0] - found.effects[0, 0] * design.treated
    estimates, errors = redraw(problem, without)
    own, mean = float(found.errors[0, 0]), float(np.sqrt((errors**2).mean()))
    for size in SIZES:
        rejected = np.abs(estimates + size) > test.critical * errors
        both = [float(power(size / error, test)) for error in (own, mean)]
        yield [problem.part.name, label.outcome, size, *(f"{number:.6f}" for number in (
            rejected.mean(), *both, own, mean, estimates.std(), estimates.mean())), len(estimates)]  # fmt: skip


def redraw(problem: Regression, outcome: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Estimates and clustered errors (draws,) of the effect on an outcome (n,) that nobody's lot changes.

    Covariates and dummies are taken out of outcome and lots first (Frisch and Waugh 1933).
    """
    design = problem.design
    strata = np.unique(design.strata, return_inverse=True)[1]
    basis = np.linalg.qr(deviations(design.covariates, strata, strata.max() + 1))[0]

    def within(values: FloatArray) -> FloatArray:
        centred = deviations(values, strata, strata.max() + 1)
        return centred - basis @ (basis.T @ centred)

    y, clusters = within(outcome[:, None])[:, 0], np.eye(design.clusters.max() + 1)[design.clusters]
    generator = np.random.Generator(np.random.Philox(SEED))
    n, g = len(y), clusters.shape[1]
    factor = g / (g - 1) * (n - 1) / (n - strata.max() - 1 - basis.shape[1] - 1)
    found = [_draw(within, y, clusters, design.treated, generator) for _ in range(DRAWS // BLOCK)]
    estimates, squares = (np.concatenate(part) for part in zip(*found, strict=True))
    return estimates, np.sqrt(factor * squares)


def _draw(
    within: Any, y: FloatArray, clusters: FloatArray, treated: npt.NDArray[np.bool_], generator: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """A block of lots, each a permutation of the arms within every team: estimates, and sums of squared scores."""
    lots = np.empty((len(y), BLOCK))
    for members in map(np.flatnonzero, clusters.T):
        lots[members] = generator.permuted(np.tile(treated[members].astype(float), (BLOCK, 1)), axis=1).T
    lots = within(lots)
    weights = lots / (lots**2).sum(axis=0)
    estimates = y @ weights
    scores = clusters.T @ (weights * (y[:, None] - lots * estimates))
    return estimates, (scores**2).sum(axis=0)


def plans() -> Iterator[list[Any]]:
    """What the plan of the report could find, by persons a course, correlation within a course, and base share."""
    test = TwoSided(SIZE, None)
    for persons in (10, 12, 16):
        offered = COURSES * persons
        control = offered * (1 - OFFERED) / OFFERED
        for correlation in CORRELATIONS:
            plan = Plan(offered, control, cluster_effect(persons, correlation))
            at_planned = plan.base(PLANNED_RATIO, CHANCE, test)
            for base in (*BASES, at_planned):
                yield [COURSES, persons, offered, round(control), correlation, *(f"{number:.4f}" for number in (
                    base, plan.ratio(base, CHANCE, test), plan.power(base, PLANNED_RATIO, test),
                    plan.power(base, EARLIER_RATIO, test)))]  # fmt: skip


def write(name: str, header: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """A table to docs/measured."""
    path = MEASURED / f"{name}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([list(header), *rows])
    print(f"{path} written")


def main() -> None:
    """Measure and store."""
    data = read_data()
    model = checked_models(load_input(CONFIG / "models.toml"), data.study.design)["power"]
    rows = list[list[Any]]()
    for problem in regressions(model, data):
        for place, label in enumerate(problem.labels):
            print(f"{problem.part.name}, {label.outcome}: {DRAWS:,} lots", flush=True)
            rows += simulate(_one(problem, place))
    write("power", SIMULATED, rows)
    write("plan", PLANNED, plans())


def _one(problem: Regression, place: int) -> Regression:
    from dataclasses import replace

    return replace(problem, labels=problem.labels[place : place + 1], outcomes=problem.outcomes[:, [place]])


if __name__ == "__main__":
    main()
