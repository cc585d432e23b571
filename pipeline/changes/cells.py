"""Cells of received files as if they held something else: SET="dream.csv,12,Y_1544,890"."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pipeline.errors import InputError
from pipeline.register.columns import LIKE_A_CELL
from pipeline.register.files.rows import Texts
from pipeline.register.persons import link_keys
from pipeline.register.places import FILE, LINE_IN
from pipeline.register.shown import show_column
from pipeline.settings.extract import Extract, is_register
from pipeline.settings.study import Design

if TYPE_CHECKING:
    import pandas as pd

Files = Mapping[str, "pd.DataFrame"]  # by role the frames of text, indexed by line, that the stages are given
FORM = 'SET="dream.csv,12,Y_1544,890": file, line, column and what the cell holds, nothing for an empty one'
BETWEEN = ";"  # of several cells


class Cell(NamedTuple):
    """A cell of a received file by the name of the file, its line there and its column, and what it would hold."""

    file: str
    line: int
    column: str
    value: str


class Found(NamedTuple):
    """Where a cell stands among the frames: the role, the position of the row, the name of the column.

    key: the person's key there as it is compared.
    """

    role: str
    row: int
    column: str
    key: str


def parse_cells(text: str) -> list[Cell]:
    """The cells that SET names, several with ';' between them; InputError for what is no cell."""
    cells = []
    for part in filter(None, map(str.strip, text.split(BETWEEN))):
        file, line, column, value = (*part.split(",", 3), "", "", "")[:4]
        if part.count(",") < 3 or not line.strip().isdecimal() or not column.strip():
            raise InputError(f"SET: {show_column(part)!r} is no cell. Say {FORM}.")
        cells.append(Cell(Path(file.strip()).name, int(line), column.strip(), value.strip()))
    if not cells:
        raise InputError(f"SET: no cell is named. Say {FORM}.")
    return cells


def find_cell(cell: Cell, files: Files, extract: Extract, design: Design) -> Found:
    """Where a cell stands; InputError for a file, line or column that no number rests on, and for a person's key."""
    role = next((role for role, facts in extract.files.items() if Path(facts.path).name == cell.file), "")
    named = "register" if is_register(role) else role
    if named not in files:
        read = ", ".join(facts.path for role, facts in extract.files.items() if is_register(role) or role in files)
        raise InputError(f"SET: numbers rest on no file {cell.file!r} of the extract. They do on {read}.")
    frame, place = files[named], _place_of_file(files[named], cell.file)
    column = _find_column(cell, frame, place, extract.files[role].columns)
    key = design.key if named == "register" else design.person
    if column in (design.key, design.person):
        raise InputError(
            f"{cell.file}, column {cell.column}: a key says whose the row is, so with another one it would not be one "
            "cell that changes but whose all of them are. Change another column."
        )
    lines = LINE_IN.format(place)
    numbers = frame.get(lines, frame.index)
    at = np.flatnonzero(numbers.to_numpy() == cell.line + FILE * place)
    if not len(at):
        raise InputError(
            f"{cell.file}, line {cell.line}: no row of a randomised person, so no number rests on it. The cells files "
            "of a trace name the lines."
        )
    return Found(named, int(at[0]), column, link_keys(frame[key].iloc[at[:1]]).iloc[0])


def _place_of_file(frame: pd.DataFrame, file: str) -> int:
    """Which of the files of a register it is; 0 where there is one."""
    paths = [Path(part["path"]).name for part in frame.attrs.get("parts", ())]
    return paths.index(file) if file in paths else 0


def _find_column(cell: Cell, frame: pd.DataFrame, place: int, renamed: Mapping[str, str]) -> str:
    """The study's name of a column that is named as the file calls it, or as the study does."""
    parts = frame.attrs.get("parts", ())
    own = dict(parts[place]["columns"] if parts else {name: renamed.get(name, name) for name in map(str, frame)})
    called = {str(theirs): str(name) for name, theirs in own.items()} | {str(name): str(name) for name in own}
    if cell.column not in called:
        near = difflib.get_close_matches(cell.column, called, n=3)
        hint = f"Near it: {', '.join(near)}." if near else "The cells files of a trace name the columns."
        raise InputError(f"{cell.file}, line 1: no column {show_column(cell.column)} that is read. {hint}")
    name = called[cell.column]
    first = next((part["path"] for part in parts[:place] if name in part["columns"]), None)
    if first is not None and LINE_IN.format(place) in frame and not LIKE_A_CELL.match(name):  # no two have one week
        raise InputError(f"{cell.file}, column {cell.column}: it is read from {first}. Name that file.")
    return name


def set_cell(cell: Cell, found: Found, files: Files, extract: Extract) -> tuple[dict[str, pd.DataFrame], str]:
    """The frames with the cell changed, and what it held; the new text is read as those of the file are."""
    facts = next(facts for facts in extract.files.values() if Path(facts.path).name == cell.file)
    frame = files[found.role].copy()
    at = list(frame.columns).index(found.column)
    before = str(frame.iat[found.row, at])
    frame.iat[found.row, at] = Texts(facts.decimal, facts.blanks).text(cell.value)
    return {**files, found.role: frame}, before
