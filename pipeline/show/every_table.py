"""Every table of the report, of numbers and of words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.settings.exhibits import Exhibits
from pipeline.show.dictionary import build_dictionary
from pipeline.show.tables import Table, build_table
from pipeline.show.words import Words

if TYPE_CHECKING:
    import pandas as pd


def build_tables(
    exhibits: Exhibits, shown: pd.DataFrame, variables: pd.DataFrame, words: Words, language: str
) -> dict[str, Table]:
    """The tables by name, in the order of exhibits.toml."""
    tables = {}
    for name in exhibits.every_table:
        if name in exhibits.dictionaries:
            tables[name] = build_dictionary(name, exhibits, variables, words.texts, language)
        else:
            marked = words.with_legend(exhibits.tables[name].stars, language)
            tables[name] = build_table(name, exhibits, shown, variables, marked, language)
    return tables
