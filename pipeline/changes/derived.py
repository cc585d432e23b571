"""Which rows and cells of the derived tables differ, table by table and column by column."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pandas as pd

from pipeline.changes.counterfactual import LINES
from pipeline.changes.differences import ABSENT, Difference, Section
from pipeline.runner.schemas import build_schemas

NAMES_OF_COLUMNS = ("week_column", "month_column")  # y_1201 is Y_1201

if TYPE_CHECKING:
    from collections.abc import Collection

    from pipeline.changes.built import Built


def compare_derived(old: Built, new: Built, common: Collection[int]) -> Iterator[Section]:
    """Every table by its key; of tables with persons the rows of those whom both extracts have."""
    schemas = build_schemas(old.tables.keys() | old.derived.keys(), new.settings["variables"])
    for name in (*old.tables, *old.derived):
        first, second = (built.tables.get(name, built.derived.get(name)) for built in (old, new))
        if first is not None and second is not None:
            own = [_of(table, common) for table in (first, second)]
            yield _compare(name, list(schemas[name].key), *own)


def _of(table: pd.DataFrame, common: Collection[int]) -> pd.DataFrame:
    kept = table[table["person"].isin(list(common))] if "person" in table else table
    kept = kept.drop(columns=[name for name in kept.columns if name in LINES])
    return kept.assign(**{name: kept[name].str.casefold() for name in NAMES_OF_COLUMNS if name in kept})


def _compare(name: str, key: list[str], old: pd.DataFrame, new: pd.DataFrame) -> Section:
    both = old.merge(new, on=key, how="outer", suffixes=("_old", "_new"), indicator="side")
    alone = both["side"].value_counts()
    found = [
        Difference("rows", "", *sides, int(alone[side]))
        for side, sides in (("left_only", ("there", ABSENT)), ("right_only", (ABSENT, "there")))
        if alone[side]
    ]
    shared, columns = both[both["side"] == "both"], old.columns.intersection(new.columns).drop(key)
    for column in columns:
        first, second = shared[f"{column}_old"].astype(object), shared[f"{column}_new"].astype(object)
        differ = int(((first.notna() | second.notna()) & (first.notna() != second.notna())).sum())
        known = first.notna() & second.notna()
        differ += int((first[known] != second[known]).sum())
        if differ:
            found.append(Difference(column, "", "as it was", "another", differ))
    found += [
        Difference(str(column), "", *(("there", ABSENT) if column in old else (ABSENT, "there")), len(shared))
        for column in old.columns.symmetric_difference(new.columns)
    ]
    # What only one has counts as compared too, so that never more differs than was compared.
    alone_in_one = len(both) - len(shared) + len(shared) * len(old.columns.symmetric_difference(new.columns))
    compared = len(shared) * len(columns) + alone_in_one
    unit = f"cells of {len(shared)} rows in both, and rows in one"
    return Section(f"table {name}", compared, unit, sum(row.number for row in found), found)
