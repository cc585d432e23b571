"""Numbers on a map: each on its place, or as near to it as there is room, with a short line to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    FloatArray = npt.NDArray[np.float64]
    BoolArray = npt.NDArray[np.bool_]

FIRST, LAST, STEP, TURNS = 0.13, 1.2, 0.03, 24  # inches from the place that are tried, and directions at each
NEAREST = 150  # free spots to which a line is tried
AIR, DOT, PARTS = 0.02, 0.03, 20  # inches around a number, around a place, and the points that stand for a line


@dataclass(frozen=True)
class Mark:
    """A number of `width` and `height` inches for a place at `point` (2,), whose outline spans `size` (2,) inches."""

    text: str
    point: FloatArray
    size: FloatArray
    width: float
    height: float

    @property
    def half(self) -> FloatArray:
        """Half of what it takes, with air around it."""
        return np.array([self.width, self.height]) / 2 + AIR

    @property
    def fits_inside(self) -> bool:
        """Whether the outline has room for it."""
        return bool(np.all(self.size > 2 * self.half))


def place_numbers(marks: Sequence[Mark], outlines: Sequence[FloatArray], room: FloatArray) -> list[FloatArray]:
    """The middle of each number, (2,) in the order of `marks`; where its outline holds it, it stands on its place.

    The others go to the nearest spot in the `room`, (2, 2) its lower left and upper right corner, that covers no
    number, no place and, if there is such a spot, none of `outlines`, (k, 2) each, and whose line to the place touches
    neither number nor line.
    """
    middles = [mark.point for mark in marks]
    boxes: list[tuple[FloatArray, FloatArray]] = []
    moved = []
    for number, mark in enumerate(marks):
        if mark.fits_inside and (not boxes or _stands_free(mark.point[None], mark.half, boxes)[0]):
            boxes.append((mark.point, mark.half))
        else:
            moved.append((number, mark))
    dots = [(mark.point, np.full(2, DOT)) for mark in marks]
    for number, mark in moved:
        others = [*boxes, *(dot for dot in dots if dot[0] is not mark.point)]
        spots = _spots(mark)
        spots = spots[np.all((spots - mark.half > room[0]) & (spots + mark.half < room[1]), axis=1)]
        free = spots[_stands_free(spots, mark.half, others)][:NEAREST]
        free = _if_any(free, _reaches(free, mark, others))
        free = _if_any(free, ~_covers(free, outlines))
        middles[number] = free[0] if len(free) else mark.point
        boxes.append((middles[number], mark.half))
        dots += [(point, np.zeros(2)) for point in _line(mark.point, middles[number][None])[0]]
    return middles


def _if_any(spots: FloatArray, wanted: BoolArray) -> FloatArray:
    """The spots that are wanted; all where none is."""
    return spots[wanted] if wanted.any() else spots


def _spots(mark: Mark) -> FloatArray:
    """Spots around a place, (m, 2), the nearest first."""
    turns = np.linspace(0, 2 * np.pi, TURNS, endpoint=False)
    distances = np.arange(FIRST, LAST, STEP)[:, None, None]
    circle = np.stack([np.cos(turns), np.sin(turns)], axis=-1)
    return np.asarray(mark.point + (distances * circle).reshape(-1, 2))


def _line(start: FloatArray, ends: FloatArray) -> FloatArray:
    """Points on the lines from `start` (2,) to each of `ends` (m, 2): (m, PARTS, 2)."""
    return np.asarray(start + np.linspace(0, 1, PARTS)[None, :, None] * (ends - start)[:, None, :])


def _stands_free(spots: FloatArray, half: FloatArray, boxes: Sequence[tuple[FloatArray, FloatArray]]) -> BoolArray:
    """At which of the spots (m, 2) a number touches none of the boxes, each a middle and a half."""
    middles, halves = (np.array(part) for part in zip(*boxes, strict=True))
    return ~np.any(np.all(np.abs(spots[:, None] - middles) < half + halves, axis=-1), axis=1)


def _reaches(spots: FloatArray, mark: Mark, boxes: Sequence[tuple[FloatArray, FloatArray]]) -> BoolArray:
    """From which of the spots (m, 2) the line to the place touches none of the boxes; a point is as wide as a step."""
    middles, halves = (np.array(part) for part in zip(*boxes, strict=True))
    apart = np.abs(_line(mark.point, spots)[:, :, None] - middles)
    return ~np.any(np.all(apart < np.maximum(halves, STEP / 2), axis=-1), axis=(1, 2))


def _covers(spots: FloatArray, outlines: Sequence[FloatArray]) -> BoolArray:
    """Which of the spots (m, 2) lie in an outline."""
    from matplotlib.path import Path

    return np.any([Path(outline).contains_points(spots) for outline in outlines], axis=0)
