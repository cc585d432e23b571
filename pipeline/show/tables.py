"""The layout of a table: its lines and numbers, taken from the numbers shown, before it is written in any format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from pipeline.settings.exhibits import Exhibits, Row, exhibit_number, in_language
from pipeline.settings.exhibits import Table as TableSettings
from pipeline.show.addresses import statistics_of, table_slots
from pipeline.show.numbers import UNITS
from pipeline.show.remarks import gather_remarks
from pipeline.show.rows import listed_rows
from pipeline.show.words import fill_words

if TYPE_CHECKING:
    import pandas as pd


PASS = "pass"


@dataclass(frozen=True)
class Shown:
    """One printed number: its address, its column and statistic as a name, and its text; without an address, words.

    status: what disclosure control says of it.
    """

    cell_id: str
    name: str
    text: str
    status: str = PASS


@dataclass(frozen=True)
class Line:
    """One line: for each column of the table the numbers that stand below one another.

    is_further: it has a label of its own, and stands below the line with that of the row.
    """

    row: str
    label: str
    cells: tuple[tuple[Shown, ...], ...]
    is_further: bool = False


@dataclass(frozen=True)
class Block:
    """Lines under a panel heading, or under none; the foot of the table is a block of its own."""

    title: str
    lines: tuple[Line, ...]
    is_foot: bool = False


@dataclass(frozen=True)
class Table:
    """A table in one language; `groups` are the headings above the columns, each with the number it spans.

    is_text: its cells hold words.
    """

    name: str
    number: str
    title: str
    note: str
    synthetic: str
    language: str
    stub: str
    groups: tuple[tuple[str, int], ...]
    columns: tuple[str, ...]
    blocks: tuple[Block, ...]
    is_text: bool = False


def build_table(
    name: str,
    exhibits: Exhibits,
    shown: pd.DataFrame,
    variables: pd.DataFrame,
    words: Mapping[str, str],
    language: str,
) -> Table:
    """The table `name` with the texts of the numbers `shown`; `words` fill its placeholders, {horizon} among them."""
    settings = fill_words(exhibits.tables[name], words)
    own = shown[shown["exhibit"] == name]
    texts = dict(zip(own["cell_id"], zip(own["text"], own["status"], strict=True), strict=True))
    numbers = {
        (slot.row, slot.column, slot.statistic): Shown(
            slot.cell_id, slot.cell_id.split("/", 2)[2].replace("/", "_"), *texts[slot.cell_id]
        )
        for slot in table_slots(name, settings, int(words["horizon"]))
    }
    labels = row_labels(settings, variables, language)
    return Table(
        name=name,
        number=exhibit_number(name, language),
        title=in_language(settings, "title", language),
        note=" ".join(filter(None, [in_language(settings, "note", language), gather_remarks(own, words, language)])),
        synthetic=words["synthetic"],
        language=language,
        stub=in_language(settings, "stub", language),
        groups=tuple(_groups(settings, language)),
        columns=tuple(in_language(column, "label", language) for column in settings.columns),
        blocks=tuple(_blocks(settings, numbers, labels, language)),
    )


def _blocks(
    table: TableSettings,
    numbers: Mapping[tuple[str, str, str], Shown],
    labels: Mapping[str, str],
    language: str,
) -> Iterator[Block]:
    titles = {panel.key: in_language(panel, "title", language) for panel in table.panels}
    for panel, members in groupby(listed_rows(table), key=lambda row: row.panel):
        lines = [line for row in members for line in _lines(table, row, numbers, labels, language)]
        yield Block(titles.get(panel, ""), tuple(lines))
    if table.foot:
        lines = [line for row in table.foot for line in _lines(table, row, numbers, labels, language)]
        yield Block("", tuple(lines), is_foot=True)


def _lines(
    table: TableSettings,
    row: Row,
    numbers: Mapping[tuple[str, str, str], Shown],
    labels: Mapping[str, str],
    language: str,
) -> Iterator[Line]:
    """The row's own line, and one more for every further line of the table that has a label and shows something."""
    shown = [statistics_of(table, column, row) for column in table.columns]
    for place in range(max(len(lines) for lines in shown)):
        cells = tuple(
            tuple(numbers[row.key, column.key, statistic] for statistic in lines[place]) if place < len(lines) else ()
            for column, lines in zip(table.columns, shown, strict=True)
        )
        own = in_language(table.lines[place], "label", language) if place < len(table.lines) else ""
        if any(cells) or not place:
            yield Line(row.key, own or labels[row.key], cells, is_further=bool(own and place))


def row_labels(table: TableSettings, variables: pd.DataFrame, language: str) -> dict[str, str]:
    """The label of every row by its key: the exhibit's own, else the dictionary's, with its unit if the table asks."""
    entries = {record["name"]: record for record in variables.to_dict("records")}
    labels = {}
    for row in [*listed_rows(table), *table.foot]:
        entry = entries.get(row.key)
        label = in_language(row, "label", language) or (entry[f"label_{language}"] if entry else row.key)
        unit = _unit(entry, language) if entry and table.show_units else ""
        labels[row.key] = f"{label} ({unit})" if unit else label
    return labels


def column_labels(table: TableSettings, language: str) -> dict[str, str]:
    """'Waiting time: Short' for each column by its key; columns of one key are told by their heading alone."""
    keys, labels = Counter(column.key for column in table.columns), {}
    for column in table.columns:
        group = in_language(column, "group", language)
        own = in_language(column, "label", language) if keys[column.key] == 1 or not group else ""
        labels[column.key] = ": ".join(part for part in (group, own) if part)
    return labels


def _unit(entry: Mapping[Any, str], language: str) -> str:
    """The unit of a variable as its label shows it; a score shows the ends of its scale."""
    if entry["unit"] == "points":
        return f"{entry['minimum']}\N{EN DASH}{entry['maximum']}"
    return str(in_language(UNITS[entry["unit"]], "name", language))


def _groups(table: TableSettings, language: str) -> Iterator[tuple[str, int]]:
    """Neighbouring columns with the same heading span one; without any heading there is no line of them."""
    if any(in_language(column, "group", language) for column in table.columns):
        for title, columns in groupby(table.columns, key=lambda column: in_language(column, "group", language)):
            yield title, len(list(columns))
