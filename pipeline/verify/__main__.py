"""Every number of an extract by a second route, and walked to received cells: python -m pipeline.verify RAW ..."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from pipeline.errors import InputError, command
from pipeline.estimate.forked import cores
from pipeline.verify import derived, estimates, exhibits, files, resampled, walked, written
from pipeline.verify.agreement import Agreement, merge, say
from pipeline.verify.work import Task, run

MOST_SAID = 5  # differences of a kind that are printed; differences.csv has all


def verify(raw: Path, settings: Path, folder: Path, reports: Path) -> list[Agreement]:
    """Compare everything, write what was found beside the derived tables in `folder`, and return the counts by kind."""
    started = time.perf_counter()
    models = estimates.model_names(settings)
    packages = [
        *(Task(f"model {name}", estimates.compare_model, (settings, folder, name)) for name in models),
        *(Task(f"resampled {name}", resampled.compare_resampled, (settings, folder, name)) for name in models),
        Task("exhibits", exhibits.compare_exhibits, (settings, folder, reports)),
        Task("files", files.compare_files, (folder,)),
    ]
    parts = walked.parts_to_walk(folder, 8 * cores())
    walk = [Task(f"walk {place}", walked.walk_part, (raw, folder, settings, part)) for place, part in enumerate(parts)]
    results = run([packages, [Task("derived tables", derived.compare_derived, (raw, settings, folder)), *walk]])
    by_model = [results[f"model {name}"] for name in models]
    again = [results[f"resampled {name}"] for name in models]
    walks_found, walks = walked.join([results[task.name] for task in walk])
    found = [
        *results["derived tables"], *_by_kind(each for each, _ in by_model),
        *(kind for kind in _by_kind(each for kinds, _ in again for each in kinds) if kind.agreed or kind.is_wrong),
        *results["exhibits"], *results["files"],
        walks_found,
    ]  # fmt: skip
    seconds = [row for _, rows in [*by_model, *again] for row in rows]
    written.write(folder, found, seconds, walks, time.perf_counter() - started)
    return found


def _by_kind(found: Iterable[Agreement]) -> list[Agreement]:
    kinds: dict[str, list[Agreement]] = {}
    for each in found:
        kinds.setdefault(each.kind, []).append(each)
    return [merge(kind, parts) for kind, parts in sorted(kinds.items())]


def _details(found: Sequence[Agreement]) -> Iterable[str]:
    """What was not tried and why, and the first differences of each kind; of a person's value only where it stands."""
    for row in found:
        yield from (f"  not tried, {row.kind}: {number:,} {reason}" for reason, number in row.not_tried.items())
        for difference in row.differences[:MOST_SAID]:
            values = "" if row.is_personal else f": {difference.first} here, {difference.second} by the second route"
            yield f"  DISAGREES, {row.kind}: {difference.what}{values}"


def require_agreement(found: Sequence[Agreement], differences: Path) -> None:
    """Raise InputError if anything disagrees, or if nothing was compared where something should be."""
    wrong = [row.kind for row in found if row.differences]
    empty = [row.kind for row in found if row.is_wrong and not row.differences]
    if wrong:
        raise InputError(
            f"verify: the two routes disagree in {', '.join(wrong)}. All differences are in {differences}; use no "
            "number before it is told why."
        )
    if empty or not any(row.agreed for row in found):
        raise InputError(f"verify: nothing was compared of {', '.join(empty) or 'anything'}. Say make all first.")


@command
def main() -> None:
    """Parse the command line, compare, and print the counts."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.verify", description="Every number by a second route.")
    parser.add_argument("raw", type=Path)
    for name in ("settings", "derived", "reports"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    arguments = parser.parse_args()
    started = time.perf_counter()
    found = verify(arguments.raw, arguments.settings, arguments.derived, arguments.reports)
    print("\n".join([*say(found), *_details(found)]))
    walk = found[-1]
    shown = walk.agreed + walk.left + len(walk.differences)
    print(f"{walk.agreed:,} of {shown:,} numbers walked to received cells, largest gap {walk.largest:.1e}")
    took, used = time.perf_counter() - started, sum(os.times()[:4])
    print(
        f"verified in {took:.0f} s, {used:.0f} s of processors; {arguments.derived / written.FOLDER} has every number"
    )
    require_agreement(found, arguments.derived / written.FOLDER / written.DIFFERENCES)


if __name__ == "__main__":
    sys.exit(main())
