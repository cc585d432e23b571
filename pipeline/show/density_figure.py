"""Kernel densities of the two arms."""

from __future__ import annotations

import numpy as np

from pipeline.show.drawings import Drawing
from pipeline.show.numbers import write_number
from pipeline.show.style import LINES, PANEL_HEAD, Sheet, draw_legend, write_nothing

AXES_HEIGHT, BELOW = 2.0, 0.55  # inches


def draw_density(drawing: Drawing) -> Sheet:
    """One panel for each variable, the arms on top of each other, from zero up."""
    from matplotlib.ticker import MultipleLocator

    sheet = Sheet(drawing, len(drawing.panels) * (PANEL_HEAD + AXES_HEIGHT + BELOW))
    for panel in drawing.panels:
        axes = sheet.add_panel(panel.title, panel.y_label, AXES_HEIGHT, BELOW)
        for curve, look in zip(panel.curves, LINES, strict=False):
            there = np.isfinite(curve.y)  # a point that is withheld has none: the curve goes on between the others
            axes.plot(
                curve.x[there],
                curve.y[there],
                color=look.color,
                linewidth=look.width,
                dashes=look.dashes,
                label=curve.legend,
            )
        points = np.concatenate([curve.x for curve in panel.curves])
        if np.isfinite(points).any():
            axes.set_xlim(np.nanmin(points), np.nanmax(points))
        if panel.is_empty:
            axes.set_xticks([])
            write_nothing(axes, drawing.words["nothing"])
        elif panel.x_step is not None:
            axes.xaxis.set_major_locator(MultipleLocator(panel.x_step))
        axes.set_ylim(bottom=0)
        axes.xaxis.set_major_formatter(lambda value, _: write_number(value, "count", drawing.language))
        axes.yaxis.set_major_formatter(lambda value, _: write_number(value, "coefficient", drawing.language))
        axes.set_xlabel(panel.x_label)
        draw_legend(axes)
    return sheet
