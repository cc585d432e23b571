"""The fit as text: the tables that the twin reads again (pipeline.twin.stored), and what they hold."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipeline.storage import write_if_changed
from pipeline.twin.behaviour import state_codes
from pipeline.twin.scores import Integers, read_scales


def format_scores(half_points: dict[str, Integers], person: Integers, answered: npt.NDArray[np.bool_]) -> str:
    """The file's text from scores (657,) in half points, -1 if missing, of those who `answered` (657,)."""
    names = [scale.variable for scale in read_scales() if scale.variable in half_points]
    lines = [",".join(["person", *names])]
    for i in np.flatnonzero(answered):
        cells = (int(half_points[name][i]) for name in names)
        lines.append(",".join([str(person[i]), *("" if cell < 0 else f"{cell / 2:g}" for cell in cells)]))
    return "\n".join(lines) + "\n"


def format_spells(course: npt.NDArray[np.int8]) -> str:
    """The spells of a course (weeks,): each state with its number of weeks."""
    names = list(state_codes())
    starts = np.flatnonzero(np.diff(course, prepend=-1))
    lengths = np.diff(starts, append=len(course))
    return " ".join(f"{names[course[start]]} {length}" for start, length in zip(starts, lengths, strict=True))


def write_table(path: Path, header: list[str], rows: list[list[object]]) -> None:
    """Write a comma-separated table if its bytes differ."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    write_if_changed(path, buffer.getvalue().encode("utf-8"))
