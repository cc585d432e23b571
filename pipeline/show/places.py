"""Where the municipalities of a trial lie: from the name in the data to the outlines of the map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.names import slug

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    Ring = npt.NDArray[np.float64]

NAMES_FILE = "municipalities.csv"
JOINT = "_og_"  # between the municipalities of a joint job centre; no Danish municipality has it in its name
KM_PER_UNIT = 0.1


@dataclass(frozen=True)
class Place:
    """A municipality or joint job centre: its label and the numbers of its municipalities, none if it is not known."""

    label: str
    numbers: tuple[int, ...]


def find_places(units: Mapping[str, str], municipalities: pd.DataFrame) -> dict[str, Place]:
    """The place of each unit, by its address: 'koege', or 'a_og_b' for a joint job centre of two.

    `units` gives the name of each address as the data have it, which a unit without a known place keeps as its label.
    `municipalities` is municipalities.csv: number, name, and other spellings with semicolons between them.
    """
    known = {
        slug(name): (int(row["number"]), name.strip())
        for row in municipalities.to_dict("records")
        for name in [row["name"], *filter(None, row["other_names"].split(";"))]
    }
    places = {}
    for unit, name in units.items():
        parts = [known.get(part) for part in unit.split(JOINT)]
        found = [part for part in parts if part is not None]
        whole = len(found) == len(parts)
        places[unit] = (
            Place("/".join(label for _, label in found), tuple(n for n, _ in found)) if whole else Place(name, ())
        )
    return places


def read_outlines(outlines: pd.DataFrame) -> dict[int, list[Ring]]:
    """The rings of each municipality by its number, (k, 2) each in km: the largest first, a hole reversed."""
    return {
        int(row["number"]): [
            np.array([point.split(",") for point in ring.split(" ")], dtype=float) * KM_PER_UNIT
            for ring in row["outline"].split("; ")
        ]
        for row in outlines.to_dict("records")
    }


def inner_point(rings: list[Ring]) -> tuple[float, float]:
    """A point well inside an outline: the middle of its widest stretch at the height of the first ring's centre."""
    ring, ahead = rings[0], np.roll(rings[0], -1, axis=0)
    cross = ring[:, 0] * ahead[:, 1] - ahead[:, 0] * ring[:, 1]
    height = float(((ring[:, 1] + ahead[:, 1]) * cross).sum() / (3 * cross.sum()))
    every, after = np.concatenate(rings), np.concatenate([np.roll(ring, -1, axis=0) for ring in rings])
    passes = (every[:, 1] > height) != (after[:, 1] > height)
    start, end = every[passes], after[passes]
    share = (height - start[:, 1]) / (end[:, 1] - start[:, 1])
    edges = np.sort(start[:, 0] + share * (end[:, 0] - start[:, 0]))
    left, right = edges[::2], edges[1::2]
    widest = int(np.argmax(right - left))
    return float(left[widest] + right[widest]) / 2, height


def extent(outlines: Mapping[int, list[Ring]], numbers: list[int]) -> Ring:
    """Lower left and upper right corner of some municipalities, (2, 2) in km."""
    points = np.concatenate([ring for number in numbers for ring in outlines[number]])
    return np.array([points.min(axis=0), points.max(axis=0)])
