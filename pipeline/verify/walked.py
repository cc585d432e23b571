"""Every number shown, walked to the cells of the received files by the code of make trace: the gap, and their counts.

This part is the pipeline's own; the second route shares no code with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.verify.agreement import Agreement

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.audit.walk import Walked, Walker

KIND = "numbers walked to received cells"


class Walks(NamedTuple):
    """Numbers walked, and the tables of counts they name."""

    walked: list[Walked]
    counts: dict[str, pd.DataFrame]


def parts_to_walk(derived: Path, number: int) -> list[list[dict[str, Any]]]:
    """The rows of shown.parquet in as many parts, those of one outcome and week together."""
    import pandas as pd

    shown = pd.read_parquet(derived / "shown.parquet", columns=["cell_id", "statistic", "estimate_id"])
    address = shown["estimate_id"].str.split("/", expand=True)
    ordered = shown.assign(outcome=address[2], week=address[3]).sort_values(["outcome", "week", "estimate_id"])
    groups: list[list[Any]] = [
        group.to_dict("records") for _, group in ordered.groupby(["outcome", "week"], sort=False)
    ]
    return [[row for group in groups[place::number] for row in group] for place in range(number)]


@lru_cache(maxsize=1)
def read_walker(raw: Path, derived: Path, settings: Path) -> Walker:
    """The walk of a build, which is read once in a process."""
    from pipeline.audit.build import Build
    from pipeline.audit.walk import Walker

    return Walker(Build(raw, derived, settings))


def walk_part(raw: Path, derived: Path, settings: Path, rows: Sequence[dict[str, Any]]) -> Walks:
    """Walk some numbers; in one process the build is read once."""
    walker = read_walker(raw, derived, settings)
    walked = list(walker.walk(rows))
    used = {each.counts for each in walked}
    return Walks(walked, {name: table for name, table in walker.counter.tables.items() if name in used})


def join(parts: Sequence[Walks]) -> tuple[Agreement, Walks]:
    """The count of the numbers walked, and all of them with their tables of counts."""
    walks = Walks([each for part in parts for each in part.walked], {})
    found = Agreement(KIND)
    for part in parts:
        walks.counts.update(part.counts)
    for each in walks.walked:
        if each.why:
            found.leave(each.why)
        elif each.is_rounding:
            found.agreed, found.largest = found.agreed + 1, max(found.largest, each.relative)
        else:
            found.count(each.cell_id, each.value, each.value - each.gap)
    return found, walks


def frames(walks: Walks) -> Iterator[tuple[str, pd.DataFrame]]:
    """walked.parquet and counts.parquet by name: tables of counts are numbered, and named so."""
    import pandas as pd

    numbers = {name: place for place, name in enumerate(sorted(walks.counts))}
    rows = [
        (each.cell_id, None if each.why else each.gap, each.n_cells, numbers.get(each.counts))
        for each in sorted(walks.walked)
    ]
    walked = pd.DataFrame(rows, columns=["cell_id", "gap", "n_cells", "counts"])
    yield "walked", walked.astype({"gap": "float64", "counts": "Int64"})
    columns = ["counts", "arm", "group", "first_week", "last_week", "n"]
    tables = [walks.counts[name].assign(counts=place) for name, place in numbers.items()]
    yield "counts", pd.concat(tables)[columns] if tables else pd.DataFrame(columns=columns)
