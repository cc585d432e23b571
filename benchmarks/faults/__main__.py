"""Do faults to builds and say what came of each: make faults, or python -m benchmarks.faults [WORD OF A KIND ...].

A copy of the project is built undisturbed. Then each fault is done to a copy of that build, two at a time, and the
outcome is one of three: the same bytes as undisturbed; a named error, and the same bytes after mending; or a failure,
with which this ends. The table of counts is written to docs/measured/faults.csv, of the kinds that were asked for,
after every job. What was done of the same code is kept in build/faults.jsonl and not done again: this may be stopped.
"""

from __future__ import annotations

import csv
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from pathlib import Path

from benchmarks.faults.kept import Kept
from benchmarks.faults.kills import SCENARIOS, Scenario, kill_often
from benchmarks.faults.place import NAMED, SAME, Outcome, Place
from benchmarks.faults.trials import SETTING, TITLE, Hashes, Trial, list_trials, make_second
from benchmarks.projects import copy_working_tree

MEASURED = Path("docs/measured/faults.csv")
KEPT = Path("build/faults.jsonl")
COLUMNS = ("kind", "what", "tried", "same", "named", "failed")
AT_ONCE = min(2, len(os.sched_getaffinity(0)))
BLOWS_OF_A_JOB = 20
# Builds that kills are compared with, by name: the build that each is made of, '' for that of make all, and by what.
AFTER = {"reported": ("", "report"), "verified": ("", "verify")}
AFTER |= {"agreed": ("committed", "verify"), "released": ("agreed", "release")}
# By what is killed the builds before and after it.
ENDS = {"report": ("", "reported"), "verify": ("", "verified"), "release": ("agreed", "released")}
Job = Callable[[Place], list[Outcome]]


def main() -> int:
    """Do all faults, or those whose kind holds one of the words, print the table, and return 1 if anything failed."""
    words, started = sys.argv[1:], time.perf_counter()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have taught it to hear none
    with tempfile.TemporaryDirectory() as name:
        top = Path(name)
        top.chmod(0o755)
        jobs = list(_list_jobs(top, words))
        places = queue.SimpleQueue[Place]()
        for number in range(AT_ONCE):
            places.put(Place(top / f"place{number}"))
        outcomes = list[Outcome]()
        for found in _run(jobs, places, Kept(KEPT)):
            outcomes += found
            _write(outcomes, is_all=False)
    _print(outcomes, time.perf_counter() - started)
    _write(outcomes, is_all=not words)
    return int(any(one.how not in (SAME, NAMED) for one in outcomes))


def _run(jobs: list[tuple[str, Job]], places: queue.SimpleQueue[Place], kept: Kept) -> Iterator[list[Outcome]]:
    """Run the jobs that were not run before, each in a place of its own, and say how far it is."""

    def in_place(name: str, job: Job) -> list[Outcome]:
        if name in kept.outcomes:
            return kept.outcomes[name]
        place = places.get()
        try:
            return kept.keep(name, job(place))
        finally:
            places.put(place)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        again = Counter[str]()
        running = []
        for what, job in jobs:
            again[what] += 1
            running.append((what, pool.submit(in_place, f"{what} ({again[what]})", job)))
        for number, (what, future) in enumerate(running, 1):
            found = future.result()
            bad = [one.how for one in found if one.how not in (SAME, NAMED)]
            state = f"FAILED: {bad[0]}" if bad else ", ".join(sorted({one.how for one in found}))
            print(f"{time.strftime('%H:%M:%S')} {number:>4} of {len(running)}  {what}: {state}", flush=True)
            yield found


def _list_jobs(top: Path, words: list[str]) -> Iterator[tuple[str, Job]]:
    """Each fault as a job, after the undisturbed builds that it is compared with."""

    def asked(kind: str) -> bool:
        return not words or any(word in kind for word in words)

    source = top / "built"
    source.mkdir()
    copy_working_tree(source)  # no repository: a record tells its commit, and a stage that runs again may tell another
    wanted = _undisturbed(source, None, "all")
    yield from _kills(top, source, wanted, asked)
    edited = _undisturbed(top / "edited", source, "all", before=_edit_title) if asked("clock") else {}
    is_both = asked("two makes at once")
    second = _undisturbed(top / "two", source, "all", before=make_second, extract="second") if is_both else {}
    for trial in list_trials(source, wanted, edited, second):
        if asked(trial.kind):
            yield f"{trial.kind}: {trial.what}", _once(trial, source)


def _once(trial: Trial, source: Path) -> Job:
    def job(place: Place) -> list[Outcome]:
        place.fill(source)
        return [trial.run(place)]

    return job


def _kills(top: Path, source: Path, wanted: Hashes, asked: Callable[[str], bool]) -> Iterator[tuple[str, Job]]:
    """The kills of each scenario, some at a time, each begun in a copy of the build that it is asked of."""
    building = threading.RLock()

    @cache
    def made(name: str) -> Hashes:
        if not name:
            return wanted
        if name == "committed":
            copy_and_commit(top / name)
            return _undisturbed(top / name, None, "report")
        before, command = AFTER[name]
        made(before)
        return _undisturbed(top / name, top / before if before else source, command)

    def locked(name: str) -> Hashes:
        with building:
            return made(name)

    for seed, scenario in enumerate(SCENARIOS):
        if asked(f"kill {scenario.what}"):
            for first in range(0, scenario.blows, BLOWS_OF_A_JOB):
                part = replace(scenario, blows=min(BLOWS_OF_A_JOB, scenario.blows - first))
                yield f"{part.blows} kills: {part.what}", _killing(part, top, source, locked, seed * 100 + first)


def _killing(scenario: Scenario, top: Path, source: Path, made: Callable[[str], Hashes], seed: int) -> Job:
    def job(place: Place) -> list[Outcome]:
        before, after = ENDS.get(scenario.asked[0], ("", ""))
        start = top / before if before else source
        return list(kill_often(scenario, place, start, made(before), made(after), seed))

    return job


def _edit_title(folder: Path) -> None:
    file = folder / SETTING
    file.write_bytes(file.read_bytes().replace(*TITLE, 1))


def _undisturbed(
    folder: Path,
    source: Path | None,
    asked: str,
    before: Callable[[Path], None] = lambda folder: None,
    extract: str = "twin",
) -> dict[str, str]:
    """The hashes of what make makes in a copy of `source`, or in the folder as it is, after `before` was done there."""
    print(f"undisturbed: make {asked}", flush=True)
    place = Place(folder, extract=extract)
    if source is not None:
        place.fill(source)
    before(folder)
    place.must(asked)
    return place.hashes()


def copy_and_commit(folder: Path) -> None:
    """Copy the project and commit it there, as a release asks for."""
    folder.mkdir()
    copy_working_tree(folder)
    name = ("-c", "user.name=faults", "-c", "user.email=faults@localhost")
    day = {"GIT_AUTHOR_DATE": "2017-01-15T12:00:00Z", "GIT_COMMITTER_DATE": "2017-01-15T12:00:00Z"}
    for command in (("init", "-q"), ("add", "-A"), (*name, "commit", "-q", "-m", "The project")):
        subprocess.run(["git", *command], cwd=folder, check=True, env={**os.environ, **day})


def _count(outcomes: list[Outcome]) -> list[tuple[str, str, int, int, int, int]]:
    groups = dict.fromkeys((one.kind, one.what) for one in outcomes)
    rows = []
    for kind, what in groups:
        hows = Counter(one.how for one in outcomes if (one.kind, one.what) == (kind, what))
        total = sum(hows.values())
        rows.append((kind, what, total, hows[SAME], hows[NAMED], total - hows[SAME] - hows[NAMED]))
    return rows


def _print(outcomes: list[Outcome], seconds: float) -> None:
    print(f"| {' | '.join(COLUMNS)} |\n" + "|---" * len(COLUMNS) + "|")
    for row in _count(outcomes):
        print(f"| {' | '.join(map(str, row))} |")
    totals = [sum(numbers) for numbers in zip(*(row[2:] for row in _count(outcomes)), strict=True)]
    print(f"| all |  | {' | '.join(map(str, totals))} |\n{seconds / 60:.1f} minutes")
    for one in outcomes:
        if one.how not in (SAME, NAMED):
            print(f"FAILED {one.kind}: {one.what}: {one.how}")


def _write(outcomes: list[Outcome], is_all: bool) -> None:
    """Write the counts, and keep those of what was not asked for."""
    own = {(one.kind, one.what) for one in outcomes}
    old = list(csv.reader(MEASURED.read_text(encoding="utf-8").splitlines()))[1:] if MEASURED.exists() else []
    kept = [] if is_all else [row for row in old if (row[0], row[1]) not in own]
    rows = sorted([*kept, *(list(map(str, row)) for row in _count(outcomes))])
    MEASURED.parent.mkdir(exist_ok=True)
    with MEASURED.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows])


if __name__ == "__main__":
    sys.exit(main())
