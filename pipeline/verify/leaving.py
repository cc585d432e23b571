"""What must leave of a number, by another program than the one that makes it: its text, and what value that shows."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pipeline.verify.plain.exhibits import Expected
from pipeline.verify.plain.writing import MONTHS, UNITS, machine_text, text_of

Row = Mapping[Any, Any]
EPOCH = datetime.date(1970, 1, 1)


def leave(row: Row, own: Expected, judged: Mapping[str, Any], mark: str, began: float, language: str) -> Expected:
    """What must stand in the place of a number; `own` is the number as it is, `row` that of released.parquet.

    `judged` are the facts of judged.json, `mark` is what a withheld number leaves, `began` how many began the
    curve that the number is a point of. Where control is not applied, and by no rule, a number leaves as it is.
    """
    unit, value, rule = row["unit"], own.value, row["rule"]
    if not judged["applied"] or not rule:
        return own._replace(kept=kept(own.machine, unit))
    bounds = judged["bounds"]
    if row["status"] == "fail":
        return own._replace(text=mark, machine=mark, kept="")
    if rule == "day_of_one":
        day = EPOCH + datetime.timedelta(days=math.floor(value))
        text = f"{MONTHS[language].split()[day.month - 1]} {day.year}"
        return own._replace(text=text, machine=f"{day.year}-{day.month:02d}", kept="")
    if rule == "coarse_curve":
        is_count = row["statistic"] == "at_risk"
        gone = began - value if is_count else began * (1 - value)
        whole = nearest(began, bounds["base"])
        value = (whole - nearest(gone, bounds["curve_base"])) / (1 if is_count else whole)
    decimals = bounds["density_decimals"] if rule == "coarse_height" else None
    if rule == "rounded":
        unit, value = "count", nearest(value, bounds["base"])
    machine = machine_text(value, unit, decimals)
    return own._replace(text=text_of(value, unit, decimals, language), machine=machine, kept=kept(machine, unit))


def nearest(count: float, base: int) -> float:
    """The nearest multiple, a number half-way up."""
    return math.floor(round(count, 6) / base + 0.5) * float(base)


def kept(machine: str, unit: str) -> str:
    """The number that a text for machines shows, in the unit in which it is kept, to ten digits."""
    if machine == "":
        return ""
    if unit == "date":
        return str((datetime.date.fromisoformat(machine) - EPOCH).days)
    return f"{float(Decimal(machine).scaleb(-UNITS[unit].shift)):.10g}"
