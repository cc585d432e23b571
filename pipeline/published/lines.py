"""One line of the comparison as a reader sees it: labels, numbers with their addresses, distances and the result."""

from __future__ import annotations

import datetime
import html
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.published.comparison import Comparison
from pipeline.published.locations import Printed, ShownPlace
from pipeline.published.targets import STEERED, TARGET
from pipeline.settings.exhibits import Exhibits, exhibit_number, fill, in_language
from pipeline.show.numbers import ABSENT, EPOCH, MINUS, write_date, write_number
from pipeline.show.page import as_markup
from pipeline.show.rows import listed_rows
from pipeline.show.tables import column_labels, row_labels

if TYPE_CHECKING:
    import pandas as pd

MORE_DECIMALS = 2  # shown of a rebuilt number beyond the printed ones, so that a reader sees why it rounds as it does
UNIT_DECIMALS, SE_DECIMALS = 1, 2
COUNTED = ("n", "count")


@dataclass(frozen=True)
class Line:
    """A printed number and the rebuilt one, ready for a table; `classes` are what the filter goes by."""

    place: str
    column: str
    statistic: str
    printed: Any
    rebuilt: Any
    distance: str
    distance_se: str
    result: str
    errata: tuple[str, ...]
    classes: str


class Labels:
    """The names of tables, panels, rows and columns in one language, by the place of a cell."""

    def __init__(self, exhibits: Exhibits, variables: pd.DataFrame, language: str) -> None:
        """Labels as exhibits.toml and the dictionary have them."""
        self.language = language
        self.titles = {name: in_language(table, "title", language) for name, table in exhibits.tables.items()}
        self._rows: dict[tuple[str, str], str] = {}
        self._panels: dict[tuple[str, str], str] = {}
        self._columns: dict[tuple[str, str], str] = {}
        for name, table in exhibits.tables.items():
            panels = {panel.key: in_language(panel, "title", language) for panel in table.panels}
            self._rows |= {(name, key): label for key, label in row_labels(table, variables, language).items()}
            self._panels |= {(name, row.key): panels.get(row.panel, "") for row in listed_rows(table)}
            self._columns |= {(name, key): label for key, label in column_labels(table, language).items()}

    def table(self, place: ShownPlace) -> str:
        """'Table 3.3' or 'Tabel 3.3'."""
        return exhibit_number(place.exhibit, self.language)

    def row(self, row: Comparison) -> str:
        """Panel and row label: 'High self-efficacy, 8–24'; as printed where the tables have no such row."""
        place = (row.label.exhibit, row.label.row)
        return ", ".join(
            part for part in (self._panels.get(place, ""), self._rows.get(place, row.number.place.row)) if part
        )

    def column(self, place: ShownPlace) -> str:
        """Heading and label of the column: 'Waiting time: Short'."""
        return self._columns[place.exhibit, place.column]


def build_line(row: Comparison, labels: Labels, words: Mapping[str, str], has_targets: bool, is_anchor: bool) -> Line:
    """The line of a comparison; the rebuilt number is a link, and an anchor of the page if `is_anchor`."""
    mark = row.mark if row.is_estimate else ""
    rebuilt = link_number(row.cell_id, show(row, row.rebuilt, labels.language) + mark, is_anchor)
    printed = html.escape(show_printed(row.number, labels.language))
    below = _other(row, words, labels.language)
    if row.other is not None and row.other.kind == "value":
        printed += below
    else:
        rebuilt += below
    return Line(
        place=f"{labels.table(row.label)}, {labels.row(row)}",
        column=labels.column(row.label),
        statistic=statistic_name(row.number.place.statistic, words),
        printed=as_markup(printed),
        rebuilt=as_markup(rebuilt),
        distance=signed(row.distance_units, UNIT_DECIMALS, labels.language),
        distance_se=signed(row.distance_se, SE_DECIMALS, labels.language),
        result=_result(row, words, has_targets),
        errata=tuple(dict.fromkeys(erratum.name for erratum in row.errata)),
        classes=_classes(row),
    )


def statistic_name(statistic: str, words: Mapping[str, str]) -> str:
    """The word for a statistic."""
    return words["number_count" if statistic == "count" else statistic]


def show(row: Comparison, value: float, language: str) -> str:
    """A rebuilt number with more decimals than the printed one, counts whole and dates as days; a dash if unknown."""
    if row.number.is_date:
        return write_number(value, "date", language)
    more = 0 if row.number.place.statistic in COUNTED else MORE_DECIMALS
    return write_number(value, "coefficient", language, row.number.decimals + more)


def show_printed(number: Printed, language: str) -> str:
    """A printed number as the report has it, in English with the English decimal point and month."""
    if language == "da":
        return number.text
    text = read_as_printed(number.value, number.decimals, language)
    is_negative_zero = number.value.startswith("-") and not text.startswith(MINUS)
    text = (MINUS if is_negative_zero else "") + text
    return f"({text})" if number.text.startswith("(") else f"{text}{number.stars}"


def signed(value: float, decimals: int, language: str) -> str:
    """A distance with its sign: '+1.3'; nothing where there is none."""
    if not math.isfinite(value):
        return ""
    text = write_number(value, "coefficient", language, decimals)
    return text if text.startswith(MINUS) or not text.strip("0.,") else f"+{text}"


def link_number(cell_id: str, text: str, is_anchor: bool) -> str:
    """A rebuilt number that leads to its place on the report page and carries its address; a dash without a place."""
    if not cell_id:
        return ABSENT
    identity = f' id="{cell_id}"' if is_anchor else ""
    return f'<a href="index.html#{cell_id}"><data{identity} title="{cell_id}">{html.escape(text)}</data></a>'


def _other(row: Comparison, words: Mapping[str, str], language: str) -> str:
    """The other reading of a number under an erratum, on a line of its own."""
    if row.other is None:
        return ""
    number = link_number(row.other.cell_id, show(row, row.other.rebuilt, language), is_anchor=False)
    if row.other.kind == "value":
        number = read_as_printed(row.other.value, row.number.decimals, language)
    key = "other_panel_none" if row.other.kind == "panel" and not row.other.cell_id else f"other_{row.other.kind}"
    return f'<span class="other">{fill(html.escape(words[key]), {"number": number})}</span>'


def read_as_printed(value: str, decimals: int, language: str) -> str:
    """A number or ISO date of the errata as text of the language."""
    if value.count("-") == 2:
        return write_date((datetime.date.fromisoformat(value) - EPOCH).days, language)
    return write_number(float(value), "coefficient", language, decimals)


def _result(row: Comparison, words: Mapping[str, str], has_targets: bool) -> str:
    verdict = words[f"verdict_{row.state}"]
    role = {TARGET: words["role_target"], STEERED: words["role_steered"]}.get(row.role, "") if has_targets else ""
    return f"{role}, {verdict}" if role else verdict


def _classes(row: Comparison) -> str:
    """The state; missed for a target that is not met; erratum."""
    more = [
        name for name, holds in (("missed", row.role == TARGET and not row.is_met), ("erratum", row.errata)) if holds
    ]
    return " ".join([row.state, *more])
