"""The end of every curve, with the number there."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import TYPE_CHECKING

from pipeline.show.drawings import Curve
from pipeline.show.style import LINES, POINTS_PER_INCH

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LABEL_GAP = 11  # points between two numbers at the end of curves


def mark_ends(axes: Axes, curves: Sequence[Curve], axes_height: float) -> None:
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
            color=look.ink,
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
