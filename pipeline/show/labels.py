"""What a number shown is in the words of its exhibit: panel, row and column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pipeline.settings.exhibits import Exhibits, Figure, Table, in_language
from pipeline.show.curve_words import CurveWords
from pipeline.show.tables import row_labels
from pipeline.show.words import INTERFACE, fill_words

if TYPE_CHECKING:
    import pandas as pd

BETWEEN = ", "


def label_numbers(
    name: str,
    exhibits: Exhibits,
    shown: pd.DataFrame,
    variables: pd.DataFrame,
    groups: pd.DataFrame,
    words: Mapping[str, str],
    language: str,
    curves: Mapping[str, CurveWords] | None = None,
) -> list[str]:
    """A label for each number of `shown`, all of the exhibit `name`, whose tables list their rows (with_rows)."""
    exhibit = fill_words(exhibits.tables.get(name) or exhibits.figures[name], words)
    panels = {panel.key: in_language(panel, "title", language) for panel in exhibit.panels}
    if isinstance(exhibit, Table):
        rows, columns = row_labels(exhibit, variables, language), dict(_columns(exhibit, language))
    else:
        places = dict(zip(groups["address"], groups["label"], strict=True))
        rows = places | {step.outcome: in_language(step, "label", language) for step in exhibit.steps}
        columns = {series.key: in_language(series, "label", language) for series in exhibit.series}
        curve = (curves or {}).get(exhibit.estimate.partition("/")[0])
        rows |= {name: curve.label(name) for name in shown["row"] if name} if curve else {}
    return [_label(row, panels, rows, columns, exhibit, language) for row in shown.to_dict("records")]


def _columns(table: Table, language: str) -> Iterator[tuple[str, str]]:
    for column in table.columns:
        yield column.key, " ".join(filter(None, (in_language(column, part, language) for part in ("group", "label"))))


def _label(
    cell: Mapping[Any, Any],
    panels: Mapping[str, str],
    rows: Mapping[str, str],
    columns: Mapping[str, str],
    exhibit: Table | Figure,
    language: str,
) -> str:
    row = cell["row"]
    if isinstance(exhibit, Figure) and exhibit.kind in ("effect", "survival") and row:
        named = f"{INTERFACE[language]['week']} {row}"
    else:
        named = rows.get(row, row)
    parts = (panels.get(cell["panel"], ""), named, columns.get(cell["column"], ""))
    return BETWEEN.join(part for part in parts if part)
