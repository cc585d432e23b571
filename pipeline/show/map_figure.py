"""A map of the municipalities: a number on each of the trial, and beside the map what the number stands for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import InputError
from pipeline.show.addresses import WHOLE
from pipeline.show.drawings import Drawing
from pipeline.show.map_numbers import Mark, place_numbers
from pipeline.show.places import NAMES_FILE, extent, inner_point
from pipeline.show.rows import danish_order
from pipeline.show.style import EDGE, GREY, INK, NOTE_SIZE, RULE, TEXT_SIZE, WIDTH, Sheet
from pipeline.show.typeface import text_width

if TYPE_CHECKING:
    import numpy.typing as npt
    from matplotlib.axes import Axes

    FloatArray = npt.NDArray[np.float64]
    Rings = list[FloatArray]

MARGIN, LEGEND, PITCH, KEY = 1.78, 0.36, 0.275, 0.19  # inches: a column of names, the legend, one name, its number
BORNHOLM, FRAME = 400, 0.08  # its number, and inches around it in the upper right corner of the map
LINE_OF_LABEL = 0.13
MARK_SIZE, MARK_HEIGHT = 7.5, 0.1  # points, and inches
MARK_BOX = {"boxstyle": "round,pad=0.12", "facecolor": "white", "edgecolor": "none"}
LOOKS: dict[str, Any] = {
    "none": {"facecolor": "#ececec", "edgecolor": "#ffffff", "linewidth": 0.5},
    "left_out": {"facecolor": "#ffffff", "edgecolor": "#a3561a", "linewidth": 0.5, "hatch": "//////"},
    "analysed": {"facecolor": "#7fa3cc", "edgecolor": "#ffffff", "linewidth": 0.5},
}


@dataclass(frozen=True)
class Label:
    """What stands beside the map: its number in the list, its number's address, and its points: (2,) inches each."""

    number: str
    name: str
    numbers: str
    address: str
    points: Mapping[int, FloatArray]


def draw_map(drawing: Drawing, outlines: Mapping[int, Rings]) -> Sheet:
    """Every municipality with those of the trial filled, hatched where nobody is analysed; Bornholm in the corner."""
    placed, map_height = _lay_out(outlines)
    located = [unit for unit, place in drawing.places.items() if place.numbers]
    located.sort(key=lambda unit: danish_order(drawing.places[unit].label))
    body = max(map_height, PITCH * ((len(located) + 1) // 2))
    _require_outlines(drawing, placed)
    rise = np.array([0, (body - map_height) / 2])
    placed = {number: [ring + rise for ring in rings] for number, rings in placed.items()}
    sheet = Sheet(drawing, LEGEND + body)
    axes = sheet.figure.add_axes((0, sheet.foot / sheet.height, 1, (LEGEND + body) / sheet.height))
    axes.set_axis_off()
    axes.set_xlim(0, WIDTH)
    axes.set_ylim(0, LEGEND + body)
    states = {number: _state(drawing, unit) for unit, place in drawing.places.items() for number in place.numbers}
    for state in LOOKS:  # the borders of those that take part lie on top
        for number in (number for number in placed if states.get(number, "none") == state):
            axes.add_artist(_shape(placed[number], state))
    _frame_bornholm(axes, placed)
    if located:
        _write_labels(axes, [_label(drawing, unit, n, placed) for n, unit in enumerate(located, 1)], placed, body)
    _write_legend(axes, drawing, LEGEND + body)
    return sheet


def _require_outlines(drawing: Drawing, placed: Mapping[int, Rings]) -> None:
    for place in drawing.places.values():
        absent = [number for number in place.numbers if number not in placed]
        if absent:
            raise InputError(
                f"{NAMES_FILE}: {place.label} has the number {absent[0]}, of which the map has no outline. Mend it."
            )


def _lay_out(outlines: Mapping[int, Rings]) -> tuple[dict[int, Rings], float]:
    """The rings in inches from the lower left corner of the axes, and the height of the map."""
    low, high = extent(outlines, [number for number in outlines if number != BORNHOLM])
    scale = (WIDTH - 2 * MARGIN) / (high[0] - low[0])
    placed = {number: [(ring - low) * scale + [MARGIN, 0] for ring in rings] for number, rings in outlines.items()}
    height = float((high[1] - low[1]) * scale)
    if BORNHOLM in placed:
        corner = extent(placed, [BORNHOLM])[1]
        move = np.array([WIDTH - MARGIN, height]) - FRAME - corner
        placed[BORNHOLM] = [ring + move for ring in placed[BORNHOLM]]
    return placed, height


def _shape(rings: Rings, state: str) -> Any:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    closed = [Path(np.concatenate([ring, ring[:1]]), closed=True) for ring in rings]
    return PathPatch(Path.make_compound_path(*closed), **LOOKS[state])


def _frame_bornholm(axes: Axes, placed: Mapping[int, Rings]) -> None:
    """A frame around the island that does not lie where it is drawn."""
    from matplotlib.patches import Rectangle

    if BORNHOLM in placed:
        low, high = extent(placed, [BORNHOLM])
        axes.add_patch(Rectangle(low - FRAME, *(high - low + 2 * FRAME), fill=False, edgecolor=RULE, linewidth=0.8))


def _state(drawing: Drawing, unit: str) -> str:
    persons = drawing.shown[f"{drawing.name}/{unit}/{drawing.settings.series[-1].key}"]
    return "left_out" if persons == "0" else "analysed"


def _label(drawing: Drawing, unit: str, number: int, placed: Mapping[int, Rings]) -> Label:
    place = drawing.places[unit]
    points = {number: np.array(inner_point(placed[number])) for number in place.numbers}
    numbers = drawing.words["none"] if _state(drawing, unit) == "left_out" else _numbers(drawing, unit)
    address = f"{drawing.name}/{unit}/{drawing.settings.series[-1].key}"
    return Label(str(number), place.label, numbers, address, points)


def _numbers(drawing: Drawing, unit: str) -> str:
    """'2 teams, n = 31': the last series counts persons, one before it their clusters."""
    *clusters, persons = (drawing.shown[f"{drawing.name}/{unit}/{series.key}"] for series in drawing.settings.series)
    counted = [f"{number} {drawing.words['one' if number == '1' else 'many']}" for number in clusters]
    return ", ".join([*counted, f"n = {persons}"])


def _write_labels(axes: Axes, labels: list[Label], placed: Mapping[int, Rings], height: float) -> None:
    """The list of names in two columns beside the map, and their numbers on it."""
    rows = (len(labels) + 1) // 2
    for place, label in enumerate(labels):
        column, row = divmod(place, rows)
        _write_label(axes, label, WIDTH - MARGIN + 0.06 if column else EDGE, height - (row + 0.5) * height / rows)
    marks = [
        Mark(label.number, point, np.ptp(placed[number][0], axis=0), text_width(label.number, MARK_SIZE), MARK_HEIGHT)
        for label in labels
        for number, point in label.points.items()
    ]
    outlines = [placed[number][0] for label in labels for number in label.points]
    room = np.array([[MARGIN, 0], [WIDTH - MARGIN, height]])
    for mark, middle in zip(marks, place_numbers(marks, outlines, room), strict=True):
        if not np.array_equal(middle, mark.point):
            axes.plot(*zip(middle, mark.point, strict=True), color=INK, linewidth=0.6)
            axes.plot(*mark.point, "o", color="white", markeredgecolor=INK, markeredgewidth=0.6, markersize=3.0)
        axes.text(
            middle[0],
            middle[1],
            mark.text,
            fontsize=MARK_SIZE,
            color=INK,
            ha="center",
            va="center_baseline",
            bbox=MARK_BOX,
        )


def _write_label(axes: Axes, label: Label, x: float, y: float) -> None:
    name, number = y + LINE_OF_LABEL / 2, y - LINE_OF_LABEL / 2
    axes.text(x + KEY - 0.05, name, label.number, fontsize=NOTE_SIZE, color=INK, ha="right", va="center", weight="bold")
    axes.text(x + KEY, name, label.name, fontsize=NOTE_SIZE, color=INK, va="center")
    axes.text(x + KEY, number, label.numbers, fontsize=NOTE_SIZE, color=GREY, va="center", gid=label.address)


def _write_legend(axes: Axes, drawing: Drawing, top: float) -> None:
    """What a fill means, with the numbers of the whole."""
    from matplotlib.patches import Rectangle

    texts = {"analysed": f"{drawing.words['analysed']}: {_numbers(drawing, WHOLE)}"}
    if any(_state(drawing, unit) == "left_out" for unit in drawing.places):
        texts["left_out"] = drawing.words["left_out"]
    left, middle = EDGE, top - 0.12
    for state, text in texts.items():
        axes.add_patch(Rectangle((left, middle - 0.07), 0.24, 0.14, **LOOKS[state]))
        axes.text(left + 0.32, middle, text, fontsize=TEXT_SIZE, va="center")
        left += 0.32 + text_width(text, TEXT_SIZE) + 0.3
