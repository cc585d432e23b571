"""The resampling of 162 outcomes beside other packages on the same data in one run.

python -m benchmarks.inference [ROUNDS]

Packages that the project does not need are installed in an environment that is thrown away, from
requirements-inference.txt; what cannot be had is said. Processor seconds of one thread, without imports: the project's
before and after each contender's, so that what else the machine does hits both. Where a contender would take hours a
part is measured and multiplied. The limit is the least arithmetic of a task at the rate of a matrix product of this
machine. The tables go to docs/measured/inference_speed.csv and inference_growth.csv.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.inference.agreement import AGREE
from benchmarks.inference.growth import measure_growth
from benchmarks.inference.ours import TASKS, rate_of_products, seconds
from benchmarks.inference.problem import Batch, read_batch, write_for_others

HERE, MEASURED = Path(__file__).parent, Path("docs/measured")
REQUIREMENTS = HERE.with_name("requirements-inference.txt")
ROUNDS = 3  # if not said
HEADER = ("task", "says", "package", "what", "part", "seconds", "ours", "ratio", "agreement", "limit")
Row = list[str]


@dataclass(frozen=True)
class Contender:
    """What is set beside a task: who, what it gives of it, the name of the work, and the task's agreement."""

    task: str
    package: str
    what: str
    work: str
    language: str = "Python"


CONTENDERS = (
    Contender("lot", "statsmodels", "a refit for each draw and outcome", "statsmodels_lot"),
    Contender("lot", "R sandwich", "a refit for each draw and outcome", "sandwich_lot", "R"),
    Contender("lot", "R estimatr", "a refit for each draw and outcome", "estimatr_lot", "R"),
    Contender("lot", "pyfixest", "t; drawn with replacement, no strata", "pyfixest_t"),
    Contender("lot", "pyfixest", "coefficient alone; drawn with replacement, no strata", "pyfixest_c"),
    Contender("lot", "ritest-python", "coefficient alone", "ritest_python"),
    Contender("lot", "R fixest", "", "fixest_any", "R"),
    Contender("wild", "wildboottest", "p alone", "wildboottest_alone"),
    Contender("wild", "pyfixest", "p alone, by wildboottest", "pyfixest_wild"),
    Contender("wild", "R fwildclusterboot", "", "fwildclusterboot_any", "R"),
    Contender("jackknife", "statsmodels", "a refit without each team", "statsmodels_jackknife"),
    Contender("jackknife", "pyfixest", "CRV3", "pyfixest_jackknife"),
    Contender("jackknife", "R clubSandwich", "CR3", "clubsandwich_cr3", "R"),
    Contender("cr2", "R clubSandwich", "coef_test", "clubsandwich_cr2", "R"),
    Contender("cr2", "R estimatr", "lm_robust", "estimatr_cr2", "R"),
    Contender("stepdown", "pyfixest", "rwolf", "pyfixest_rwolf"),
    Contender("stepdown", "pyfixest", "wyoung", "pyfixest_wyoung"),
    Contender("stepdown", "R multtest", "maxT of two-sample t, no strata, no clusters", "multtest_stepdown", "R"),
)


def main() -> None:
    """Print and store how long everything takes, and how the project's cost grows."""
    batch, rounds = read_batch(), int([*sys.argv[1:], str(ROUNDS)][0])
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_for_others(batch, folder)
        python, why = _environment(folder / "others")
        print(why, flush=True)
        rows = _compare(batch, folder, python, rounds)
    _store("inference_speed.csv", HEADER, rows)
    header, grown = measure_growth()
    _store("inference_growth.csv", header, grown)


def _environment(folder: Path) -> tuple[Path, str]:
    """The Python that has the other packages, and what is said of it; the project's own where there is none."""
    wanted = REQUIREMENTS.read_text(encoding="utf-8")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = folder / "bin" / "python"
    asked = [str(python), "-m", "pip", "install", "--quiet", "--retries", "1", "-r", str(REQUIREMENTS)]
    run = subprocess.run(asked, capture_output=True, text=True, check=False)
    if run.returncode:
        return Path(sys.executable), f"{REQUIREMENTS.name} could not be installed: {_last(run.stderr)}"
    names = [line for line in wanted.splitlines() if line and not line.startswith("#")]
    return python, f"beside it: {', '.join(names)}"


def _compare(batch: Batch, folder: Path, python: Path, rounds: int) -> list[Row]:
    """The rows of all tasks: the project's own, then its contenders'."""
    rate = rate_of_products()
    print(f"a matrix product of this machine: {rate / 1e9:.1f} thousand million operations a second", flush=True)
    rows = list[Row]()
    for name, task in TASKS.items():
        task.work(batch)
        limit, own = task.least(batch) / rate, [seconds(lambda task=task: task.work(batch))]  # type: ignore[misc]
        found = [_contend(one, batch, folder, python, own, rounds) for one in CONTENDERS if one.task == name]
        mine = median(own)
        rows.append([name, task.says, "", "", "", f"{mine:.4f}", f"{mine:.4f}", "1", "", f"{limit:.3g}"])
        rows += [[name, task.says, *row, f"{limit:.3g}"] for row in found]
        for row in rows[-1 - len(found) :]:
            print(f"{name:<12} {row[2] or 'the project':<18} {row[5]:>12} {row[7]:>8} {row[8]:<16} {row[3]} {row[4]}")
        print(f"{name:<12} the limit {limit:.5f}: the project takes {mine / limit:.1f} times that", flush=True)
    return rows


def _contend(one: Contender, batch: Batch, folder: Path, python: Path, own: list[float], rounds: int) -> Row:
    """Package, what, part, seconds, ours, ratio, agreement; the project's seconds are added to `own`."""
    took, ratios, told = list[float](), list[float](), dict[str, Any]()
    for _ in range(rounds):
        before = seconds(lambda: TASKS[one.task].work(batch))
        told, failed = _run(one, folder, python)
        if failed:
            return [one.package, failed, "not measured", "", "", "", ""]
        beside = (before + seconds(lambda: TASKS[one.task].work(batch))) / 2
        own.append(beside)
        took.append(told["seconds"])
        ratios.append(told["seconds"] / beside)
    agreement = AGREE[one.task](batch, told)
    ratio = f"{median(ratios):.0f}"
    return [one.package, one.what, told["part"], f"{median(took):.2f}", f"{median(own):.4f}", ratio, agreement]


def _run(one: Contender, folder: Path, python: Path) -> tuple[dict[str, Any], str]:
    """What a contender tells, or why it could not."""
    script = HERE / ("others.R" if one.language == "R" else "others_python.py")
    program = shutil.which("Rscript") or "Rscript" if one.language == "R" else str(python)
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    try:
        asked = [program, str(script), str(folder), one.work]
        run = subprocess.run(asked, capture_output=True, text=True, check=False, env=environment)
    except FileNotFoundError:
        return {}, f"no {program} on this machine"
    return (
        ({}, _last(run.stderr)) if run.returncode else (json.loads(run.stdout.splitlines()[-1].rpartition("\t")[2]), "")
    )


def _last(text: str) -> str:
    """The line of an error that says what it is; R may put it on the line after the call."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    places = [place for place, line in enumerate(lines) if "rror" in line]
    if not places:
        return (lines or ["no reason was told"])[-1]
    told = lines[places[-1]]
    told = lines[places[-1] + 1] if told.endswith(":") and places[-1] + 1 < len(lines) else told
    return told.rpartition(" : ")[2].removeprefix("ModuleNotFoundError: ")


def _store(name: str, header: tuple[str, ...], rows: list[Row]) -> None:
    with (MEASURED / name).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])
    print(f"{MEASURED / name}")


if __name__ == "__main__":
    main()
