"""Where the municipalities of a trial lie: from the name in the data to the outlines of the map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.errors import InputError
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
    """A municipality or joint job centre: its label and the numbers of its municipalities."""

    label: str
    numbers: tuple[int, ...]


def find_places(units: list[str], municipalities: pd.DataFrame) -> dict[str, Place]:
    """The place of each unit, a slug as in sample.parquet: 'koege', or 'a_og_b' for a joint job centre of two.

    `municipalities` is municipalities.csv: number, name, and other spellings with semicolons between them.
    InputError names every unit that is neither a municipality nor several.
    """
    known = {
        slug(name): (int(row["number"]), name.strip())
        for row in municipalities.to_dict("records")
        for name in [row["name"], *filter(None, row["other_names"].split(";"))]
    }
    absent = [unit for unit in units if any(part not in known for part in unit.split(JOINT))]
    if absent:
        raise InputError(
            f"allocation.csv, column KOMMUNE: {len(absent)} municipalities have no place on the map, the first of them "
            f"'{absent[0]}'. Mend the name, or add the spelling to other_names in {NAMES_FILE}; a joint job centre is "
            "written as its municipalities with 'og' between them."
        )
    members = {unit: [known[part] for part in unit.split(JOINT)] for unit in units}
    return {
        unit: Place("/".join(name for _, name in parts), tuple(number for number, _ in parts))
        for unit, parts in members.items()
    }


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
