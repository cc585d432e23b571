"""Survival curves of the two arms, with the persons at risk below."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pipeline.show.curve_ends import mark_ends
from pipeline.show.drawings import Drawing, PanelDrawing
from pipeline.show.effect_figure import TEST, week_ticks
from pipeline.show.numbers import write_number
from pipeline.show.style import (
    EDGE,
    GREY,
    INK,
    LEFT,
    LINES,
    NOTE_SIZE,
    PANEL_HEAD,
    POINTS_PER_INCH,
    Sheet,
    draw_legend,
    write_below,
    write_nothing,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

AXES_HEIGHT, AXIS_LABELS, AT_RISK_LINE = 2.45, 0.5, 0.17  # inches


def draw_survival(drawing: Drawing) -> Sheet:
    """Step curves from 1 down, on a scale from 0 to 1."""
    down = AXIS_LABELS + AT_RISK_LINE * (len(drawing.settings.series) + 1) + 0.06
    below = down + 0.16 + TEST * any(panel.test for panel in drawing.panels)
    sheet = Sheet(drawing, len(drawing.panels) * (PANEL_HEAD + AXES_HEIGHT + below))
    for panel in drawing.panels:
        axes = sheet.add_panel(panel.title, panel.y_label, AXES_HEIGHT, below)
        for curve, look in zip(panel.curves, LINES, strict=False):
            axes.step(
                [*curve.x, curve.x[-1] + 1],
                [*curve.y, curve.y[-1]],
                where="post",
                color=look.color,
                linewidth=look.width,
                dashes=look.dashes,
                label=curve.legend,
            )
        last = float(panel.curves[0].x[-1])
        axes.set_xlim(0, last + 1)  # the last week has its width too
        axes.set_xticks(week_ticks(int(last)))
        axes.set_xlabel(panel.x_label)
        axes.set_ylim(0, 1.02)
        axes.yaxis.set_major_formatter(lambda value, _: write_number(value, "probability", drawing.language, 1))
        if panel.is_empty:
            write_nothing(axes, drawing.words["nothing"])
        draw_legend(axes)
        mark_ends(axes, [replace(curve, x=curve.x + 1) for curve in panel.curves], AXES_HEIGHT)
        _write_at_risk(axes, panel, drawing)
        write_below(axes, panel.test, down)
    return sheet


def _write_at_risk(axes: Axes, panel: PanelDrawing, drawing: Drawing) -> None:
    """A line for each arm below the axis, its numbers under the weeks they belong to."""
    place: dict[str, Any] = {
        "textcoords": "offset points",
        "fontsize": NOTE_SIZE,
        "annotation_clip": False,
        "va": "top",
    }
    down, left = -POINTS_PER_INCH * AXIS_LABELS, -POINTS_PER_INCH * (LEFT - EDGE)
    axes.annotate(
        drawing.words["at_risk"], (0, 0), (left, down), ha="left", color=GREY, **place, xycoords="axes fraction"
    )
    for curve, look in zip(panel.curves, LINES, strict=False):
        down -= POINTS_PER_INCH * AT_RISK_LINE
        axes.annotate(
            curve.label,
            (0, 0),
            (left, down),
            ha="left",
            color=look.ink,
            weight="bold",
            **place,
            xycoords="axes fraction",
        )
        for week, text in curve.at_risk.items():
            axes.annotate(
                text, (week, 0), (0, down), ha="center", color=INK, **place, xycoords=("data", "axes fraction")
            )
