"""Time and memory of the resampling as draws, outcomes and persons grow to a hundred times those of the trial."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np

from benchmarks.inference.ours import TASKS, exponents, seconds
from benchmarks.inference.problem import enlarged, read_batch
from benchmarks.scan import peak_memory

# By what grows: the tasks, and (times the persons, outcomes, draws) of each size.
AXES: dict[str, tuple[tuple[str, ...], tuple[tuple[int, int, int], ...]]] = {
    "draws": (("lot", "wild"), ((1, 162, 999), (1, 162, 9_999), (1, 162, 99_999))),
    "outcomes": (("lot", "wild"), ((1, 162, 999), (1, 1_620, 999), (1, 16_200, 999))),
    "persons and teams": (("lot", "wild", "jackknife", "cr2"), ((1, 8, 999), (10, 8, 999), (100, 8, 999))),
}
HEADER = ("grows", "task", "persons", "outcomes", "draws", "seconds", "memory", "exponent", "exponent_memory")


def measure_growth() -> tuple[tuple[str, ...], list[list[str]]]:
    """The header and rows of the table: processor seconds, MB of the process, and exponents from the size before."""
    rows = list[list[str]]()
    for grows, (tasks, sizes) in AXES.items():
        for task in tasks:
            found = [_measure(task, size) for size in sizes]
            scale = [float(np.prod(size)) for size in sizes]
            steps = [
                ["", *(f"{value:.2f}" for value in exponents(scale, [each[place] for each in found]))]
                for place in (1, 2)
            ]
            for size, (persons, took, memory), *bent in zip(sizes, found, *steps, strict=True):
                told = [str(int(persons)), *map(str, size[1:]), f"{took:.3f}", f"{memory:.0f}", *bent]
                rows.append([grows, task, *told])
                print(" | ".join(rows[-1]), flush=True)
    return HEADER, rows


def _measure(task: str, size: tuple[int, int, int]) -> tuple[float, float, float]:
    """Persons, seconds and MB of one task in a process of its own."""
    code = "import sys; from benchmarks.inference.growth import work; work(*sys.argv[1:])"
    asked = [sys.executable, "-c", code, task, *map(str, size)]
    run = subprocess.run(asked, stdout=subprocess.PIPE, text=True, check=True)
    persons, took, memory = json.loads(run.stdout.splitlines()[-1])
    return persons, took, memory


def work(task: str, *size: str) -> None:
    """Do a task once and print the number of persons, its seconds and the MB of this process."""
    times, outcomes, draws = map(int, size)
    batch = enlarged(read_batch(), times, draws)
    repeated = np.resize(np.arange(batch.linear.outcomes.shape[1]), outcomes)
    values = batch.linear.outcomes[:, repeated]
    # Repeated persons and outcomes would be the same numbers: noise makes them those of others.
    values = values + np.random.default_rng(1).normal(0.0, 0.1, values.shape)
    batch = replace(batch, linear=replace(batch.linear, outcomes=values))
    batch.solved  # noqa: B018
    took = seconds(lambda: TASKS[task].work(batch))
    print(json.dumps([len(batch.linear.treated), took, peak_memory()]))


if __name__ == "__main__":
    measure_growth()
