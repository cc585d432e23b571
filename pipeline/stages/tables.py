"""The tables, each as HTML, CSV and LaTeX, and all of them in one workbook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline.settings.described import read_exhibits
from pipeline.settings.extract import Language
from pipeline.show.every_exhibit import build_tables
from pipeline.show.page import write_table_page
from pipeline.show.rows import with_rows
from pipeline.show.table_formats import write_csv, write_latex, write_workbook
from pipeline.show.words import read_words

if TYPE_CHECKING:
    import pandas as pd


def run(
    released: pd.DataFrame,
    exhibits: Mapping[str, Any],
    variables: pd.DataFrame,
    words: Mapping[str, Any],
    language: Language,
    groups: pd.DataFrame,
) -> dict[str, str | bytes]:
    """table_*.html, table_*.csv and table_*.tex for every table of exhibits.toml, and tables.xlsx."""
    known, made = read_words(words), set(released["estimate_id"])
    described = with_rows(read_exhibits(exhibits), variables, groups, made, known.horizon_weeks)
    tables = build_tables(described, released, variables, known, language.language)
    results: dict[str, str | bytes] = {"tables.xlsx": write_workbook(tables.values())}
    for table in tables.values():
        results[f"{table.name}.html"] = write_table_page(table)
        results[f"{table.name}.csv"] = write_csv(table)
        results[f"{table.name}.tex"] = write_latex(table)
    return results
