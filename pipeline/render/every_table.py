"""Every table of the report, of numbers and of words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.config import Study
from pipeline.render.dictionary import build_dictionary
from pipeline.render.exhibits import Exhibits
from pipeline.render.tables import Table, build_table
from pipeline.render.words import note_words

if TYPE_CHECKING:
    import pandas as pd


def build_tables(
    exhibits: Exhibits, cells: pd.DataFrame, variables: pd.DataFrame, study: Study, words: dict[str, str], language: str
) -> dict[str, Table]:
    """The tables by name, in the order of config/exhibits.toml; `words` are those of common_words."""
    tables = {}
    for name in exhibits.every_table:
        if name in exhibits.dictionaries:
            tables[name] = build_dictionary(name, exhibits, variables, words, language)
        else:
            marked = note_words(words, study, exhibits.tables[name].stars, language)
            tables[name] = build_table(name, exhibits, cells, variables, marked, language)
    return tables
