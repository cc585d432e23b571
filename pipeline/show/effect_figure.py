"""Effects over the weeks, with their confidence bands."""

from __future__ import annotations

from math import ceil, floor, log10
from typing import TYPE_CHECKING

from pipeline.show.curve_ends import mark_ends
from pipeline.show.drawings import Curve, Drawing, PanelDrawing
from pipeline.show.numbers import write_number
from pipeline.show.style import (
    BAND,
    EDGE,
    GREY,
    INK,
    LIMIT,
    LINES,
    TEXT_SIZE,
    LineLook,
    Sheet,
    draw_legend,
    panel_head,
    write_above,
    write_below,
    write_nothing,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

AXES_HEIGHT, BELOW = 2.55, 0.55  # inches
SMALL_HEIGHT, SMALL_BELOW, STAMP = 1.2, 0.32, 0.3  # of panels side by side, and the room above for the word synthetic
LABEL = 0.22  # below the last of them, for the label of the x-axis
TEST, TEST_RISE = (
    0.2,
    (0.1, 0.04),
)  # below a panel for what its curves show together; how far it stands in what is above
QUARTER, FEWEST_QUARTERS, TICKS = 13, 3, 6  # weeks between ticks, of how many at least, else so many ticks
ROUNDING = 1e-9  # what the distance of two ticks may lose in binary arithmetic


def draw_effect(drawing: Drawing) -> Sheet:
    """One panel for each sample and outcome: the effect in each week, its limits, and the line of no effect.

    The first curve has the limits of each week shaded, and those of the whole curve dotted.
    Panels side by side share the label of the y-axis above them and that of the x-axis below them.
    """
    columns = drawing.settings.panel_columns
    rows = [drawing.panels[start : start + columns] for start in range(0, len(drawing.panels), columns)]
    several = columns > 1
    axes_height, above, below = (SMALL_HEIGHT, STAMP, SMALL_BELOW) if several else (AXES_HEIGHT, 0.0, BELOW)
    down = below - TEST_RISE[several]
    below += (TEST + TEST_RISE[True]) * any(panel.test for panel in drawing.panels)
    titles = [[panel.title for panel in row] for row in rows]
    labels = [[panel.size for panel in row] if several else [panel.y_label for panel in row] for row in rows]
    sheet = Sheet(drawing, above + sum(map(panel_head, titles)) + len(rows) * (axes_height + below) + LABEL * several)
    if several:
        sheet.write(EDGE, sheet.top + 0.02, drawing.panels[0].y_label, TEXT_SIZE, color=GREY)
    sheet.top += above
    for row, names, own in zip(rows, titles, labels, strict=True):
        for panel, axes in zip(row, sheet.add_panels(names, own, axes_height, below), strict=True):
            for number, curve in enumerate(panel.curves):
                _draw_curve(axes, curve, LINES[number], filled=number == 0)
            _finish(axes, drawing, panel, is_named=not several, has_label=not several or row is rows[-1])
            write_below(axes, panel.test, down + LABEL * (several and row is rows[-1]))
            if panel.is_empty:
                write_nothing(axes, drawing.words["nothing"])
            else:
                axes.axhline(0, color=INK, linewidth=1.0, zorder=1.5)
            if drawing.settings.mark_last:
                mark_ends(axes, panel.curves, axes_height)
    return sheet


def _draw_curve(axes: Axes, curve: Curve, look: LineLook, filled: bool) -> None:
    if curve.low is not None and curve.high is not None:
        if filled:
            axes.fill_between(curve.x, curve.low, curve.high, color=BAND, linewidth=0)
        for limit in (curve.low, curve.high):
            axes.plot(curve.x, limit, color=LIMIT if filled else look.color, linewidth=0.9, dashes=(3, 2.2))
    if filled and curve.band_low is not None and curve.band_high is not None:
        for limit in (curve.band_low, curve.band_high):
            axes.plot(curve.x, limit, color=look.color, linewidth=1.1, dashes=(0.9, 1.6))
    axes.plot(curve.x, curve.y, color=look.color, linewidth=look.width, dashes=look.dashes, label=curve.legend)


def week_ticks(last: int) -> range:
    """The weeks marked on an axis from 0 to `last`: quarters of a year, closer where the follow-up is short."""
    return range(0, last + 1, QUARTER if last >= FEWEST_QUARTERS * QUARTER else ceil(last / TICKS))


def _finish(axes: Axes, drawing: Drawing, panel: PanelDrawing, is_named: bool, has_label: bool) -> None:
    from matplotlib.ticker import MaxNLocator

    last = float(panel.curves[0].x[-1])
    axes.set_xlim(0, last)
    axes.set_xticks(week_ticks(int(last)))
    axes.set_xlabel(panel.x_label if has_label else "")
    if drawing.limits:
        margin = 0.04 * (drawing.limits[1] - drawing.limits[0])
        axes.set_ylim(drawing.limits[0] - margin, drawing.limits[1] + margin)
    axes.yaxis.set_major_locator(
        MaxNLocator(nbins=9 if has_label and is_named else 5, integer=True, steps=[1, 2, 5, 10])
    )
    step = float(axes.get_yticks()[1] - axes.get_yticks()[0])
    decimals = max(0, -floor(log10(step) + ROUNDING))
    axes.yaxis.set_major_formatter(lambda value, _: write_number(value, "count", drawing.language, decimals))
    if len(panel.curves) > 1:
        draw_legend(axes)
    elif is_named:
        write_above(axes, panel.size)
