"""The numbers behind a figure as a table: what a reader who cannot see the figure reads, and what can be traced."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.settings.exhibits import in_language
from pipeline.show.addresses import WHOLE, curve_address
from pipeline.show.drawings import Drawing
from pipeline.show.specification_numbers import specification_rows
from pipeline.show.tables import Block, Line, Shown, Table
from pipeline.show.words import INTERFACE


def figure_table(drawing: Drawing) -> Table | None:
    """The weeks that exhibits.toml lists and the last, the boxes of a flow, or the places of a map; or None."""
    figure, language = drawing.settings, drawing.language
    lines = tuple(
        {"flow": flow_lines, "map": map_lines, "specification": curve_lines}.get(figure.kind, _week_lines)(drawing)
    )
    if not lines:
        return None
    names = [in_language(series, "label", language) for series in figure.series]
    statistics = [INTERFACE[language][name] for name in figure.statistics[1:]]
    columns = [name for series in names for name in (series, *statistics)]
    panels = [panel.title for panel in drawing.panels]
    return Table(
        name=drawing.name,
        number=drawing.number,
        title=drawing.title,
        note="",
        synthetic=drawing.synthetic,
        language=language,
        stub=in_language(figure, "x", language),
        groups=tuple((title, len(columns)) for title in panels),
        columns=tuple(columns * max(1, len(panels))),
        blocks=(Block("", lines),),
    )


def _week_lines(drawing: Drawing) -> Iterator[Line]:
    figure = drawing.settings
    last = int(drawing.panels[0].curves[0].x[-1]) if figure.page_weeks else 0
    for week in sorted({*figure.page_weeks, last} - {0}):
        addresses = [
            curve_address(drawing.name, figure, panel, week, series, statistic)
            for panel in figure.panels
            for series in figure.series
            for statistic in figure.statistics
        ]
        if all(address in drawing.shown for address in addresses):
            cells = tuple((Shown(address, address, drawing.shown[address]),) for address in addresses)
            yield Line(str(week), str(week), cells)


def flow_lines(drawing: Drawing) -> Iterator[Line]:
    """A line for each box of a flow, a cell for each arm."""
    figure, language = drawing.settings, drawing.language
    for step in figure.steps:
        addresses = [f"{drawing.name}/{series.key}/{step.outcome}" for series in figure.series]
        shown = [(Shown(a, a, drawing.shown[a]),) if a in drawing.shown else () for a in addresses]
        label = in_language(step, "label", language) or in_language(figure.series[0], "label", language)
        yield Line(step.outcome, label, tuple(shown))


def curve_lines(drawing: Drawing) -> Iterator[Line]:
    """A line for each specification, from the smallest effect to the largest, a cell for each statistic."""
    assert drawing.curve is not None
    for name, label, addresses in specification_rows(drawing.name, drawing.settings, drawing.curve):
        yield Line(name, label, tuple((Shown(a, a, drawing.shown[a]),) for a in addresses))


def map_lines(drawing: Drawing) -> Iterator[Line]:
    """A line for each place of a map, a cell for each number, and the whole last."""
    labels = {unit: place.label for unit, place in drawing.places.items()} | {WHOLE: drawing.words["total"]}
    for unit, label in labels.items():
        addresses = [f"{drawing.name}/{unit}/{series.key}" for series in drawing.settings.series]
        yield Line(unit, label, tuple((Shown(a, a, drawing.shown[a]),) for a in addresses))
