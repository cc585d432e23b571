"""The number that the report prints beside a number shown, and the erratum that touches it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def describe_printed(compared: pd.DataFrame | None, errata: pd.DataFrame | None, language: str) -> dict[str, Any]:
    """By address [printed, whether it is met, units of the last digit, errata]; and each erratum's reason by its name.

    Where no number could be rebuilt there are no units.

    `compared` is table_published.csv and `errata` errata.csv, all text; without them nothing is printed.
    """
    if compared is None:
        return {"numbers": {}, "errata": {}}
    numbers: dict[str, list[list[Any]]] = {}
    for row in compared[compared["address"] != ""].to_dict("records"):
        told = [row["printed"], row["met"] == "true", row["distance_units"], row["erratum"].split()]
        numbers.setdefault(row["address"], []).append(told)
    reasons: dict[str, str] = {}
    if errata is not None:
        for name, reason in zip(errata["erratum"], errata[f"reason_{language}"], strict=True):
            reasons.setdefault(name, reason)  # the first line of an erratum has its reason
    return {"numbers": numbers, "errata": reasons}
