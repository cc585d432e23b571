"""Checks on the cells of a received file: numbers, dates, names and closed lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.register.readers import check_key, refuse_cells

if TYPE_CHECKING:
    from collections.abc import Collection

    import pandas as pd


def parse_persons(frame: pd.DataFrame, key: str) -> pd.Series:
    """The persons' keys as integers, each of them once."""
    refuse_cells(frame, key, ~frame[key].str.fullmatch(r"[0-9]{1,9}"), "is no whole number", "Mend the cell.")
    persons = frame[key].astype("int64")
    check_key(frame, key, persons)
    return persons


def parse_dates(frame: pd.DataFrame, column: str, given: pd.Series | None = None) -> pd.Series:
    """The dates of a column; `given` marks the lines that must have one, all of them unless told."""
    import pandas as pd

    dates = pd.to_datetime(frame[column], format="%Y-%m-%d", errors="coerce")
    wrong = dates.isna() if given is None else dates.isna() & given
    refuse_cells(frame, column, wrong, "is no date of the form yyyy-mm-dd", "Mend the cell.")
    return dates


def refuse_other(frame: pd.DataFrame, column: str, allowed: Collection[str]) -> None:
    """Raise InputError for a cell that is none of the allowed texts."""
    fault = f"is none of {', '.join(sorted(allowed))}"
    refuse_cells(frame, column, ~frame[column].isin(list(allowed)), fault, "Mend the cell.")
