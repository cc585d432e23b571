"""Do faults to builds and say what came of each: make faults, or python -m benchmarks.faults [WORDS OF A KIND].

A copy of the project is built undisturbed. Then each fault is done to a copy of that build, two at a time, and the
outcome is one of three: the same bytes as undisturbed; a named error, and the same bytes after mending; or a failure,
with which this ends. The table of counts is written to docs/measured/faults.csv, unless only some kinds were asked for.
"""

from __future__ import annotations

import csv
import os
import queue
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.faults.kills import SCENARIOS, Scenario, kill_often
from benchmarks.faults.place import NAMED, SAME, Outcome, Place
from benchmarks.faults.trials import SETTING, TITLE, Hashes, Trial, list_trials, make_second
from benchmarks.projects import copy_working_tree

MEASURED = Path("docs/measured/faults.csv")
COLUMNS = ("kind", "what", "tried", "same", "named", "failed")
AT_ONCE = 2
Job = Callable[[Place], list[Outcome]]


def main() -> int:
    """Do all faults, or those whose kind holds the words, print the table, and return 1 if anything failed."""
    words, started = " ".join(sys.argv[1:]), time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        top = Path(name)
        top.chmod(0o755)
        jobs = list(_list_jobs(top, words))
        places = queue.SimpleQueue[Place]()
        for number in range(AT_ONCE):
            places.put(Place(top / f"place{number}"))
        outcomes = list(_run(jobs, places))
    _print(outcomes, time.perf_counter() - started)
    if not words:
        _write(outcomes)
    return int(any(one.how not in (SAME, NAMED) for one in outcomes))


def _run(jobs: list[tuple[str, Job]], places: queue.SimpleQueue[Place]) -> Iterator[Outcome]:
    """Run the jobs, each in a place of its own, and say how far it is."""

    def in_place(job: Job) -> list[Outcome]:
        place = places.get()
        try:
            return job(place)
        finally:
            places.put(place)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        running = [(what, pool.submit(in_place, job)) for what, job in jobs]
        for number, (what, future) in enumerate(running, 1):
            found = future.result()
            bad = [one.how for one in found if one.how not in (SAME, NAMED)]
            state = f"FAILED: {bad[0]}" if bad else ", ".join(sorted({one.how for one in found}))
            print(f"{number:>4} of {len(running)}  {what}: {state}", flush=True)
            yield from found


def _list_jobs(top: Path, words: str) -> Iterator[tuple[str, Job]]:
    """Each fault as a job, after the undisturbed builds that it is compared with."""
    source, wanted = _undisturbed(top / "built", lambda place: None, "all")
    edited = _undisturbed(top / "edited", _edit_title, "all")[1] if words in "clock" else {}
    second = _undisturbed(top / "two", lambda place: make_second(place.folder), "all", second=True)[1]
    if words in "kill":
        yield from _kills(top, source, wanted)
    for trial in list_trials(source, wanted, edited, second):
        if words in trial.kind:
            yield f"{trial.kind}: {trial.what}", _once(trial, source)


def _once(trial: Trial, source: Path) -> Job:
    def job(place: Place) -> list[Outcome]:
        place.fill(source)
        return [trial.run(place)]

    return job


def _kills(top: Path, source: Path, wanted: Hashes) -> Iterator[tuple[str, Job]]:
    reported = _undisturbed(top / "reported", lambda place: None, "report")
    verified = _undisturbed(top / "verified", lambda place: None, "report", "verify")
    released = _undisturbed(top / "released", lambda place: None, "report", "verify", "release")
    only_verified = _undisturbed(top / "only", lambda place: None, "all", "verify")
    ends = {"report": (source, wanted, reported[1]), "verify": (source, wanted, only_verified[1])}
    ends["release"] = released[0], verified[1], released[1]
    for seed, scenario in enumerate(SCENARIOS):
        start, before, after = ends.get(scenario.asked[0], (source, wanted, wanted))
        yield f"{scenario.blows} kills: {scenario.what}", _killing(scenario, start, before, after, seed)


def _killing(scenario: Scenario, start: Path, before: Hashes, after: Hashes, seed: int) -> Job:
    return lambda place: list(kill_often(scenario, place, start, before, after, seed))


def _edit_title(place: Place) -> None:
    file = place.folder / SETTING
    file.write_bytes(file.read_bytes().replace(*TITLE, 1))


def _undisturbed(
    folder: Path, before: Callable[[Place], None], *asked: str, second: bool = False
) -> tuple[Path, dict[str, str]]:
    """Build a copy of the project that is a repository of its own: the folder, and the hashes of what was built."""
    place = Place(folder)
    copy_working_tree_to(folder)
    place.must("twin")
    before(place)
    for one in asked:
        print(f"undisturbed: make {one}", flush=True)
        place.must(one)
        if second:
            Place(folder, extract="second").must(one)
    return folder, place.hashes()


def copy_working_tree_to(folder: Path) -> None:
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


def _write(outcomes: list[Outcome]) -> None:
    MEASURED.parent.mkdir(exist_ok=True)
    with MEASURED.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *_count(outcomes)])


if __name__ == "__main__":
    sys.exit(main())
