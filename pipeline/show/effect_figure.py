"""Effects over the weeks, with their confidence bands."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, isfinite, log10
from typing import TYPE_CHECKING

from pipeline.show.drawings import Curve, Drawing, PanelDrawing
from pipeline.show.numbers import write_number
from pipeline.show.style import (
    BAND,
    INK,
    LIMIT,
    LINES,
    POINTS_PER_INCH,
    LineLook,
    Sheet,
    draw_legend,
    panel_head,
    write_above,
    write_nothing,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

AXES_HEIGHT, BELOW = 2.55, 0.55  # inches
SMALL_HEIGHT, STAMP = 1.75, 0.28  # of panels side by side, and the room above them for the word synthetic
QUARTER, FEWEST_QUARTERS, TICKS = 13, 3, 6  # weeks between ticks, of how many at least, else so many ticks
ROUNDING = 1e-9  # what the distance of two ticks may lose in binary arithmetic
LABEL_GAP = 11  # points between two numbers at the end of curves


def draw_effect(drawing: Drawing) -> Sheet:
    """One panel for each sample and outcome: the effect in each week, its band, and the line of no effect."""
    columns = drawing.settings.panel_columns
    rows = [drawing.panels[start : start + columns] for start in range(0, len(drawing.panels), columns)]
    several = columns > 1
    axes_height, above = (SMALL_HEIGHT, STAMP) if several else (AXES_HEIGHT, 0.0)
    titles = [[panel.title for panel in row] for row in rows]
    remarks = [[panel.size for panel in row] if several else [] for row in rows]
    heads = [panel_head(*words) for words in zip(titles, remarks, strict=True)]
    sheet = Sheet(drawing, above + sum(heads) + len(rows) * (axes_height + BELOW))
    sheet.top += above
    for row, names, sizes in zip(rows, titles, remarks, strict=True):
        row_axes = sheet.add_panels(names, row[0].y_label, axes_height, BELOW, sizes)
        for panel, axes in zip(row, row_axes, strict=True):
            for number, curve in enumerate(panel.curves):
                _draw_curve(axes, curve, LINES[number], filled=number == 0)
            _finish(axes, drawing, panel, is_named=not several)
            if panel.is_empty:
                write_nothing(axes, drawing.words["nothing"])
            else:
                axes.axhline(0, color=INK, linewidth=1.0, zorder=1.5)
            _mark_ends(axes, panel.curves, axes_height)
    return sheet


def _draw_curve(axes: Axes, curve: Curve, look: LineLook, filled: bool) -> None:
    if curve.low is not None and curve.high is not None:
        if filled:
            axes.fill_between(curve.x, curve.low, curve.high, color=BAND, linewidth=0)
        for limit in (curve.low, curve.high):
            axes.plot(curve.x, limit, color=LIMIT if filled else look.color, linewidth=0.9, dashes=(3, 2.2))
    axes.plot(curve.x, curve.y, color=look.color, linewidth=look.width, dashes=look.dashes, label=curve.legend)


def _mark_ends(axes: Axes, curves: Sequence[Curve], axes_height: float) -> None:
    """A dot at the last week of every curve, and the number there; numbers that would touch move apart."""
    known = [number for number, curve in enumerate(curves) if isfinite(curve.y[-1])]
    low, high = axes.get_ylim()
    points = POINTS_PER_INCH * axes_height / (high - low)
    places = spread([float(curves[number].y[-1]) * points for number in known], LABEL_GAP)
    for number, place in zip(known, places, strict=True):
        curve, look = curves[number], LINES[number]
        axes.plot(curve.x[-1:], curve.y[-1:], "o", color=look.color, markersize=4.5, clip_on=False)
        axes.annotate(
            curve.last,
            (curve.x[-1], curve.y[-1]),
            (7, place - float(curve.y[-1]) * points),
            textcoords="offset points",
            va="center",
            weight="bold",
            color=look.color,
        )


def spread(places: Sequence[float], gap: float) -> list[float]:
    """`places` in their order, those less than `gap` apart moved to a row of that distance around their mean."""
    rows: list[list[int]] = []
    for number in sorted(range(len(places)), key=lambda number: -places[number]):
        rows.append([number])
        while len(rows) > 1 and _distance(rows[-2], rows[-1], places) < gap * len(rows[-2] + rows[-1]) / 2:
            rows[-2:] = [rows[-2] + rows[-1]]
    moved = list(places)
    for row in rows:
        top = _middle(row, places) + gap * (len(row) - 1) / 2
        for step, number in enumerate(row):
            moved[number] = top - gap * step
    return moved


def _middle(row: Sequence[int], places: Sequence[float]) -> float:
    return sum(places[number] for number in row) / len(row)


def _distance(above: Sequence[int], below: Sequence[int], places: Sequence[float]) -> float:
    return _middle(above, places) - _middle(below, places)


def week_ticks(last: int) -> range:
    """The weeks marked on an axis from 0 to `last`: quarters of a year, closer where the follow-up is short."""
    return range(0, last + 1, QUARTER if last >= FEWEST_QUARTERS * QUARTER else ceil(last / TICKS))


def _finish(axes: Axes, drawing: Drawing, panel: PanelDrawing, is_named: bool) -> None:
    from matplotlib.ticker import MaxNLocator

    last = float(panel.curves[0].x[-1])
    axes.set_xlim(0, last)
    axes.set_xticks(week_ticks(int(last)))
    axes.set_xlabel(panel.x_label)
    if drawing.limits:
        margin = 0.04 * (drawing.limits[1] - drawing.limits[0])
        axes.set_ylim(drawing.limits[0] - margin, drawing.limits[1] + margin)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=9, integer=True, steps=[1, 2, 5, 10]))
    step = float(axes.get_yticks()[1] - axes.get_yticks()[0])
    decimals = max(0, -floor(log10(step) + ROUNDING))
    axes.yaxis.set_major_formatter(lambda value, _: write_number(value, "count", drawing.language, decimals))
    if len(panel.curves) > 1:
        draw_legend(axes)
    elif is_named:
        write_above(axes, panel.size)
