"""Every table of the report, of numbers and of words, and the whole of what it says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError
from pipeline.settings.described import read_exhibits
from pipeline.settings.exhibits import Exhibits
from pipeline.settings.extract import Extract, Language
from pipeline.show.content import Report, build_report
from pipeline.show.dictionary import build_dictionary
from pipeline.show.drawings import build_drawing
from pipeline.show.rows import with_rows
from pipeline.show.tables import Table, build_table
from pipeline.show.words import Words, read_words

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


def build_content(
    shown: pd.DataFrame,
    exhibits: Mapping[str, Any],
    variables: pd.DataFrame,
    words: Mapping[str, Any],
    extract: Extract,
    language: Language,
    groups: pd.DataFrame,
    municipalities: pd.DataFrame | None,
    checks: pd.DataFrame | None,
    pictures: Mapping[str, str],
) -> Report:
    """What the report says, from the inputs of a stage that writes it; InputError if the SVG of a figure lacks."""
    known, tongue, made = read_words(words), language.language, set(shown["estimate_id"])
    described = with_rows(read_exhibits(exhibits), variables, groups, made, known.horizon_weeks)
    absent = [name for name in described.figures if name not in pictures]
    if absent:
        raise InputError(f"no SVG for {', '.join(absent)}. Add the files to the stage's inputs in the Makefile.")
    plain = known.with_legend([], tongue)
    drawings = {
        name: build_drawing(name, described, shown, groups, municipalities, plain, tongue, known.curves)
        for name in described.figures
    }
    tables = build_tables(described, shown, variables, known, tongue)
    told = [] if checks is None else checks.to_dict("records")
    return build_report(described, drawings, pictures, tables, shown, known, extract, tongue, told)
