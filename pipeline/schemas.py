"""What a derived table must look like, read from the dictionary config/variables.csv."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

NUMERIC = {"integer", "number"}


@dataclass(frozen=True)
class Column:
    """One column of a derived table: its type, its bounds, and whether it may be missing."""

    name: str
    type: str
    minimum: float | None
    maximum: float | None
    may_be_missing: bool


@dataclass(frozen=True)
class Schema:
    """The columns of one derived table in the dictionary's order, and its key."""

    table: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]


def build_schema(table: str, variables: pd.DataFrame, scales: pd.DataFrame | None = None) -> Schema:
    """The schema of `table`: the rows of the dictionary that name it, and for raw answers the items of the scales.

    `variables` is config/variables.csv as text; `scales` is config/scales.csv, needed for the `*_items` tables only.
    """
    rows = [row for row in variables.to_dict("records") if table in row["tables"].split()]
    columns = [_column(row) for row in rows]
    if scales is not None and table.endswith("_items"):
        columns += _item_columns(scales, followup=table.startswith("followup"))
    key = tuple(row["name"] for row in rows if table in row["key_of"].split())
    return Schema(table, tuple(columns), key)


def item_names(items: str) -> list[str]:
    """The item columns behind the short form of config/scales.csv: 'X_1..3' is X_1, X_2, X_3; 'X' is itself."""
    if ".." not in items:
        return [items]
    first, last = items.split("..")
    stem, start = first.rsplit("_", 1)
    return [f"{stem}_{number}" for number in range(int(start), int(last) + 1)]


def validate_table(frame: pd.DataFrame, schema: Schema) -> None:
    """Raise InputError if `frame` departs from its schema: columns, types, bounds, missing values or key.

    The message names table, column and counts, never a person's value.
    """
    expected = [column.name for column in schema.columns]
    unknown, absent = set(frame.columns) - set(expected), set(expected) - set(frame.columns)
    if unknown or absent:
        raise InputError(
            f"table {schema.table}: columns missing {sorted(absent)}, columns not in config/variables.csv "
            f"{sorted(unknown)}. Add each new column to the dictionary, or mend the stage."
        )
    for column in schema.columns:
        _validate_column(frame[column.name], column, schema.table)
    if schema.key and frame.duplicated(list(schema.key)).any():
        count = int(frame.duplicated(list(schema.key)).sum())
        raise InputError(f"table {schema.table}: {count} rows repeat the key {', '.join(schema.key)}. Mend the stage.")


def _column(row: dict[Any, Any]) -> Column:
    return Column(
        name=row["name"],
        type=row["type"],
        minimum=float(row["minimum"]) if row["minimum"] else None,
        maximum=float(row["maximum"]) if row["maximum"] else None,
        may_be_missing=row["missing"] != "never",
    )


def _item_columns(scales: pd.DataFrame, followup: bool) -> list[Column]:
    asked = scales[scales["followup"] == "1"] if followup else scales
    return [
        Column(item, "integer", float(row["item_minimum"]), float(row["item_maximum"]), True)
        for row in asked.to_dict("records")
        for item in item_names(row["items"])
    ]


def _validate_column(values: pd.Series, column: Column, table: str) -> None:
    from pandas.api import types

    place = f"table {table}, column {column.name}"
    matches = {
        "integer": types.is_integer_dtype,
        "number": types.is_numeric_dtype,
        "boolean": types.is_bool_dtype,
        "date": types.is_datetime64_any_dtype,
        "text": lambda series: types.is_object_dtype(series) or types.is_string_dtype(series),
    }
    if not matches[column.type](values):
        raise InputError(f"{place}: type {values.dtype}, expected {column.type}. Mend the stage or the dictionary.")
    missing = int(values.isna().sum())
    if missing and not column.may_be_missing:
        raise InputError(f"{place}: {missing} missing values where none may be. Mend the stage or the dictionary.")
    if column.type in NUMERIC:
        outside = 0
        if column.minimum is not None:
            outside += int((values < column.minimum).sum())
        if column.maximum is not None:
            outside += int((values > column.maximum).sum())
        if outside:
            raise InputError(f"{place}: {outside} values outside {column.minimum} to {column.maximum}. Mend the stage.")
