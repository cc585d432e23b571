"""A number with a cell of the received files changed, exactly as a rebuild would give it and without one.

make trace ID=figure_3_3/all/sickness_benefit/45 SET="dream.csv,12,Y_1544,890"
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.audit.addresses import find_number, list_numbers, read_asked
from pipeline.audit.build import DATA, Build
from pipeline.audit.resampled import RESAMPLED, Resampling
from pipeline.audit.trace import trace
from pipeline.changes.cells import Cell, parse_cells
from pipeline.changes.moved import say_checks, say_moved, say_problem
from pipeline.changes.rebuilt import Received, read_files, require_as_received
from pipeline.errors import InputError, command
from pipeline.estimate.problem import Data, Estimator, gather_data
from pipeline.estimate.table import Address, parse_address
from pipeline.settings.models import Model
from pipeline.show.shown import COLUMNS, show_number

if TYPE_CHECKING:
    import pandas as pd

Row = Mapping[str, Any]
NUMBERS = ("estimate", "se", "df", "p_value", "ci_low", "ci_high", "control_mean")
COUNTS = ("n", "n_treated", "n_control", "n_clusters")


@dataclass(frozen=True)
class Changed:
    """A build with some cells of its received files changed, as a rebuild would be.

    cells: each with what it held before and whose it is. derived: every derived table by name; data: what estimation
    reads of them. checks: the table checks.csv before and after.
    """

    cells: Sequence[tuple[Cell, str, int]]
    derived: Mapping[str, pd.DataFrame]
    data: Data
    checks: tuple[str, str]


@dataclass(frozen=True)
class WhatIf:
    """A number before and after.

    cell: the number as shown; before, after: its estimate, after None if no model makes it then; value, text: as it
    would be shown. moved: a line each thing that moved on the way from the cells to the number, and on whom it rests;
    checks: what the checks of the delivery say otherwise.
    """

    cell: Row
    before: Row
    after: Row | None
    value: float
    text: str
    moved: Sequence[str]
    checks: Sequence[str]


class Start(NamedTuple):
    """The extract as received, and the table checks.csv that it gives."""

    received: Received
    checks: str


def read_start(build: Build) -> Start:
    """Where a what-if begins; InputError for a build whose tables are not what its stages make of what was received."""
    received = read_files(build)
    before, checks = received.build()
    require_as_received(before, build)
    return Start(received, checks)


def change_cells(cells: Sequence[Cell], start: Start, build: Build) -> Changed:
    """Run the stages that a build runs in memory, on the files as received with the cells changed.

    Raises InputError for a cell that no number rests on, and for one with which the checks would refuse the delivery.
    """
    received, told = start.received, []
    for cell in cells:
        person = received.person_of(cell)
        received, before = received.with_cell(cell)
        told.append((cell, before, person))
    try:
        derived, checks = received.build()
    except InputError as error:
        raise InputError(
            f"SET: with {'these cells' if len(cells) > 1 else 'this cell'} the checks would refuse the delivery, so "
            f"there is no such number. {error}"
        ) from error
    data = gather_data({name: derived[name] for name in DATA}, build.study, received.settings["variables"])
    return Changed(told, derived, data, (start.checks, checks))


def what_if(cell_id: str, changed: Changed, build: Build) -> WhatIf:
    """The number at an address with cells changed: its model is estimated as a build does, so to the last bit.

    Raises InputError for a number that a trace would not give back.
    """
    shown = trace(cell_id, build).cell
    address, before = parse_address(shown["estimate_id"]), build.estimates[shown["estimate_id"]][1]
    request = build.request(address)
    after = estimate_rows(request.model, request.estimator, changed.data).get(address)
    now = next(iter(request.estimator.problems(request.model, changed.data, address)), None)
    if shown["statistic"] in RESAMPLED and after is not None:
        then = replace(request, problem=now)
        after = {**after, shown["statistic"]: Resampling(changed.data).value(shown["statistic"], then)}
    value, text = show_after(shown, after, build)
    moved = [*say_moved(build, changed.derived, address), *say_problem(request.problem, now)]
    return WhatIf(shown, before, after, value, text, moved, say_checks(*changed.checks))


def estimate_rows(model: Model, estimator: Estimator, data: Data) -> dict[Address, Row]:
    """The estimates of a whole model by their address, as a build estimates them."""
    rows = (row for problem in estimator.problems(model, data, None) for row in estimator.rows(problem))
    return {parse_address(row.estimate_id): asdict(row) for row in rows}


def show_after(shown: Row, after: Row | None, build: Build) -> tuple[float, str]:
    """The value and the text of a number shown, of the estimate that it is then; "nothing" of none."""
    if after is None:
        return math.nan, "nothing"
    known = {name: math.nan if value is None else value for name, value in after.items()}
    row = show_number(build.slots[shown["cell_id"]], known, build.study.inference.stars, build.language)
    told = dict(zip(COLUMNS, row, strict=True))
    return float(told["value"]), str(told["text"])  # type: ignore[arg-type]


def describe(found: WhatIf, changed: Changed) -> str:
    """A what-if as text: the cells, the number before and after, its estimate, what moved, and the checks."""
    lines = [f"WHAT IF   {cell.file}, line {cell.line}, column {cell.column}: {before or '(empty)'} -> "
             f"{cell.value or '(empty)'}   (person {person})" for cell, before, person in changed.cells]  # fmt: skip
    after = found.after or {}
    lines += ["", f"NUMBER    {found.cell['cell_id']}", f"  as shown            {found.cell['text']} -> {found.text}"]
    lines += [_compare("value", found.cell["value"], found.value)]
    lines += ["", f"ESTIMATE  {found.cell['estimate_id']}"]
    lines += [_compare(name, found.before[name], after.get(name)) for name in (*NUMBERS, *COUNTS)
              if _is_number(found.before[name]) or _is_number(after.get(name))]  # fmt: skip
    if after.get("note", "") != found.before["note"]:
        lines.append(f"  note                {found.before['note'] or 'none'} -> {after.get('note') or 'none'}")
    for title, told in (("MOVED", found.moved), ("CHECKS", found.checks)):
        lines += ["", title, *(f"  {line}" for line in told)]
    return "\n".join(lines)


def _compare(name: str, before: Any, after: Any) -> str:
    first, second = (float(value) if _is_number(value) else None for value in (before, after))
    texts = ["missing" if value is None else f"{value:.12g}" for value in (first, second)]
    if first is None or second is None:
        return f"  {name:<20}{texts[0]} -> {texts[1]}"
    if first == second:
        return f"  {name:<20}{texts[0]}   (the same to the last bit)"
    return f"  {name:<20}{texts[0]} -> {texts[1]}   difference {second - first:+.6g}"


def _is_number(value: Any) -> bool:
    try:
        return value is not None and float(value) == float(value)
    except TypeError:  # the missing value of the table's integers
        return False


@command
def main() -> None:
    """Print what the number ID of the environment would be with the cells SET."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.changes.whatif", description=__doc__)
    parser.add_argument("--raw", type=Path, required=True)
    parser.add_argument("--derived", type=Path, required=True)
    parser.add_argument("--settings", type=Path, default=Path("config"))
    arguments = parser.parse_args()
    if os.environ.get("FORMAT") or os.environ.get("PERSON"):
        raise InputError("trace: SET is told as text, and of a number: leave out FORMAT and PERSON.")
    build = Build(arguments.raw, arguments.derived, arguments.settings)
    cell_id = read_asked("ID")
    if count := len(list_numbers(cell_id, build)):
        raise InputError(
            f"trace: SET is told of one number, and ID={cell_id} names {count}. Leave SET out to list them."
        )
    find_number(cell_id, build)  # before the stages run
    cells = parse_cells(os.environ.get("SET", ""))
    changed = change_cells(cells, read_start(build), build)
    print(describe(what_if(cell_id, changed, build), changed))


if __name__ == "__main__":
    sys.exit(main())
