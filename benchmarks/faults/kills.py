"""Kills at random moments of what writes: builds from nothing, after edits and deletions, and the commands."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.faults.place import LONGEST, SAME, Outcome, Place, Said

ALONE = 0.25  # of the blows meet make alone, the others all its processes
BLOWS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True)
class Scenario:
    """What is done before, what is asked and killed, up to how many seconds after its start, and how many blows."""

    what: str
    spoil: Callable[[Path], None]
    asked: tuple[str, ...]
    longest: float
    blows: int


def _nothing(folder: Path) -> None:
    for top in ("data_raw/twin", "data_derived", "reports"):
        shutil.rmtree(folder / top, ignore_errors=True)


def _edit(name: str) -> Callable[[Path], None]:
    def touch(folder: Path) -> None:
        os.utime(folder / name)
        for path in (folder / "data_derived/twin/runs").glob("*.json"):
            if name.encode() in path.read_bytes():
                path.unlink()

    return touch


def _without(pattern: str) -> Callable[[Path], None]:
    def delete(folder: Path) -> None:
        for path in folder.glob(pattern):
            path.unlink()

    return delete


def _as_it_is(folder: Path) -> None:
    """Nothing is done before."""


SCENARIOS = (
    Scenario("make all from nothing", _nothing, ("all",), 3.0, 30),
    Scenario("make all after an edit of the models", _edit("config/models.toml"), ("all",), 3.0, 40),
    Scenario("make all without its records", _without("data_derived/twin/runs/*.json"), ("all",), 3.0, 30),
    Scenario("make all after deleted tables", _without("data_derived/twin/*.parquet"), ("all",), 3.0, 40),
    Scenario("make all after deleted figures", _without("reports/twin/figures/*.png"), ("all",), 3.0, 30),
    Scenario("make report", _as_it_is, ("report",), 4.0, 20),
    Scenario("make verify", _as_it_is, ("verify",), 10.0, 10),
    Scenario("make release", _as_it_is, ("release",), 4.0, 10),
)


def kill_often(
    scenario: Scenario, place: Place, source: Path, before: Mapping[str, str], after: Mapping[str, str], seed: int
) -> Iterator[Outcome]:
    """Kill what is asked again and again, each time at a random moment, until it was killed `blows` times.

    After each blow no file of the build may be anything but that of an undisturbed one, `before` what is asked or
    `after` it. As soon as it ends undisturbed its bytes are compared, and it begins anew.
    """
    generator, left = random.Random(seed), scenario.blows
    while left > 0:
        place.fill(source)
        scenario.spoil(place.folder)
        struck = list[str]()
        while (said := _strike(place, scenario.asked, generator, scenario.longest if left > 0 else None))[1]:
            left -= 1
            struck.append(said[0].traceback() or place.unsound(before, after))
        fault = said[0].fault() or (said[0].text.strip()[-200:] if said[0].status else place.differs(after))
        yield from (Outcome("kill", scenario.what, one or fault or SAME) for one in struck)


def _strike(place: Place, asked: tuple[str, ...], generator: random.Random, longest: float | None) -> tuple[Said, bool]:
    """Begin what is asked and strike it within `longest` seconds: the make alone, or all its processes.

    What it said, and whether that ended it; with None it is left alone.
    """
    run = place.start(*asked)
    until = time.monotonic() + (LONGEST if longest is None else generator.uniform(0, longest))
    while run.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    is_struck = run.poll() is None
    if is_struck:
        blow = generator.choice(BLOWS)
        os.kill(run.pid, blow) if generator.random() < ALONE else os.killpg(run.pid, blow)
    said = place.end(run)
    return said, is_struck and said.status != 0
