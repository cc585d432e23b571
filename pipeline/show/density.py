"""Kernel densities of the two arms."""

from __future__ import annotations

from pipeline.show.drawings import Drawing
from pipeline.show.numbers import write_number
from pipeline.show.style import LINES, PANEL_HEAD, Sheet, draw_legend

AXES_HEIGHT, BELOW = 2.0, 0.55  # inches


def draw_density(drawing: Drawing) -> Sheet:
    """One panel for each variable, the arms on top of each other, from zero up."""
    from matplotlib.ticker import MultipleLocator

    sheet = Sheet(drawing, len(drawing.panels) * (PANEL_HEAD + AXES_HEIGHT + BELOW))
    for panel in drawing.panels:
        axes = sheet.add_panel(panel.title, panel.y_label, AXES_HEIGHT, BELOW)
        for curve, look in zip(panel.curves, LINES, strict=False):
            axes.plot(curve.x, curve.y, color=look.color, linewidth=look.width, dashes=look.dashes, label=curve.legend)
        first, last = panel.curves[0].x[0], panel.curves[0].x[-1]
        axes.set_xlim(
            first if panel.x_minimum is None else panel.x_minimum, last if panel.x_maximum is None else panel.x_maximum
        )
        if panel.x_step is not None:
            axes.xaxis.set_major_locator(MultipleLocator(panel.x_step))
        axes.set_ylim(bottom=0)
        axes.xaxis.set_major_formatter(lambda value, _: write_number(value, "count", drawing.language))
        axes.yaxis.set_major_formatter(lambda value, _: write_number(value, "coefficient", drawing.language))
        axes.set_xlabel(panel.x_label)
        draw_legend(axes)
    return sheet
