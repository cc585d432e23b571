"""One printed number walked back to the cells of the received files, which are read again.

What else the number rests on is compared by the second route, above this room: `make trace` does both.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.audit.addresses import find_number
from pipeline.audit.build import Build, Request
from pipeline.audit.ends import locate_ends, with_ends
from pipeline.audit.evidence import RootOfSquares
from pipeline.audit.lineage import trace_files
from pipeline.audit.received import compare_cells, read_wages, with_wages
from pipeline.audit.statistics import decompose_statistic
from pipeline.audit.traced import Trace
from pipeline.cells import write_frame
from pipeline.errors import InputError
from pipeline.estimate.spells import Spells
from pipeline.estimate.table import parse_address
from pipeline.show.shown import COLUMNS, show_number
from pipeline.storage import write_if_changed

FOLDER = "trace"
FILES = ("file", "wage_file", "end_file", "end_wage_file")  # columns of paths in the files of a trace


def trace(cell_id: str, build: Build) -> Trace:
    """Follow the number shown at the address `cell_id` to the received files.

    Raises InputError for an address that no exhibit shows, with those that come near; for a file that is not the one
    recorded; for a number that is not what the exhibits show of the estimate; for cells that do not give it back; and
    for a cell that is not what the received file holds.
    """
    cell = find_number(cell_id, build)
    path, estimate = build.estimates[cell["estimate_id"]]
    chain = trace_files(build.derived / "shown.parquet", build.derived / "runs", path)
    _require_as_estimated(cell, estimate, build)
    request = build.request(parse_address(cell["estimate_id"]))
    ends = locate_ends(request.problem, request.address, request.tables) if _has_ends(request) else None
    number = decompose_statistic(cell["statistic"], request, estimate, build.study.inference.level)
    if not abs(number.gap) <= number.gap_limit:
        raise InputError(
            f"trace: the cells do not give the number back: it is {number.value:.12g}, and they make "
            f"{number.total:.12g}, {abs(number.gap):.1e} off where {number.gap_limit:.0e} is rounding. Report this."
        )
    cells = [part.cells for part in number.parts.values()]
    compared = compare_cells([*cells, *([] if ends is None else [ends])], build)
    wages = read_wages([*cells, *([] if ends is None else [ends])], build)
    return Trace(
        build, cell, estimate, chain, number, compared, None if ends is None else with_wages(ends, wages), wages
    )


def _has_ends(request: Request) -> bool:
    """Whether the number is of durations."""
    return isinstance(request.problem, Spells)


def _require_as_estimated(cell: dict[Any, Any], estimate: dict[Any, Any], build: Build) -> None:
    """Raise InputError unless the cell is what exhibits.toml shows of the estimate, to the last letter."""
    slot = build.slots.get(cell["cell_id"])
    written = show_number(slot, estimate, build.study.inference.stars, build.language) if slot else ()
    for column, expected in zip(COLUMNS, written, strict=bool(written)):
        shown = cell[column]
        if shown != expected and not (isinstance(expected, float) and math.isnan(expected) and math.isnan(shown)):
            raise InputError(
                f"{build.derived / 'shown.parquet'}: {column} of {cell['cell_id']} is {shown!r}, but the estimate "
                f"{cell['estimate_id']} makes it {expected!r}. Delete the file and run make all."
            )
    if not written:
        raise InputError(f"exhibits.toml: nothing is shown at {cell['cell_id']} now. Run make all.")


def write_cells(found: Trace) -> Iterator[Path]:
    """Write the cells of every part beside the derived tables, of a standard error the scores, and ends; say where."""
    folder, name = found.build.derived / FOLDER, file_name(found.cell["cell_id"])
    tables: dict[str, pd.DataFrame] = {}
    for kind, part in found.number.parts.items():
        end = f"__{kind.replace(' ', '_')}" if len(found.number.parts) > 1 else ""
        cells = with_wages(part.cells, found.wages).assign(arm=_arms(part.cells["person"], found.build))
        cells = cells if found.ends is None else with_ends(cells, found.ends)
        tables[f"{name}{end}.csv"] = cells
        if isinstance(part, RootOfSquares):
            tables[f"{name}{end}__scores.csv"] = part.squares.table
    if found.ends is not None:
        tables[f"{name}__ends.csv"] = found.ends
    for target, table in tables.items():
        files = {column: [str(found.build.raw / file) if file else "" for file in table[column]]
                 for column in FILES if column in table}  # fmt: skip
        write_if_changed(folder / target, write_frame(table.assign(**files)).encode())
        yield folder / target


def _arms(persons: pd.Series, build: Build) -> pd.Series:
    """The arm of each person as the allocation file calls it."""
    design, known = build.study.design, build.exclusions.set_index("person")["treated"]
    return persons.map(known.map({1: design.treated.value, 0: design.control.value}))


def file_name(cell_id: str) -> str:
    """What the files of a trace begin with."""
    return cell_id.replace("/", "__")
