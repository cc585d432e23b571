"""The stored derived tables beside those that the plain programs make of the received files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.verify.agreement import NONE, Agreement
from pipeline.verify.plain.derive import NOBODY, TABLES, derive, read_settings
from pipeline.verify.plain.received import UnreadableError

if TYPE_CHECKING:
    import pandas as pd

ROUNDING = 1e-12  # both divide whole numbers; a score adds up to 30 answers in another order
# Of a table the columns that both have, all of them but the key and what is left out here with the reason.
KEYS = {"person", "week", "outcome"}
LEFT = {
    "trial": {"consent": "is told by who is left out", "register_line": "is that of the first week"},
    "weekly": {"wage_line": "is told by the line of the month's file"},
}
Key = tuple[int, str, int | None]
Values = Mapping[Key, float | str | None]


def compare_derived(raw: Path, settings: Path, derived: Path) -> list[Agreement]:
    """A count for each derived table; a value that only one route has disagrees."""
    second: dict[str, dict[Key, float | str | None]] = {}
    try:
        for cell in derive(raw, read_settings(settings)):
            second.setdefault(cell.table, {})[cell.person, cell.column, cell.week] = cell.value
    except UnreadableError as error:
        found = Agreement("derived tables")
        found.leave(f"tables: {error}")
        return [found]
    return [_compare(table, second.get(table, {}), derived) for table in TABLES]


def _compare(table: str, cells: Values, derived: Path) -> Agreement:
    import pandas as pd

    stored = pd.read_parquet(derived / f"{table}.parquet")
    found, rest = Agreement(f"{table}.parquet", ROUNDING, is_personal=True), dict(cells)
    found.may_be_empty = stored.empty or not set(stored) - KEYS
    for key, value in _cells(table, stored):
        found.count(key, value, rest.pop(key, NONE))
    for key, value in rest.items():
        found.count(key, NONE, value)
    return found


def _cells(table: str, stored: pd.DataFrame) -> Iterator[tuple[Key, object]]:
    """Every value of a stored table, in the form in which the second route has it."""
    if table == "groups":
        for row in stored.to_dict("records"):
            yield (NOBODY, f"{row['grouping']} {row['address']}", None), row["label"]
        return
    persons = stored["person"].tolist()
    weeks = stored["week"].tolist() if "week" in stored else [None] * len(stored)
    outcomes = stored["outcome"].tolist() if "outcome" in stored else []
    for column in stored:
        name = str(column)
        if name in KEYS or name in LEFT.get(table, {}):
            continue
        columns = (
            outcomes if table == "shares" else [f"{outcome} {name}" for outcome in outcomes] or [name] * len(stored)
        )
        yield from zip(zip(persons, columns, weeks, strict=True), _plain(stored[column]), strict=True)


def _plain(column: pd.Series) -> list[object]:
    """The values of a column, None for a missing one, a date as text and a truth as 1 or 0."""
    if column.dtype.kind == "M":
        column = column.dt.strftime("%Y-%m-%d")
    values = [int(value) if isinstance(value, bool) else value for value in column.tolist()]
    return [None if missing else value for value, missing in zip(values, column.isna(), strict=True)]
