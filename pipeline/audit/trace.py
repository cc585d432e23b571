"""Walk one printed number back to the cells of the received files: make trace ID=figure_3_3/all/sickness_benefit/45."""

from __future__ import annotations

import argparse
import difflib
import math
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.audit.build import Build
from pipeline.audit.evidence import RootOfSquares
from pipeline.audit.lineage import Link, trace_files
from pipeline.audit.statistics import Number, decompose_statistic
from pipeline.audit.text import describe
from pipeline.errors import InputError, command
from pipeline.estimate.table import parse_address
from pipeline.show.shown import COLUMNS, show_number
from pipeline.storage import write_if_changed


@dataclass(frozen=True)
class Trace:
    """A number as shown, the estimate it is a statistic of, the files behind it, and what it is made of."""

    build: Build
    cell: dict[Any, Any]
    estimate: dict[Any, Any]
    chain: list[Link]
    number: Number


def trace(cell_id: str, build: Build) -> Trace:
    """Follow the number shown at the address `cell_id` to the received files.

    Raises InputError for an address that no exhibit shows, with those that come near; for a file that is not the one
    recorded; for a number that is not what the exhibits show of the estimate; and for cells that do not give it back.
    """
    cell = _find_cell(cell_id, build.shown)
    if cell["estimate_id"] not in build.estimates:
        raise InputError(f"{build.derived}: no estimate {cell['estimate_id']}. Run make all.")
    path, estimate = build.estimates[cell["estimate_id"]]
    chain = trace_files(build.derived / "shown.parquet", build.derived / "runs", path)
    _require_as_estimated(cell, estimate, build)
    request = build.request(parse_address(cell["estimate_id"]))
    number = decompose_statistic(cell["statistic"], request, estimate, build.study.inference.level)
    if not abs(number.gap) <= number.gap_limit:
        raise InputError(
            f"trace: the cells do not give the number back: it is {number.value:.12g}, and they make "
            f"{number.total:.12g}, {abs(number.gap):.1e} off where {number.gap_limit:.0e} is rounding. Report this."
        )
    return Trace(build, cell, estimate, chain, number)


def _find_cell(cell_id: str, shown: pd.DataFrame) -> dict[Any, Any]:
    found = shown[shown["cell_id"] == cell_id]
    if found.empty:
        near = difflib.get_close_matches(cell_id, shown["cell_id"], n=3, cutoff=0.3)
        hint = (
            f"Near it: {', '.join(near)}." if near else "The page shows the address of a number when you point at it."
        )
        raise InputError(f"trace: no exhibit shows a number with the address {cell_id!r}. {hint}")
    return dict(found.to_dict("records")[0])


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
    """Write the cells of every part beside the derived tables, and of a standard error the scores; say where."""
    folder, name = found.build.derived / "trace", found.cell["cell_id"].replace("/", "__")
    for kind, part in found.number.parts.items():
        end = f"__{kind.replace(' ', '_')}" if len(found.number.parts) > 1 else ""
        cells = part.cells.assign(file=[str(found.build.raw / file) for file in part.cells["file"]])
        tables = {f"{name}{end}.csv": cells}
        if isinstance(part, RootOfSquares):
            tables[f"{name}{end}__scores.csv"] = part.squares.table
        for target, table in tables.items():
            write_if_changed(folder / target, table.to_csv(index=False).encode())
            yield folder / target


@command
def main() -> None:
    """Print the trace of the number given on the command line and write its cells beside the derived tables."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.audit.trace", description=__doc__)
    parser.add_argument("cell_id", nargs="?", default=os.environ.get("ID", ""), help="or in the variable ID")
    parser.add_argument("--raw", type=Path, required=True)
    parser.add_argument("--derived", type=Path, required=True)
    parser.add_argument("--settings", type=Path, default=Path("config"))
    arguments = parser.parse_args()
    if not arguments.cell_id:
        raise InputError("trace: no address given. Say make trace ID=figure_3_3/all/sickness_benefit/45.")
    found = trace(arguments.cell_id, Build(arguments.raw, arguments.derived, arguments.settings))
    paths = list(write_cells(found))
    print(describe(found.cell, found.estimate, found.number, found.chain, found.build))
    print("\n".join(f"  cells: {path}" for path in paths))


if __name__ == "__main__":
    sys.exit(main())
