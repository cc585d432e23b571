"""The scales of the surveys: the short form in which scales.csv names their items, and which are asked again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


NUMBER = "number"  # the scoring of an item that may be any number; every other has whole ones


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
