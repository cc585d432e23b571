"""Which numbers an exhibit shows: the address of each, and the estimate it comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from pipeline.settings.curves import WHOLE as WHOLE_CURVE
from pipeline.settings.exhibits import Column, Figure, Panel, Row, Series, Table, fill
from pipeline.show.rows import listed_rows, table_estimate

WHOLE = "total"  # the place of a map that stands for all of them


@dataclass(frozen=True)
class Slot:
    """One number to show: its address in the exhibit, the estimate, and how it is written."""

    cell_id: str
    exhibit: str
    panel: str
    row: str
    column: str
    statistic: str
    estimate_id: str
    unit: str
    decimals: int | None = None
    marks: tuple[str, ...] = ()


def statistics_of(table: Table, column: Column, row: Row) -> list[Sequence[str]]:
    """What a column shows of a row, line by line: the row's own statistics, else the column's, else the table's.

    Columns of one key share an estimate and show different statistics of it; a row's own stand in the first of them.
    A column that is not defined for the row shows nothing of it.
    """
    if column.key in row.without:
        return [()]
    if column.lines and not row.statistics:
        return [(statistic,) if statistic else () for statistic in column.lines]
    if row.statistics and column is not next(other for other in table.columns if other.key == column.key):
        return [()]
    own = row.statistics or column.statistics
    return [own] if own else [line.statistics for line in table.lines]


def table_slots(name: str, table: Table, horizon: int) -> Iterator[Slot]:
    """The numbers of a table, row by row; an address ends with the statistic if the table shows more than one.

    `table` lists its rows (with_rows); `horizon` is the week that {last_week} of a template stands for.
    """
    rows = listed_rows(table)
    shown = {s for row in rows for column in table.columns for line in statistics_of(table, column, row) for s in line}
    for row in [*rows, *table.foot]:
        for column in table.columns:
            for statistic in [s for line in statistics_of(table, column, row) for s in line]:
                yield _table_slot(name, table, row, column, statistic, horizon, several=len(shown) > 1)


def _table_slot(name: str, table: Table, row: Row, column: Column, statistic: str, horizon: int, several: bool) -> Slot:
    unit = column.unit or table.unit or row.unit or "coefficient"
    return Slot(
        cell_id=table_address(name, row.key, column.key, statistic if several else ""),
        exhibit=name,
        panel=row.panel,
        row=row.key,
        column=column.key,
        statistic=statistic,
        estimate_id=table_estimate(table, row, column, horizon),
        unit=unit,
        decimals=row.decimals if row.unit in ("", unit) else None,
        marks=tuple(table.stars),
    )


def table_address(name: str, row: str, column: str, statistic: str) -> str:
    """'table_3_2/employment_exit/long_wait/se', or without a statistic 'table_2_2/age/control'."""
    return "/".join(part for part in (name, row, column, statistic) if part)


def figure_slots(name: str, figure: Figure, horizon: int, known: Callable[[str], list[str]]) -> Iterator[Slot]:
    """The numbers of a figure: its points, the persons at risk, and the sizes written on the panels.

    Points run from the figure's first week to `horizon`; without a first week they are all that exist, as are the
    places of a map, and `known` gives them for a template in which one placeholder is left to fill.
    """
    if figure.kind == "map":
        yield from _map_slots(name, figure, known)
        return
    if figure.kind == "flow":
        yield from _flow_slots(name, figure)
        return
    if figure.kind == "specification":
        yield from _specification_slots(name, figure, horizon, known)
        return
    for panel in figure.panels:
        for series in figure.series:
            yield from _curve_slots(name, figure, panel, series, horizon, known)
        for size in figure.sizes:
            places = {"sample": panel.sample, "outcome": panel.outcome, "last_week": str(horizon)}
            address = f"{name}/{panel.sample}/{panel.outcome}/{size.key}"
            estimate = fill(size.estimate, places)
            yield Slot(address, name, panel.key, "", size.key, size.statistic, estimate, "count")


def _curve_slots(
    name: str, figure: Figure, panel: Panel, series: Series, horizon: int, known: Callable[[str], list[str]]
) -> Iterator[Slot]:
    places = {"sample": panel.sample, "outcome": panel.outcome, "series": series.key, "week": "{week}"}
    template = fill(series.estimate or figure.estimate, places)
    weeks: Iterable[int] = range(figure.first_week or 0, horizon + 1)
    if figure.first_week is None:  # where there is none, the first is asked for, so that its absence is named
        weeks = sorted(int(week) for week in known(template) if week.isdigit()) or [0]
    for week in weeks:
        estimate = fill(template, {"week": str(week)})
        at_risk = ["at_risk"] if week in figure.at_risk_weeks else []
        for statistic in [*figure.statistics, *at_risk]:
            address = curve_address(name, figure, panel, week, series, statistic)
            yield Slot(address, name, panel.key, str(week), series.key, statistic, estimate, figure.unit)


def curve_address(name: str, figure: Figure, panel: Panel, week: int, series: Series, statistic: str) -> str:
    """'figure_3_3/all/sickness_benefit/45', then the series if there are several, and a statistic but the first."""
    arm = series.key if len(figure.series) > 1 else ""
    end = statistic if statistic != figure.statistics[0] else ""
    return "/".join(part for part in (name, panel.sample, panel.outcome, str(week), arm, end) if part)


def _specification_slots(name: str, figure: Figure, horizon: int, known: Callable[[str], list[str]]) -> Iterator[Slot]:
    """The effect and its interval by every specification, 'figure_7_1/report.any/ci_low', and the curve's own numbers.

    The template ends with the specification: what follows it in an address, outcome, week and effect, is its own.
    """
    column = figure.series[0].key
    for rest in known(figure.estimate):
        specification, estimate = rest.partition("/")[0], fill(figure.estimate, {"specification": rest})
        for statistic in figure.statistics if specification != WHOLE_CURVE else ():
            address = specification_address(name, figure, specification, statistic)
            yield Slot(address, name, "", specification, column, statistic, estimate, figure.unit)
    for size in figure.sizes:
        estimate = fill(size.estimate, {"last_week": str(horizon)})
        yield Slot(f"{name}/{size.key}", name, "", "", size.key, size.statistic, estimate, size.unit)


def specification_address(name: str, figure: Figure, specification: str, statistic: str) -> str:
    """'figure_7_1/report.any', then a statistic but the first."""
    return "/".join([name, specification, *([statistic] if statistic != figure.statistics[0] else [])])


def _map_slots(name: str, figure: Figure, known: Callable[[str], list[str]]) -> Iterator[Slot]:
    """The numbers of every place in alphabetical order, then those of the whole, whose place is `total`."""
    places = known(fill(figure.estimate, {"series": figure.series[0].key, "place": "{place}"}))
    for place in sorted(places, key=lambda place: (place == WHOLE, place)):
        for series in figure.series:
            estimate = fill(figure.estimate, {"series": series.key, "place": place})
            yield Slot(f"{name}/{place}/{series.key}", name, "", place, series.key, "estimate", estimate, figure.unit)


def _flow_slots(name: str, figure: Figure) -> Iterator[Slot]:
    """Every arm in every box; the first series is the whole and has the starting box alone."""
    for step in figure.steps:
        for series in figure.series if step.role == "start" else figure.series[1:]:
            estimate = fill(figure.estimate, {"outcome": step.outcome, "series": series.key})
            address = f"{name}/{series.key}/{step.outcome}"
            yield Slot(address, name, "", step.outcome, series.key, "estimate", estimate, figure.unit)
