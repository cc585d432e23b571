"""The stored derived tables beside those that the plain programs make of the received files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.verify.agreement import NONE, Agreement
from pipeline.verify.plain.derive import derive, read_settings

if TYPE_CHECKING:
    import pandas as pd

ROUNDING = 1e-12  # both divide whole numbers; a score adds up to 30 answers in another order
Key = tuple[int, str, int | None]


def compare_derived(raw: Path, settings: Path, derived: Path) -> list[Agreement]:
    """A count for each derived table; a value that only one route has disagrees."""
    second: dict[str, dict[Key, float | str | None]] = {}
    for cell in derive(raw, read_settings(settings)):
        second.setdefault(cell.table, {})[cell.person, cell.column, cell.week] = cell.value
    return [_compare(table, cells, derived) for table, cells in second.items()]


def _compare(table: str, cells: Mapping[Key, float | str | None], derived: Path) -> Agreement:
    import pandas as pd

    found, rest = Agreement(f"{table}.parquet", ROUNDING, is_personal=True), dict(cells)
    stored = pd.read_parquet(derived / f"{table}.parquet")
    columns = {column for _, column, _ in cells}
    for key, value in _cells(table, stored, columns):
        found.count(" ".join(str(part) for part in key if part is not None), value, rest.pop(key, NONE))
    for key in rest:
        found.count(" ".join(str(part) for part in key if part is not None), NONE, rest[key])
    return found


def _cells(table: str, stored: pd.DataFrame, columns: Iterable[str]) -> Iterable[tuple[Key, object]]:
    """Every value of a stored table that the second route makes too."""
    persons = stored["person"].tolist()
    if table == "shares":
        keys = zip(persons, stored["outcome"], stored["week"].tolist(), strict=True)
        yield from zip(keys, stored["share"].tolist(), strict=True)
    elif table == "durations":
        for ending in ("weeks", "exited"):
            values = stored[ending].astype(int).tolist()
            yield from (
                ((p, f"{o} {ending}", None), v) for p, o, v in zip(persons, stored["outcome"], values, strict=True)
            )
    else:
        weeks = stored["week"].tolist() if "week" in stored else [None] * len(stored)
        for column in sorted(columns):
            if column in stored:
                values = _plain(stored[column])
                yield from (((p, column, w), v) for p, w, v in zip(persons, weeks, values, strict=True))


def _plain(column: pd.Series) -> list[object]:
    """The values of a column, None for a missing one."""
    return [None if missing else value for value, missing in zip(column.tolist(), column.isna(), strict=True)]
