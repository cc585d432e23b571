"""The report page that a ministry reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError
from pipeline.settings.described import read_exhibits
from pipeline.settings.extract import Extract, Language
from pipeline.show.drawings import build_drawing
from pipeline.show.every_table import build_tables
from pipeline.show.missing import write_missing
from pipeline.show.page import write_page
from pipeline.show.rows import with_rows
from pipeline.show.words import read_words

if TYPE_CHECKING:
    import pandas as pd


def run(
    shown: pd.DataFrame,
    exhibits: Mapping[str, Any],
    variables: pd.DataFrame,
    words: Mapping[str, Any],
    extract: Extract,
    language: Language,
    groups: pd.DataFrame,
    municipalities: pd.DataFrame | None = None,
    checks: pd.DataFrame | None = None,
    population: Mapping[str, Any] | None = None,
    **pictures: str,
) -> dict[str, str]:
    """index.html: one self-contained page with every exhibit of exhibits.toml, from the numbers shown alone.

    missing.txt says which of them are missing. `checks` are the rows of checks.csv, of which the page says what is
    suspicious. `pictures` are the figures as SVG, by name; InputError if one lacks.
    With the facts of the `population` the page leads to that of make population.
    """
    known, tongue, made = read_words(words), language.language, set(shown["estimate_id"])
    described = with_rows(read_exhibits(exhibits), variables, groups, made, known.horizon_weeks)
    absent = [name for name in described.figures if name not in pictures]
    if absent:
        raise InputError(
            f"report: no SVG for {', '.join(absent)}. Add the files to the stage's inputs in the Makefile."
        )
    tables = build_tables(described, shown, variables, known, tongue)
    plain = known.with_legend([], tongue)
    drawings = {
        name: build_drawing(name, described, shown, groups, municipalities, plain, tongue) for name in described.figures
    }
    unplaced = {name: drawing.unplaced for name, drawing in drawings.items()}
    told = [] if checks is None else checks.to_dict("records")
    return {
        "index.html": write_page(
            described,
            drawings,
            pictures,
            tables,
            shown,
            known.texts,
            extract,
            tongue,
            told,
            has_population=population is not None,
        ),
        "missing.txt": write_missing(shown, unplaced),
    }
