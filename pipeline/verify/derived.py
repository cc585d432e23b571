"""The stored derived tables beside those that the plain programs make of the received files."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.pseudonyms.keys import read_key
from pipeline.verify.agreement import NONE, Agreement
from pipeline.verify.plain.derive import EVERYTHING, NOBODY, TABLES, Wanted, derive, read_settings
from pipeline.verify.plain.received import UnreadableError

if TYPE_CHECKING:
    import pandas as pd

ROUNDING = 1e-12  # both divide whole numbers; a score adds up to 30 answers in another order
# Of a table the columns that both have, all of them but the key and what is left out here with the reason.
KEYS = {"person", "week", "outcome"}
LEFT = {
    "trial": {"register_line": "is that of the first week"},
    "weekly": {"wage_line": "is told by the line of the month's file"},
    "register_weeks": {"wage_line": "is told by the line of the month's file"},
}
Key = tuple[int, str, int | None]
Values = Mapping[Key, float | str | None]


def compare_derived(raw: Path, settings: Path, derived: Path) -> list[Agreement]:
    """A count for each derived table; a value that only one route has disagrees."""
    import pandas as pd

    try:
        second = make_second(raw, settings)
    except UnreadableError as error:
        found = Agreement("derived tables")
        found.leave(f"tables: {error}")
        return [found]
    every = []
    for table in TABLES:
        stored = pd.read_parquet(derived / f"{table}.parquet")
        found = Agreement(f"{table}.parquet", ROUNDING, is_personal=True)
        found.may_be_empty = stored.empty or not set(stored) - KEYS
        compare_table(table, stored, second.get(table, {}), partial(_same, found))
        every.append(found)
    return every


def _same(found: Agreement, _: str) -> Agreement:
    return found


def make_second(raw: Path, settings: Path, wanted: Wanted = EVERYTHING) -> dict[str, dict[Key, float | str | None]]:
    """By table every value that the plain programs make of the received files, by person, column and week."""
    second: dict[str, dict[Key, float | str | None]] = {}
    facts = tomllib.loads((raw / "extract.toml").read_text(encoding="utf-8"))
    secret = read_key(facts["name"], facts.get("key_digest", ""), facts.get("public_key", ""))
    for cell in derive(raw, read_settings(settings), secret, wanted):
        second.setdefault(cell.table, {})[cell.person, cell.column, cell.week] = cell.value
    return second


def compare_table(
    table: str,
    stored: pd.DataFrame,
    second: Values,
    kind_of: Callable[[str], Agreement],
    wanted: Wanted = EVERYTHING,
) -> None:
    """Count every value of a stored table and of the second route in the Agreement of its column.

    `stored` holds the wanted rows alone.
    """
    rest = dict(second)
    for column, cells in _columns(table, stored, wanted):
        found = kind_of(column)
        for key, value in cells:
            found.count(key, value, rest.pop(key, NONE))
    for key, value in rest.items():
        kind_of(key[1]).count(key, NONE, value)


def _columns(table: str, stored: pd.DataFrame, wanted: Wanted) -> Iterator[tuple[str, Iterator[tuple[Key, object]]]]:
    """Every column of a stored table with its values, in the form in which the second route has them."""
    if table == "groups":
        for row in stored.to_dict("records"):
            yield row["grouping"], iter([((NOBODY, f"{row['grouping']} {row['address']}", None), row["label"])])
        return
    persons = stored["person"].tolist()
    weeks = stored["week"].tolist() if "week" in stored else [None] * len(stored)
    outcomes = stored["outcome"].tolist() if "outcome" in stored else []
    for column in map(str, stored):
        if column in KEYS or column in LEFT.get(table, {}) or not (outcomes or wanted.has(table, column)):
            continue
        names = outcomes if table == "shares" else [f"{outcome} {column}" for outcome in outcomes]
        keys = zip(persons, names or [column] * len(stored), weeks, strict=True)
        yield column, zip(keys, _plain(stored[column]), strict=True)


def _plain(column: pd.Series) -> list[object]:
    """The values of a column, None for a missing one, a date as text and a truth as 1 or 0."""
    if column.dtype.kind == "M":
        column = column.dt.strftime("%Y-%m-%d")
    values = [int(value) if isinstance(value, bool) else value for value in column.tolist()]
    return [None if missing else value for value, missing in zip(values, column.isna(), strict=True)]
