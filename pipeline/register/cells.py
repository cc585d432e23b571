"""Checks on the cells of a received file: names, dates and closed lists."""

from __future__ import annotations

import datetime
import re
from collections import Counter
from typing import TYPE_CHECKING

from pipeline.errors import InputError
from pipeline.names import canonical, slug
from pipeline.register.readers import refuse_cells
from pipeline.register.shown import show_name

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import pandas as pd

ISO = "yyyy-mm-dd"
ORDERS = {"dd-mm-yyyy": "%d-%m-%Y", "mm-dd-yyyy": "%m-%d-%Y"}
# The day from which a package counts days, or seconds where the number is too great to be days.
ORIGINS = {
    "excel": datetime.date(1899, 12, 30),
    "excel-1904": datetime.date(1904, 1, 1),
    "sas": datetime.date(1960, 1, 1),
    "spss": datetime.date(1582, 10, 14),
}
MOST_DIGITS = 12
WHOLE = re.compile(rf"[0-9]{{5,{MOST_DIGITS}}}")  # fewer digits are a year, or a day before any that a study has
SECONDS_OF_A_DAY = 86_400
MIDNIGHT = r"[ T]00:00(:00([.]0+)?)?$"
WITH_TIME = re.compile(r".*\d[ T]\d{1,2}:\d{2}.*")
WITH_FRACTION = re.compile(r"\d{5,6}[.,]\d+")
MOST_DAYS = 1_000_000


def parse_names(frame: pd.DataFrame, column: str, spellings: Mapping[str, str]) -> pd.Series:
    """The names of a column in their canonical form, each of the declared `spellings` replaced by its name.

    Raises InputError for a declared spelling that no cell has, and for two names with one address: they are spellings
    of one name, which only somebody who knows the places can tell, or would be one group under one address.
    """
    names = frame[column].map({cell: canonical(cell) for cell in frame[column].unique()})
    declared = {canonical(other): canonical(name) for other, name in spellings.items()}
    idle = sorted(set(declared) - set(names))
    if idle:
        raise InputError(
            f"extract.toml, [spellings] {column}: {show_name(idle[0])} ({len(idle)} spellings) is in no cell of that "
            f"column of {frame.attrs['path']}. Mend the spelling, or take it out."
        )
    names = names.map(lambda name: declared.get(name, name))
    _require_addresses(frame, column, names)
    return names


def _require_addresses(frame: pd.DataFrame, column: str, names: pd.Series) -> None:
    counts = Counter(names[names != ""])
    ordered = sorted(counts, key=lambda name: (-counts[name], name.islower()))  # of two as frequent that with a capital
    usual: dict[str, str] = {}
    doubles = [(usual[slug(name)], name) for name in ordered if usual.setdefault(slug(name), name) != name]
    if not doubles:
        return
    kept, other = doubles[0]
    shown, wanted = show_name(other), show_name(kept)
    raise InputError(
        f"{frame.attrs['path']}, line {names.index[names == other][0]}, column {column}: {shown} ({counts[other]} "
        f"lines) beside {wanted} ({counts[kept]} lines) would be one address, {slug(kept)} ({len(doubles)} such "
        f"spellings). If they are one, put {shown} = {wanted} under [spellings.{column}] in extract.toml; if not, give "
        "one of them another name there."
    )


def parse_dates(frame: pd.DataFrame, column: str, given: pd.Series | None = None) -> pd.Series:
    """The dates of a column; `given` marks the lines that must have one, all of them unless told.

    They are written as yyyy-mm-dd, or as the file is said to write them: `dates` of it in extract.toml. A time of day
    other than midnight is no date: in another zone it is another day.
    """
    written = frame.attrs.get("dates", ISO)
    dates = read_dates(frame[column], written)
    wrong = dates.isna() if given is None else dates.isna() & given
    timed = wrong & frame[column].map({cell: _has_time(cell, written) for cell in frame[column].unique()}).astype(bool)
    plain = "Ask for, or write, plain dates yyyy-mm-dd: around midnight a time of another zone is of another day."
    refuse_cells(frame, column, timed, "has a time of day or a zone, and is no plain date", plain)
    remedy = "Mend the cell, or say under dates in extract.toml how it is meant."
    refuse_cells(frame, column, wrong, "is no date of the form yyyy-mm-dd", remedy)
    return dates


def read_dates(cells: pd.Series, written: str = ISO) -> pd.Series:
    """The dates that text cells are, written as yyyy-mm-dd or as `written`, missing for a cell that is none."""
    import pandas as pd

    cells = cells.str.replace(MIDNIGHT, "", regex=True)
    dates = pd.to_datetime(cells, format="%Y-%m-%d", errors="coerce")
    if written in ORDERS:
        plain = cells.str.replace(r"[./]", "-", regex=True)
        return dates.fillna(pd.to_datetime(plain, format=ORDERS[written], errors="coerce"))
    return dates.fillna(_count_from(ORIGINS[written], cells)) if written in ORIGINS else dates


def _count_from(origin: datetime.date, cells: pd.Series) -> pd.Series:
    """The dates of whole numbers of days, or of seconds, from a day on."""
    import pandas as pd

    known = {cell: _day(origin, int(cell)) for cell in cells.unique() if WHOLE.fullmatch(cell)}
    return pd.to_datetime(cells.map(known), errors="coerce")


def _has_time(cell: str, written: str) -> bool:
    """Whether a cell is a date with a time: in words, or as a fraction of a day or seconds beyond whole days."""
    if written not in ORIGINS:
        return bool(WITH_TIME.fullmatch(cell))
    is_seconds = bool(WHOLE.fullmatch(cell)) and int(cell) > MOST_DAYS
    return bool(WITH_TIME.fullmatch(cell) or WITH_FRACTION.fullmatch(cell) or is_seconds)


def _day(origin: datetime.date, number: int) -> datetime.date | None:
    if number > MOST_DAYS and number % SECONDS_OF_A_DAY:
        return None
    days = number if number <= MOST_DAYS else number // SECONDS_OF_A_DAY
    try:
        return origin + datetime.timedelta(days=days)
    except OverflowError:
        return None


def refuse_other(frame: pd.DataFrame, column: str, allowed: Collection[str]) -> None:
    """Raise InputError for a cell that is none of the allowed texts, of which '' is a blank."""
    fault = f"is none of {', '.join(sorted(filter(None, allowed)))}" + (" or blank" if "" in allowed else "")
    refuse_cells(frame, column, ~frame[column].isin(list(allowed)), fault, "Mend the cell.")
