"""The scales of the surveys: the short form in which scales.csv names their items, and which are asked again."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING

from pipeline.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


NUMBER = "number"  # the scoring of an item that may be any number; every other has whole ones
SCORINGS = ("sum", "value", NUMBER, "indicator")
FIRST_LINE = 2


def check_scales(path: str, scales: pd.DataFrame) -> None:
    """Raise InputError with file, line and column for a cell of scales.csv that its scoring cannot use, all at once.

    A scoring is one of SCORINGS, of which only a sum has several items; the ends of an item are numbers, as are the
    values of an indicator and the fewest answers of a sum; a variable and an item stand once.
    """
    faults, seen = list[str](), set[str]()
    for line, row in enumerate(scales.to_dict("records"), FIRST_LINE):
        items = item_names(row["items"]) if re.fullmatch(r"[^.]+(_[0-9]+[.][.][0-9]+)?", row["items"]) else []
        wrong = {
            "variable": row["variable"] in seen or not row["variable"],
            "items": not items or bool(seen & set(items)) or (len(items) > 1 and row["scoring"] != "sum"),
            "item_minimum": not _is_number(row["item_minimum"]),
            "item_maximum": not _is_number(row["item_maximum"]),
            "scoring": row["scoring"] not in SCORINGS,
            "indicator_values": not all(_is_on_scale(value, row) for value in row["indicator_values"].split())
            or (row["scoring"] == "indicator") != bool(row["indicator_values"].strip()),
            "minimum_answered": row["scoring"] == "sum"
            and row["minimum_answered"] not in map(str, range(1, len(items) + 1)),
            "followup": row["followup"] not in ("0", "1"),
        }
        faults += [f"line {line}, {column}: {row[column]!r}" for column, is_wrong in wrong.items() if is_wrong]
        seen |= {row["variable"], *items}
    if faults:
        raise InputError(
            f"{path}: {len(faults)} cells that cannot be: {'; '.join(faults[:10])}. scoring is one of "
            f"{', '.join(SCORINGS)}, and a sum alone has several items; ends are numbers, values numbers between them, "
            "minimum_answered is 1 to the number of items, followup is 0 or 1, a variable and an item stand once. Mend "
            "the cells."
        )


def _is_on_scale(value: str, row: Mapping[Hashable, str]) -> bool:
    """Whether a value is a number between the ends of its item, as far as these are numbers."""
    ends = [row["item_minimum"], row["item_maximum"]]
    return _is_number(value) and (not all(map(_is_number, ends)) or float(ends[0]) <= float(value) <= float(ends[1]))


def _is_number(text: str) -> bool:
    return re.fullmatch(r"-?[0-9]+([.][0-9]+)?", text) is not None


def item_names(items: str) -> list[str]:
    """The item columns behind the short form of scales.csv: 'X_1..3' is X_1, X_2, X_3; 'X' is itself."""
    if ".." not in items:
        return [items]
    first, last = items.split("..")
    stem, start = first.rsplit("_", 1)
    return [f"{stem}_{number}" for number in range(int(start), int(last) + 1)]


def asked_again(scales: pd.DataFrame | None) -> pd.DataFrame | None:
    """The scales that the follow-up survey asks again; None where there are no scales."""
    return None if scales is None else scales[scales["followup"] == "1"]
