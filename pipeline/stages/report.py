"""The report page that a ministry reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError
from pipeline.settings.exhibits import read_exhibits
from pipeline.settings.extract import Extract, Language
from pipeline.settings.outcomes import OutcomeDefinitions
from pipeline.settings.study import Study
from pipeline.show.drawings import build_drawing
from pipeline.show.every_table import build_tables
from pipeline.show.page import write_page
from pipeline.show.words import common_words, note_words

if TYPE_CHECKING:
    import pandas as pd


def run(
    cells: pd.DataFrame,
    exhibits: Mapping[str, Any],
    variables: pd.DataFrame,
    study: Study,
    outcomes: OutcomeDefinitions,
    extract: Extract,
    language: Language,
    municipalities: pd.DataFrame,
    **pictures: str,
) -> dict[str, str]:
    """index.html: one self-contained page with every exhibit of exhibits.toml, from the cells alone.

    `pictures` are the figures as SVG, by name. InputError if one is missing.
    """
    described, tongue = read_exhibits(exhibits), language.language
    absent = [name for name in described.figures if name not in pictures]
    if absent:
        raise InputError(
            f"report: no SVG for {', '.join(absent)}. Add the files to the stage's inputs in the Makefile."
        )
    words = common_words(described, study, outcomes, extract, tongue)
    tables = build_tables(described, cells, variables, study, words, tongue)
    plain = note_words(words, study, [], tongue)
    drawings = {
        name: build_drawing(name, described, cells, municipalities, plain, tongue) for name in described.figures
    }
    shown = dict(zip(cells["cell_id"], zip(cells["value"], cells["text"], strict=True), strict=True))
    return {"index.html": write_page(described, drawings, pictures, tables, shown, words, extract, tongue)}
