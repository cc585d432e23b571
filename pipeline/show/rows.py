"""The rows of a table: those it lists, the risk factors of the dictionary, or the groups that the data have."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from pipeline.errors import InputError
from pipeline.settings.exhibits import RISK_FACTORS, SETTINGS_FILE, Column, Exhibits, Follow, Row, Table, fill

if TYPE_CHECKING:
    import pandas as pd

ALPHABET = "abcdefghijklmnopqrstuvwxyzæøå"
ALIKE = str.maketrans({"ä": "æ", "ö": "ø", "ü": "y", "é": "e", "è": "e", "ð": "d"}) | {ord("þ"): "th"}


def with_rows(
    exhibits: Exhibits,
    variables: pd.DataFrame,
    groups: pd.DataFrame | None,
    estimate_ids: Collection[str],
    horizon: int,
) -> Exhibits:
    """The exhibits with the rows of every table listed: what every stage that shows numbers works on.

    `groups` is groups.parquet; a group has a row where one of `estimate_ids`, those made or those shown, is of it. Rows
    of groups are in the order of the Danish alphabet. Without groups a table that follows them has its foot alone.
    InputError for a table that follows neither stratum nor cluster.
    """
    tables = {}
    for name, table in exhibits.tables.items():
        rows = table.rows
        if rows == RISK_FACTORS:
            rows = tuple(_risk_factor_rows(variables))
        elif isinstance(rows, Follow):
            rows = tuple(_group_rows(name, table, rows.follow, groups, estimate_ids, horizon))
        elif isinstance(rows, tuple) and any(panel.values for panel in table.panels):
            rows = tuple(_repeated_rows(table, rows, variables))
        tables[name] = msgspec.structs.replace(table, rows=rows)
    return replace(exhibits, tables=tables)


def listed_rows(table: Table) -> tuple[Row, ...]:
    """The rows of a table that lists them."""
    if isinstance(table.rows, tuple):
        return table.rows
    raise TypeError("the rows of the table are not listed: call with_rows first")


def _repeated_rows(table: Table, rows: tuple[Row, ...], variables: pd.DataFrame) -> Iterator[Row]:
    """Every row that names no panel in each panel with values: key `<panel>_<row>`, and {outcome} the row's own."""
    entries = {record["name"]: record for record in variables.to_dict("records")}
    for panel in table.panels:
        for row in rows:
            if not panel.values or row.panel:
                if row.panel == panel.key:
                    yield row
                continue
            entry = entries.get(row.key, {})
            yield msgspec.structs.replace(
                row,
                key=f"{panel.key}_{row.key}",
                panel=panel.key,
                label_en=row.label_en or entry.get("label_en", row.key),
                label_da=row.label_da or entry.get("label_da", row.key),
                values={"outcome": row.key, **panel.values, **row.values},
            )


def _risk_factor_rows(variables: pd.DataFrame) -> Iterator[Row]:
    """A row for each variable that the dictionary numbers as a risk factor, in that order."""
    factors = [record for record in variables.to_dict("records") if record["risk_factor"]]
    for record in sorted(factors, key=lambda record: int(record["risk_factor"])):
        yield Row(
            key=record["name"],
            label_en=record["label_en"],
            label_da=record["label_da"],
            unit=record["unit"],
            decimals=int(record["decimals"]) if record["decimals"] else None,
        )


def _group_rows(
    name: str, table: Table, grouping: str, groups: pd.DataFrame | None, estimate_ids: Collection[str], horizon: int
) -> Iterator[Row]:
    if groups is None:
        return
    own = groups[groups["grouping"] == grouping]
    if own.empty:
        known = ", ".join(dict.fromkeys(groups["grouping"])) or "none"
        raise InputError(
            f"{SETTINGS_FILE} [{name}]: its rows follow '{grouping}', which is neither stratum nor cluster of the "
            f"study. Those are: {known}."
        )
    labels = dict(zip(own["address"], own["label"], strict=True))
    for address, label in sorted(labels.items(), key=lambda item: danish_order(item[1])):
        row = Row(key=address, label_en=label, label_da=label)
        if any(table_estimate(table, row, column, horizon) in estimate_ids for column in table.columns):
            yield row


def table_estimate(table: Table, row: Row, column: Column, horizon: int) -> str:
    """The estimate that a column shows in a row; `horizon` is the week that {last_week} stands for."""
    week = {"last_week": str(horizon)}
    own = {name: fill(value, week) for name, value in {**column.values, **row.values}.items()}
    places = {"row": row.key, "column": column.key, **week, **own}
    return fill(row.estimate or column.estimate or table.estimate, places)


def danish_order(label: str) -> tuple[tuple[int, int, str], ...]:
    """A key to sort names by the Danish alphabet: aa is å, the last letter; a number in a name counts as a number."""
    parts = re.findall(r"\d+|\D", label.lower().translate(ALIKE).replace("aa", "å"))
    return tuple(
        (1, int(part), "") if part.isdecimal() else (2, ALPHABET.index(part), "") if part in ALPHABET else (0, 0, part)
        for part in parts
    )
