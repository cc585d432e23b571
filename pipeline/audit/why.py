"""Which stages would run, and because of what: make why, from make's own graph and the records."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.errors import command
from pipeline.runner.compared import compare_build

NEWER = re.compile(r" *Prerequisite '(.+)' is newer than target '(.+)'\.")
MUST = re.compile(r" *Must remake target '(.+)'\.")
GONE = re.compile(r" *File '(.+)' does not exist\.")
SHOWN = 3  # reasons of a stage that are listed


@dataclass
class Plan:
    """What make would do: the records it would write, in order, what is newer than each, and what it would make."""

    records: list[Path] = field(default_factory=list)
    newer: dict[Path, list[str]] = field(default_factory=dict)
    made: dict[str, Path] = field(default_factory=dict)
    gone: set[Path] = field(default_factory=set)


def read_plan(said: Iterable[str], runs: Path) -> Plan:
    """What make said in a dry run with --debug=basic, of the records in `runs`."""
    plan = Plan()
    for line in said:
        if match := NEWER.fullmatch(line):
            source, target = match.groups()
            if Path(target).parent == runs:
                plan.newer.setdefault(Path(target), []).append(source)
            elif Path(source).parent == runs:
                plan.made[target] = Path(source)
        elif (match := MUST.fullmatch(line)) and _is_record(match[1], runs):
            plan.records.append(Path(match[1]))
        elif (match := GONE.fullmatch(line)) and _is_record(match[1], runs):
            plan.gone.add(Path(match[1]))
    return plan


def _is_record(path: str, runs: Path) -> bool:
    return Path(path).parent == runs and path.endswith(".json")


def explain(plan: Plan, again: Mapping[Path, Sequence[str]]) -> list[str]:
    """A line a stage that would run, in the order of the build: why, or which of its inputs would have to change first.

    A dry run takes every file for changed whose stage is asked, so what it says to be newer is looked at again.
    """
    lines, running = [], set[Path]()
    for record in plan.records:
        newer = {path: plan.made.get(path, Path(path)) for path in plan.newer.get(record, [])}
        own = [f"{record} is missing"] if record in plan.gone else list(again.get(record, []))
        own += [
            f"{path} is newer"
            for path, maker in newer.items()
            if maker not in plan.records and f"{path} changed" not in own and _is_newer(Path(path), record)
        ]
        waits = [f"{path} (stage {maker.stem})" for path, maker in newer.items() if maker in running]
        if own or waits:
            running.add(record)
            lines.append(f"{record.stem:<14} would run{'' if own else ' if this changes'}: {_listed(own or waits)}")
    return lines


def _is_newer(path: Path, record: Path) -> bool:
    return path.exists() and record.exists() and path.stat().st_mtime_ns > record.stat().st_mtime_ns


def _listed(reasons: Sequence[str]) -> str:
    more = f", and {len(reasons) - SHOWN} more" if len(reasons) > SHOWN else ""
    return ", ".join(reasons[:SHOWN]) + more


@command
def main() -> None:
    """Read what make says on standard input, and print a line for every stage that would run, the next one first."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.audit.why", description=__doc__)
    parser.add_argument("runs", type=Path)
    runs = parser.parse_args().runs
    plan = read_plan(sys.stdin.read().splitlines(), runs)
    found = compare_build(str(runs)) if runs.exists() else None
    lines = explain(plan, found.again if found else {})
    print("\n".join([*(found.said if found else []), *lines] or ["nothing would run: every file is as recorded"]))


if __name__ == "__main__":
    sys.exit(main())
