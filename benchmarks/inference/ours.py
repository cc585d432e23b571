"""What is measured of the project: each task on the whole batch, and the least arithmetic that it asks for."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from benchmarks.inference.problem import Batch
from pipeline.stats.bias_reduced import bias_reduced
from pipeline.stats.draws import Draws, interval, p_values
from pipeline.stats.families import step_down
from pipeline.stats.jackknife import jackknife_errors, leave_one_out
from pipeline.stats.linear import solve
from pipeline.stats.ols import FloatArray
from pipeline.stats.randomisation import redraw
from pipeline.stats.wild import bootstrap

LEVEL = 0.95


@dataclass(frozen=True)
class Task:
    """One batch of the project: what it does, in words; the work; and its least number of floating-point operations."""

    says: str
    work: Callable[[Batch], object]
    least: Callable[[Batch], float]


def _observed(batch: Batch) -> FloatArray:
    found = batch.solved
    return np.asarray(found.estimates[0] / found.errors[0])


def redrawn(batch: Batch) -> Draws:
    """The lot drawn again."""
    return redraw(batch.linear, batch.draws, batch.rows)[0]


def booted(batch: Batch) -> Draws:
    """The signs of clusters drawn."""
    return bootstrap(batch.linear, batch.solved, batch.signs)[0]


def _tested(drawn: Draws, batch: Batch) -> FloatArray:
    return p_values(drawn.statistics(-batch.solved.estimates[0]), _observed(batch))


def _inverted(batch: Batch) -> list[tuple[float, float]]:
    drawn = redrawn(batch)
    return [interval(drawn, place, float(error), LEVEL) for place, error in enumerate(batch.solved.errors[0])]


def stepped(batch: Batch, drawn: Draws) -> FloatArray:
    """Step-down p-values of all outcomes as one family."""
    return step_down(drawn.statistics(-batch.solved.estimates[0]), np.abs(_observed(batch)))


def jackknifed(batch: Batch) -> FloatArray:
    """Hansen's errors, from the problem itself."""
    found = solve(batch.linear)
    return jackknife_errors(found.estimates, leave_one_out(batch.linear, found)[0])[0]


def reduced(batch: Batch) -> tuple[FloatArray, FloatArray]:
    """CR2 errors and their degrees of freedom, from the problem itself."""
    return bias_reduced(batch.linear, solve(batch.linear))


def _of_lot(batch: Batch) -> float:
    """Each cluster's sums of outcomes times treatment, what the means of its cells and the covariates take, squares."""
    n, m, b, g = *batch.linear.outcomes.shape, batch.draws.shape[1], len(batch.linear.starts)
    lean = 1 + batch.linear.covariates.shape[1]
    return 2.0 * b * m * (n + g * lean + 2 * g)


def _of_signs(batch: Batch) -> float:
    """Each cluster's own score, what it shares with those of its stratum and by the covariates, and squares."""
    m, b, g = batch.linear.outcomes.shape[1], batch.signs.shape[1], len(batch.linear.starts)
    lean = 1 + batch.linear.covariates.shape[1]
    return 2.0 * b * m * g * (4 + 2 * lean)


def _of_jackknife(batch: Batch) -> float:
    """The products of each cluster, an inverse for each, and its product with the outcomes' moments."""
    n, m, g = *batch.linear.outcomes.shape, len(batch.linear.starts)
    k = batch.linear.covariates.shape[1] + 1
    return 2.0 * n * k * (k + m) + g * (2.0 * k**3 + 2.0 * k * k * m)


def _of_reduced(batch: Batch) -> float:
    """A symmetric eigenproblem of each cluster's size (9 n^3), and products with residuals."""
    n, m = batch.linear.outcomes.shape
    sizes = np.diff([*batch.linear.starts.tolist(), n])
    return float(9.0 * (sizes.astype(float) ** 3).sum() + 2.0 * n * m)


def _of_steps(batch: Batch) -> float:
    return _of_signs(batch) + 3.0 * batch.signs.shape[1] * batch.linear.outcomes.shape[1]


TASKS: dict[str, Task] = {
    "lot": Task("Lot drawn again, clustered |t|, p", lambda b: _tested(redrawn(b), b), _of_lot),
    "lot_interval": Task("The same with intervals by inversion", _inverted, _of_lot),
    "wild": Task("Wild cluster bootstrap, |t|, p", lambda b: _tested(booted(b), b), _of_signs),
    "jackknife": Task("Cluster jackknife", jackknifed, _of_jackknife),
    "cr2": Task("CR2 with Satterthwaite's degrees of freedom", reduced, _of_reduced),
    "stepdown": Task("Step-down p by the wild bootstrap", lambda b: stepped(b, booted(b)), _of_steps),
}


def seconds(work: Callable[[], object]) -> float:
    """Processor seconds of some work, which other people's work on the machine does not count in."""
    started = time.process_time()
    work()
    return time.process_time() - started


def rate_of_products(size: int = 1024, times: int = 3) -> float:
    """Floating-point operations a second of a product of square matrices on one thread: the limit of the machine."""
    one, other = np.random.default_rng(1).random((2, size, size))
    one @ other
    return 2.0 * size**3 / min(seconds(lambda: one @ other) for _ in range(times))


def exponents(sizes: list[float], values: list[float]) -> list[float]:
    """b in value = a * size^b from each size to the next."""
    logs = np.log(np.array([sizes, values]))
    return [float((after[1] - before[1]) / (after[0] - before[0])) for before, after in pairwise(logs.T)]
