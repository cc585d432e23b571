"""Simulate trials and store how often each test errs and each interval holds the effect: python -m benchmarks.size.

python -m benchmarks.size [TRIALS] [DRAWS]

Trials of each scenario (4,000 if not said; hazards a third of them, since each is a fit of its own), with so many draws
of the lot and of signs (399). Trials come in batches that share one allocation, so the Monte Carlo error is that of the
batches' means. The table goes to docs/measured/inference_size.csv, from which make docs writes docs/inference_size.md.
"""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.size.answers import judge_answers, judge_weights
from benchmarks.size.attendance import judge_attendance
from benchmarks.size.balance import judge_balance
from benchmarks.size.choices import judge_choices
from benchmarks.size.curves import judge_curves, judge_families
from benchmarks.size.exits import judge_exits
from benchmarks.size.groups import judge_cut_offs, judge_differences
from benchmarks.size.powers import CHANCE, judge_exit_power, judge_power
from benchmarks.size.shares import judge_shares
from benchmarks.size.trials import LEVEL, SCENARIOS, SEED, Allocation, Scenario, allocate
from pipeline.stats.lot import generator

STORED = Path("docs/measured/inference_size.csv")
HEADER = ("scenario", "says", "part", "method", "kind", "aim", "rate", "error", "trials", "draws")
BATCHES = 100
AIMS = {"size": 1.0 - LEVEL, "familywise": 1.0 - LEVEL, "coverage": LEVEL, "power": CHANCE}
Judge = Callable[[Scenario, Allocation, int, np.random.Generator], Iterator[tuple[str, str, npt.NDArray[Any]]]]
# By part: its judge, the scenarios it is about, and how many of the trials it takes.
PARTS: dict[str, tuple[Judge, tuple[str, ...], float]] = {
    "Least squares": (judge_shares, tuple(each.name for each in SCENARIOS), 1.0),
    "Curves": (judge_curves, ("lot", "course", "few"), 1.0),
    "Families of 10 outcomes, 5 without an effect": (judge_families, ("lot", "course", "few"), 1.0),
    "Differences of two groups": (judge_differences, ("lot", "course", "few"), 1.0),
    "Nine cut-offs that make two groups of one effect": (judge_cut_offs, ("lot", "course", "few"), 1.0),
    "Balance of 20 variables": (judge_balance, ("lot", "few"), 1.0),
    "Specifications": (judge_choices, ("lot", "course", "few"), 1.0),
    "Compliers: 70 in 100, or 10 beside 30 who attend anyway": (judge_attendance, ("lot", "course", "few"), 1.0),
    "Hazards": (judge_exits, ("lot", "course"), 1 / 3),
    "Non-response": (judge_answers, ("lot", "few"), 1.0),
    "Non-response, weighted": (judge_weights, ("lot", "few"), 1.0),
    "Power": (judge_power, ("lot", "course", "few"), 1.0),
    "Power of exits": (judge_exit_power, ("lot",), 1 / 3),
}


def main() -> None:
    """Simulate, print and store."""
    trials, draws = (int(given) for given in [*sys.argv[1:], *("4000", "399")[len(sys.argv) - 1 :]])
    started, rows = time.process_time(), list[list[str]]()
    for part in PARTS:
        for row in simulate(part, trials, draws):
            rows.append(row)
            print(f"{row[0]:<11} {row[3]:<32} {row[4]:<11} {row[6]:>6} ({row[7]}), aim {row[5]}", flush=True)
    with STORED.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([HEADER, *rows])
    print(f"{time.process_time() - started:.0f} s of one processor; {STORED}")


def simulate(part: str, trials: int, draws: int) -> Iterator[list[str]]:
    """The rows of a part: each scenario's rates with their Monte Carlo errors."""
    judge, names, share = PARTS[part]
    for scenario in (each for each in SCENARIOS if each.name in names):
        count = max(round(trials * share / BATCHES), 1)
        found: dict[tuple[str, str], list[float]] = {}
        for batch in range(BATCHES):
            random = generator(SEED, "size", part, scenario.name, str(batch))
            own = allocate(scenario, draws, random)
            for method, kind, values in judge(scenario, own, count, random):
                found.setdefault((method, kind), []).append(float(np.mean(values)))
        for (method, kind), means in found.items():
            error = np.std(means, ddof=1) / np.sqrt(BATCHES)
            numbers = [f"{AIMS[kind]:.2f}", f"{np.mean(means):.4f}", f"{error:.4f}", str(count * BATCHES), str(draws)]
            yield [scenario.name, scenario.says, part, method, kind, *numbers]


if __name__ == "__main__":
    main()
