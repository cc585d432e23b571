"""Walk one printed number back to the cells of the received files: make trace ID=figure_3_3/all/sickness_benefit/45."""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.audit.addresses import find_number, list_numbers
from pipeline.audit.build import Build, Request
from pipeline.audit.ends import locate_ends, with_ends
from pipeline.audit.evidence import RootOfSquares
from pipeline.audit.history import describe_history, read_history
from pipeline.audit.lineage import trace_files
from pipeline.audit.received import compare_cells
from pipeline.audit.statistics import decompose_statistic
from pipeline.audit.text import describe, describe_list
from pipeline.audit.traced import Trace
from pipeline.errors import InputError, command
from pipeline.estimate.spells import Spells
from pipeline.estimate.table import parse_address
from pipeline.show.shown import COLUMNS, show_number
from pipeline.storage import write_if_changed

FOLDER, HTML, FORMS = "trace", "html", ("text", "html")


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
    compared = compare_cells((part.cells for part in number.parts.values()), build)
    return Trace(build, cell, estimate, chain, number, compared, ends)


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
        cells = part.cells if found.ends is None else with_ends(part.cells, found.ends)
        tables[f"{name}{end}.csv"] = cells
        if isinstance(part, RootOfSquares):
            tables[f"{name}{end}__scores.csv"] = part.squares.table
    if found.ends is not None:
        tables[f"{name}__ends.csv"] = found.ends
    for target, table in tables.items():
        files = {column: [str(found.build.raw / file) for file in table[column]]
                 for column in ("file", "end_file") if column in table}  # fmt: skip
        write_if_changed(folder / target, table.assign(**files).to_csv(index=False).encode())
        yield folder / target


def file_name(cell_id: str) -> str:
    """What the files of a trace begin with."""
    return cell_id.replace("/", "__")


@command
def main() -> None:
    """Print what is asked for: a number, the numbers of an exhibit, or a person; with FORMAT=html as a page.

    What is free text comes by the environment, where no shell reads it: ID, PERSON, FORMAT.
    """
    parser = argparse.ArgumentParser(prog="python -m pipeline.audit.trace", description=__doc__)
    parser.add_argument("cell_id", nargs="?", default=os.environ.get("ID", ""))
    parser.add_argument("--raw", type=Path, required=True)
    parser.add_argument("--derived", type=Path, required=True)
    parser.add_argument("--settings", type=Path, default=Path("config"))
    arguments = parser.parse_args()
    build = Build(arguments.raw, arguments.derived, arguments.settings)
    asked, person, form = arguments.cell_id, os.environ.get("PERSON", ""), os.environ.get("FORMAT") or "text"
    if form not in FORMS:
        raise InputError(f"trace: FORMAT={form} is no form. Say FORMAT=html for a page, or leave it out.")
    if person:
        _tell_person(person, build, form)
    elif asked and len(listed := list_numbers(asked, build)) and asked not in set(build.shown["cell_id"]):
        print(describe_list(listed))
    else:
        _tell_number(asked, build, form)


def _tell_number(cell_id: str, build: Build, form: str) -> None:
    found = trace(cell_id, build)
    paths = list(write_cells(found))
    if form == HTML:
        from pipeline.audit.page import write_number_page

        target = build.derived / FOLDER / f"{file_name(cell_id)}.html"
        write_if_changed(target, write_number_page(found).encode())
        print(f"{target} shows the number, its sum and its persons; it never leaves the machine")
        return
    print(describe(found.cell, found.estimate, found.number, found.chain, found.build, found.ends))
    print(f"  each of the {found.compared:,} cells was read again in the received files, and holds what is listed")
    print("\n".join(f"  cells: {path}" for path in paths))


def _tell_person(person: str, build: Build, form: str) -> None:
    history = read_history(person, build)
    if form == HTML:
        from pipeline.audit.page import write_person_page

        target = build.derived / FOLDER / f"person_{history.person}.html"
        write_if_changed(target, write_person_page(history, build).encode())
        print(f"{target} shows the person's whole history; it never leaves the machine")
        return
    print(describe_history(history))


if __name__ == "__main__":
    sys.exit(main())
