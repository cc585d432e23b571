"""The calibrated scores on file: one row a person who answered, one column a variable, empty = missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipeline.twin.stored import read_column, read_rows, read_stored

Integers = npt.NDArray[np.int64]
CALIBRATED = Path(__file__).parent / "calibrated"
BASELINE = CALIBRATED / "scores.csv"
FOLLOWUP = CALIBRATED / "followup.csv"
SCALES = Path(__file__).parent / "data" / "scales.csv"


@dataclass(frozen=True)
class Scale:
    """How items of the questionnaires sent (data/scales.csv) make a score: their names and range, and the rule."""

    variable: str
    items: tuple[str, ...]
    minimum: int
    maximum: int
    scoring: str
    indicator_values: tuple[int, ...]
    minimum_answered: int
    followup: bool


@cache
def read_scales() -> tuple[Scale, ...]:
    """The scales in the order of the questionnaire; items 'X_1..6' are X_1 to X_6."""
    return tuple(
        Scale(
            row["variable"],
            _item_names(row["items"]),
            int(row["item_minimum"]),
            int(row["item_maximum"]),
            row["scoring"],
            tuple(int(value) for value in row["indicator_values"].split()),
            int(row["minimum_answered"]),
            row["followup"] == "1",
        )
        for row in read_rows(SCALES)
    )


def _item_names(items: str) -> tuple[str, ...]:
    if ".." not in items:
        return (items,)
    first, last = items.split("..")
    stem, start = first.rsplit("_", 1)
    return tuple(f"{stem}_{number}" for number in range(int(start), int(last) + 1))


def read_scores(path: Path, persons: int) -> tuple[dict[str, Integers], npt.NDArray[np.bool_]]:
    """Scores by variable (persons,) in half points, -1 if missing, and who has a row; persons are numbered from 1."""
    rows = read_stored(path, ["person"])
    names: Sequence[str] = [name for name in rows[0] if name != "person"]
    position = np.array(read_column(path, rows, "person", lambda text: _position(text, persons)))
    scores = {}
    for name in names:
        scores[name] = np.full(persons, -1, dtype=np.int64)
        scores[name][position] = read_column(path, rows, name, lambda text: round(2 * float(text)) if text else -1)
    answered = np.zeros(persons, dtype=np.bool_)
    answered[position] = True
    return scores, answered


def _position(text: str, persons: int) -> int:
    """Position of a person's number; ValueError if there is no such person."""
    if not 1 <= int(text) <= persons:
        raise ValueError("no person of the frame")
    return int(text) - 1
