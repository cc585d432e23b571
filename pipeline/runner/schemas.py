"""What a derived table must look like, read from the dictionary variables.csv."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError
from pipeline.settings.scales import FIRST_LINE, NUMBER, item_names

if TYPE_CHECKING:
    import pandas as pd

NUMERIC = {"integer", "number"}
OWN_COLUMNS = Path(__file__).with_name("columns.csv")


@dataclass(frozen=True)
class Column:
    """One column of a derived table: its type, its bounds, and whether values, or all of it, may be missing.

    declared: the file and line that say so.
    """

    name: str
    type: str
    minimum: float | None
    maximum: float | None
    may_be_missing: bool
    is_optional: bool = False
    declared: str = OWN_COLUMNS.name


@dataclass(frozen=True)
class Schema:
    """The columns of one derived table in the dictionary's order, and its key."""

    table: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]


def build_schemas(
    tables: Iterable[str], variables: pd.DataFrame, scales: pd.DataFrame | None = None
) -> dict[str, Schema]:
    """The schema of each table: the columns that the pipeline gives it, the study's, and for raw answers its items.

    The pipeline's columns are those of columns.csv beside this module; `variables` is variables.csv of the study as
    text, of which a row replaces the pipeline's of its name; `scales` is its scales.csv, for the `*_items` tables.
    """
    lines = {name: f"variables.csv, line {line}" for line, name in enumerate(variables["name"], FIRST_LINE)}
    columns = every_column(variables)
    every = columns.assign(declared=columns["name"].map(lines).fillna(OWN_COLUMNS.name)).to_dict("records")
    return {table: _schema(table, every, scales) for table in tables}


def _schema(table: str, every: list[dict[Any, Any]], scales: pd.DataFrame | None) -> Schema:
    rows = [row for row in every if table in row["tables"].split()]
    columns = [_column(row) for row in rows]
    if scales is not None and table.endswith("_items"):
        columns += _item_columns(scales, followup=table.startswith("followup"))
    key = tuple(row["name"] for row in rows if table in row["key_of"].split())
    return Schema(table, tuple(columns), key)


def every_column(variables: pd.DataFrame) -> pd.DataFrame:
    """The columns of every derived table: the pipeline's own, each replaced by the study's of that name, and the rest.

    Columns of the dictionary that the pipeline's own have not are ''.
    """
    import pandas as pd

    own = pd.read_csv(OWN_COLUMNS, dtype=str, keep_default_na=False)
    own = own[~own["name"].isin(variables["name"])]
    return pd.concat([own, variables], ignore_index=True).fillna("")


def own_columns() -> list[dict[str, str]]:
    """The columns that the pipeline itself gives derived tables, as rows of columns.csv."""
    import csv

    with OWN_COLUMNS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def validate_table(frame: pd.DataFrame, schema: Schema) -> None:
    """Raise InputError if `frame` departs from its schema: columns, types, bounds, missing values or key.

    The message names table, column and counts, never a person's value.
    """
    expected = {column.name for column in schema.columns}
    needed = {column.name for column in schema.columns if not column.is_optional}
    unknown, absent = set(frame.columns) - expected, needed - set(frame.columns)
    if unknown:
        raise InputError(
            f"variables.csv: no row says what {len(unknown)} columns of the table {schema.table} are: "
            f"{', '.join(sorted(unknown))}. Add a row for each, with {schema.table} in its column tables; "
            "docs/study.md says which rows a study needs."
        )
    if absent:
        raise InputError(
            f"variables.csv: {len(absent)} rows name the table {schema.table}, which has no such column: "
            f"{', '.join(sorted(absent))}. Take {schema.table} out of their column tables, or the rows out."
        )
    for column in schema.columns:
        if column.name in frame:
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
        is_optional=row["optional"] == "1",
        declared=row["declared"],
    )


def _item_columns(scales: pd.DataFrame, followup: bool) -> list[Column]:
    asked = scales[scales["followup"] == "1"] if followup else scales
    return [
        Column(
            item,
            "number" if row["scoring"] == NUMBER else "integer",
            float(row["item_minimum"]),
            float(row["item_maximum"]),
            True,
        )
        for row in asked.to_dict("records")
        for item in item_names(row["items"])
    ]


def _is_text(values: pd.Series) -> bool:
    from pandas.api import types

    return types.is_object_dtype(values) or types.is_string_dtype(values) or values.dtype == "category"


def _validate_column(values: pd.Series, column: Column, table: str) -> None:
    from pandas.api import types

    place = f"table {table}, column {column.name}"
    matches = {
        "integer": types.is_integer_dtype,
        "number": types.is_numeric_dtype,
        "boolean": types.is_bool_dtype,
        "date": types.is_datetime64_any_dtype,
        "text": lambda series: (
            types.is_object_dtype(series) or types.is_string_dtype(series) or series.dtype == "category"
        ),
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
            raise InputError(
                f"{place}: {outside} values outside {column.minimum} to {column.maximum}. "
                f"Mend the bounds in {column.declared}, if values can lie there, or the stage."
            )
