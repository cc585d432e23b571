"""Dots on a logarithmic axis, a row each, as SVG text that is the same on every machine."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

LABELS, AXIS, MARGIN, LINE, HEAD = 330, 520, 30, 20, 44  # widths and heights in pixels
COLOURS = ("#1b6ca8", "#d1495b", "#3a7d44", "#8f5ea2", "#b5651d")
SHAPES = ("circle", "square", "diamond", "triangle", "cross")


@dataclass(frozen=True)
class DotRow:
    """A row: its label, and the values by the name of their series; a heading has none."""

    label: str
    values: Mapping[str, float]


def draw_dots(title: str, axis: str, rows: Sequence[DotRow], ticks: Mapping[float, str], aim: float | None) -> str:
    """The SVG of some rows. `ticks` are the marks of the axis, whose ends are the first and the last.

    A value beyond the ends stands at the end. Series differ in shape as well as colour. `aim` is a line all over.
    """
    series = list(dict.fromkeys(name for row in rows for name in row.values))
    width, height = LABELS + AXIS + MARGIN, HEAD + LINE * (len(rows) + 2)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label={quoteattr(title)} font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        *_legend(series),
        *_grid(ticks, height),
    ]
    if aim is not None:
        x = _place(aim, ticks)
        lines.append(f'<line x1="{x}" y1="{HEAD - 8}" x2="{x}" y2="{height - 2 * LINE}" stroke="#222222"/>')
    for number, row in enumerate(rows):
        y = HEAD + LINE * number + 6
        weight = "" if row.values else ' font-weight="bold"'
        lines.append(f'<text x="{8 if not row.values else 20}" y="{y + 4}"{weight}>{escape(row.label)}</text>')
        for name, value in row.values.items():
            place = series.index(name)
            mark = _mark(place, _place(value, ticks), float(y))
            lines.append(mark.replace("/>", f"><title>{escape(name)}: {value:.4g}</title></{mark[1:].split()[0]}>"))
    lines.append(f'<text x="{LABELS + AXIS / 2}" y="{height - 4}" text-anchor="middle">{escape(axis)}</text>')
    return "\n".join([*lines, "</svg>", ""])


def _place(value: float, ticks: Mapping[float, str]) -> float:
    """Where a value stands, from the left, in pixels."""
    low, high = math.log(min(ticks)), math.log(max(ticks))
    share = (math.log(max(value, min(ticks))) - low) / (high - low)
    return round(LABELS + AXIS * min(share, 1.0), 1)


def _grid(ticks: Mapping[float, str], height: int) -> Iterator[str]:
    for value, text in ticks.items():
        x = _place(value, ticks)
        yield f'<line x1="{x}" y1="{HEAD - 8}" x2="{x}" y2="{height - 2 * LINE}" stroke="#dddddd"/>'
        yield f'<text x="{x}" y="{height - 2 * LINE + 14}" text-anchor="middle" fill="#444444">{escape(text)}</text>'


def _legend(series: Sequence[str]) -> Iterator[str]:
    """The series, side by side above the rows."""
    x = 20.0
    for place, name in enumerate(series):
        yield _mark(place, x, 16.0)
        yield f'<text x="{x + 10}" y="20">{escape(name)}</text>'
        x += 34 + 6.6 * len(name)


def _mark(place: int, x: float, y: float) -> str:
    """The mark of a series, about 9 pixels wide."""
    colour, shape = COLOURS[place % len(COLOURS)], SHAPES[place % len(SHAPES)]
    if shape == "circle":
        return f'<circle cx="{x}" cy="{y}" r="4.5" fill="{colour}" fill-opacity="0.8"/>'
    corners = {
        "square": ((-4, -4), (4, -4), (4, 4), (-4, 4)),
        "diamond": ((0, -6), (5, 0), (0, 6), (-5, 0)),
        "triangle": ((0, -5), (5, 4), (-5, 4)),
        "cross": (
            (-1, -5),
            (1, -5),
            (1, -1),
            (5, -1),
            (5, 1),
            (1, 1),
            (1, 5),
            (-1, 5),
            (-1, 1),
            (-5, 1),
            (-5, -1),
            (-1, -1),
        ),
    }[shape]
    points = " ".join(f"{round(x + dx, 1)},{y + dy}" for dx, dy in corners)
    return f'<polygon points="{points}" fill="{colour}" fill-opacity="0.8"/>'
