"""The numbers the report prints beside the rebuilt ones: a table of every one, and the page that sums them up."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline.config import Extract, Language, Study
from pipeline.published.comparison import Cell, compare_all
from pipeline.published.errata import read_errata
from pipeline.published.places import CellPlace, Locator, read_printed
from pipeline.published.targets import read_roles
from pipeline.render.published_csv import write_csv

if TYPE_CHECKING:
    import pandas as pd


def run(
    tables: pd.DataFrame,
    errata: pd.DataFrame,
    published_rows: pd.DataFrame,
    published_columns: pd.DataFrame,
    cells: pd.DataFrame,
    published: Mapping[str, Any],
    exhibits: Mapping[str, Any],
    variables: pd.DataFrame,
    study: Study,
    extract: Extract,
    language: Language,
    targets: pd.DataFrame | None = None,
    **estimates: pd.DataFrame,
) -> dict[str, str]:
    """table_published.csv and published.html. Without `targets` the page is the replication report of an extract."""
    numbers = read_printed(tables.to_dict("records"))
    compared = compare_all(
        numbers,
        Locator(published_rows.to_dict("records"), published_columns.to_dict("records")),
        index_cells(cells, estimates),
        read_errata(errata.to_dict("records")),
        read_roles(targets.to_dict("records"), numbers) if targets is not None else {},
        study.inference.stars,
    )
    return {"table_published.csv": write_csv(compared)}


def index_cells(cells: pd.DataFrame, estimates: dict[str, pd.DataFrame]) -> dict[CellPlace, Cell]:
    """The cells of the tables by their place, each with the standard error and p-value of its estimate."""
    errors = {
        name: (float(se), float(p_value))
        for table in estimates.values()
        for name, se, p_value in zip(table["estimate_id"], table["se"], table["p_value"], strict=True)
    }
    shown = cells[cells["exhibit"].str.startswith("table_")]
    return {
        CellPlace(row["exhibit"], row["row"], row["column"], row["statistic"]): Cell(
            row["cell_id"], row["value"], *errors.get(row["estimate_id"], (math.nan, math.nan))
        )
        for row in shown.to_dict("records")
    }
