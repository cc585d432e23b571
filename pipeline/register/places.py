"""Where a row or a cell of a received file stands: which file, and which line of it.

A register may be several files. The number of a row is its line, and in the files after the first FILE more for each.
A frame that was joined of several files by persons has, besides its own number, that of the row in each (`LINE_IN`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

FILE = 1_000_000_000
LINE_IN = "line in file {}"
NOWHERE = -1


def file_and_line(frame: pd.DataFrame, number: int) -> tuple[str, int]:
    """The path of the file of the row of this number, and its line there."""
    paths = [part["path"] for part in frame.attrs.get("parts", ())] or [frame.attrs["path"]]
    return paths[number // FILE], number % FILE


def place_of_row(frame: pd.DataFrame, number: int) -> str:
    """The file and the line of the row of this number, as messages show them."""
    path, line = file_and_line(frame, number)
    return f"{path}, line {line}"


def place_of_cell(frame: pd.DataFrame, row: int, column: str) -> str:
    """The file, the line and the column, as the file calls it, of the cell of a row by its position."""
    number = int(number_cells(frame.iloc[[row]], [column])[0, 0])
    parts = frame.attrs.get("parts", ())
    own = parts[number // FILE]["columns"][column] if parts and number != NOWHERE else column
    return f"{place_of_row(frame, frame.index[row] if number == NOWHERE else number)}, column {own}"


def number_cells(frame: pd.DataFrame, names: Sequence[str]) -> NDArray[np.int64]:
    """The number of the row in which each cell (rows, columns) stands; -1 where no file has a row of the person for it.

    No two files have one cell.
    """
    parts = frame.attrs.get("parts", ())
    if not parts or LINE_IN.format(0) not in frame:
        return np.broadcast_to(frame.index.to_numpy(dtype=np.int64)[:, None], (len(frame), len(names)))
    numbers = np.full((len(frame), len(names)), NOWHERE, dtype=np.int64)
    for place, part in enumerate(parts):
        own = set(part["columns"])
        columns = [position for position, name in enumerate(names) if name in own]
        lines = frame[LINE_IN.format(place)].to_numpy(dtype=np.int64)[:, None]
        numbers[:, columns] = np.where(lines == NOWHERE, numbers[:, columns], lines)
    return numbers
