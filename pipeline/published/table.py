"""The comparison as a table for machines: a line for every printed number, in the order of the report."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable

from pipeline.cells import write_lines
from pipeline.published.comparison import Comparison
from pipeline.published.targets import TARGET
from pipeline.show.numbers import EPOCH

COLUMNS = (
    "exhibit",
    "panel",
    "row",
    "column",
    "statistic",
    "printed",
    "value",
    "rebuilt",
    "target",
    "met",
    "distance_units",
    "distance_se",
    "erratum",
    "state",
    "address",
)
STATES = {"met": "as printed", "differs": "differs", "unknown": "not rebuilt", "absent": "no counterpart"}
DIGITS = 6


def write_csv(compared: Iterable[Comparison]) -> str:
    """The table for machines: decimal point, ISO dates, true and false, and nothing where nothing is known."""
    rows = [
        [
            *row.number.place,
            row.number.text,
            row.number.value,
            write_rebuilt(row),
            _truth(row.role == TARGET),
            _truth(row.is_met),
            _digits(row.distance_units),
            _digits(row.distance_se),
            " ".join(dict.fromkeys(erratum.name for erratum in row.errata)),
            STATES[row.state],
            row.cell_id,
        ]
        for row in compared
    ]
    return write_lines([COLUMNS, *rows])


def write_rebuilt(row: Comparison) -> str:
    """The rebuilt number to six digits in the printed unit, a date in ISO form, or nothing."""
    if not (row.number.is_date and row.is_known):
        return _digits(row.rebuilt)
    return (EPOCH + datetime.timedelta(days=math.floor(row.rebuilt))).isoformat()


def _digits(value: float) -> str:
    return f"{value + 0.0:.{DIGITS}g}" if math.isfinite(value) else ""


def _truth(value: bool) -> str:
    return "true" if value else "false"
