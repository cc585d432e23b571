"""A curve of specifications: the effects from smallest to largest with their intervals, and below what each decided."""

from __future__ import annotations

from math import floor, log10
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.show.drawings import Drawing
from pipeline.show.numbers import write_number
from pipeline.show.specification_numbers import SpecificationCurve
from pipeline.show.style import (
    EDGE,
    GREY,
    INK,
    LINES,
    PANEL_HEAD,
    RULE,
    TEXT_SIZE,
    WIDTH,
    Sheet,
    write_nothing,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LABELS, EFFECTS, ROW, GAP = 2.6, 2.3, 0.2, 0.14  # inches: column of words, upper axes, a row of the matrix, above it
ROUNDING = 1e-9
PLAIN, REPORTED = "#9aa3ad", LINES[1]  # of what is not significant, and of the report's own specification


def draw_specification(drawing: Drawing) -> Sheet:
    """Effects above, the matrix of choices below; what the report decided is marked in both."""
    curve = drawing.curve
    assert curve is not None, "a figure of this kind has a curve"
    rows = sum(1 + len(choice.options) for choice in curve.words.choices)
    sheet = Sheet(drawing, PANEL_HEAD + EFFECTS + GAP + rows * ROW + 0.05)
    settings, language = drawing.settings, drawing.language
    sheet.write(EDGE, sheet.top + 0.02, settings.y_da if language == "da" else settings.y_en, TEXT_SIZE, color=GREY)
    sheet.write(EDGE, sheet.top + 0.2, curve.counts(language), TEXT_SIZE, weight="bold")
    above = _axes(sheet, sheet.top + PANEL_HEAD, EFFECTS)
    _draw_effects(above, curve, drawing)
    below = _axes(sheet, sheet.top + PANEL_HEAD + EFFECTS + GAP, rows * ROW)
    _draw_choices(below, curve, sheet, rows)
    return sheet


def _axes(sheet: Sheet, top: float, tall: float) -> Axes:
    place = (LABELS / WIDTH, 1 - (top + tall) / sheet.height, (WIDTH - LABELS - EDGE) / WIDTH, tall / sheet.height)
    axes = sheet.figure.add_axes(place)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    return axes


def _colors(curve: SpecificationCurve) -> list[str]:
    looks = np.where(curve.sides != 0, LINES[0].color, PLAIN)
    return [str(color) for color in np.where(curve.is_reported, REPORTED.color, looks)]


def _draw_effects(axes: Axes, curve: SpecificationCurve, drawing: Drawing) -> None:
    from matplotlib.ticker import MaxNLocator

    x, colors = np.arange(len(curve.names)), _colors(curve)
    axes.set_xlim(-1, max(len(x), 1))
    if not len(x):
        write_nothing(axes, drawing.words["nothing"])
        return
    axes.axhline(0, color=INK, linewidth=1.0, zorder=1.5)
    axes.vlines(x, curve.low, curve.high, colors=colors, linewidth=1.4, zorder=2)
    axes.scatter(x, curve.effects, c=colors, s=12, zorder=3, linewidths=0)
    for place in np.flatnonzero(curve.is_reported):
        look: dict[str, Any] = {"color": REPORTED.color, "zorder": 4}
        axes.vlines(x[place], curve.low[place], curve.high[place], linewidth=2.4, **look)
        axes.scatter(x[place], curve.effects[place], marker="D", s=44, edgecolors="white", linewidths=0.8, **look)
        _name_reported(axes, float(x[place]), len(x), curve.words.reported)
    axes.margins(y=0.04)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))
    step = float(axes.get_yticks()[1] - axes.get_yticks()[0])
    decimals = max(0, -floor(log10(step) + ROUNDING))
    axes.yaxis.set_major_formatter(lambda value, _: write_number(value, "count", drawing.language, decimals))


def _name_reported(axes: Axes, x: float, count: int, text: str) -> None:
    """The words above the report's specification, and a line down to it, on the side where there is room."""
    axes.axvline(x, color=REPORTED.color, linewidth=0.8, alpha=0.35, zorder=0.5)
    side = 0 if count / 4 < x < 3 * count / 4 else -1 if x > count / 2 else 1
    place: dict[str, Any] = {"textcoords": "offset points", "ha": {-1: "right", 0: "center", 1: "left"}[side]}
    axes.annotate(text, (x, 1), (4 * side, 2), xycoords=("data", "axes fraction"), va="bottom", color=REPORTED.ink,
                  weight="bold", **place)  # fmt: skip


def _draw_choices(axes: Axes, curve: SpecificationCurve, sheet: Sheet, rows: int) -> None:
    """A row for each option, a mark where a specification has it; the words stand at the left."""
    x, colors = np.arange(len(curve.names)), np.array(_colors(curve), dtype=object)
    axes.set_xlim(-1, max(len(x), 1))
    axes.set_ylim(rows, 0)
    axes.set_yticks([])
    axes.set_facecolor("none")
    top, row = sheet.top + PANEL_HEAD + EFFECTS + GAP, 0
    for place, choice in enumerate(curve.words.choices):
        sheet.write(EDGE, top + (row + 0.5) * ROW, choice.label, TEXT_SIZE, weight="bold", va="center")
        row += 1
        taken = np.array(curve.options(place), dtype=object)
        for key, label in choice.options:
            sheet.write(EDGE + 0.12, top + (row + 0.5) * ROW, label, TEXT_SIZE, va="center")
            axes.axhline(row + 0.5, color=RULE, linewidth=0.7, zorder=1)
            has = taken == key
            axes.vlines(x[has], row + 0.16, row + 0.84, colors=list(colors[has]), linewidth=1.8, zorder=2)
            row += 1
    for reported in np.flatnonzero(curve.is_reported):
        axes.axvline(x[reported], color=REPORTED.color, linewidth=0.8, alpha=0.35, zorder=0.5)
