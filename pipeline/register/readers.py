"""Reading the files of an extract as received: text, checked line by line against extract.toml."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline.errors import InputError
from pipeline.names import canonical
from pipeline.settings.extract import Extract
from pipeline.storage import digest

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

DIGITS_OF_A_BIRTH_DATE = 6  # a person's number begins with them
DATE = re.compile(r"\d{4}-\d{2}-\d{2}|\d{2}-\d{2}-\d{4}")


def read_received(path: Path, extract: Extract) -> pd.DataFrame:
    """One received csv as `read_separated` gives it, if it is the file that extract.toml describes.

    Raises InputError if extract.toml is that of another folder or does not list the file, or if the file's SHA-256 or
    number of rows differs.
    """
    require_own(path.parent, extract)
    role = next((role for role, file in extract.files.items() if file.path == path.name), None)
    if role is None:
        raise InputError(f"{path}: not listed in {path.parent}/extract.toml. {again(path)}.")
    specification = extract.files[role]
    found = digest(path)
    if found != specification.sha256:
        raise InputError(
            f"{path}: its SHA-256 is {found[:12]}..., extract.toml says {specification.sha256[:12]}.... A received "
            "file never changes: restore it (the synthetic one: make twin), or give a new extract a folder of its own. "
            f"If the data owner mended it, {again(path)}."
        )
    by_week = role == "register" and extract.format != "dream_wide"
    frame = read_separated(path, specification.separator, specification.key, specification.columns, repeats=by_week)
    frame.attrs.update(decimal=specification.decimal, names=specification.columns)
    if len(frame) != specification.rows:
        raise InputError(f"{path}: {len(frame)} rows, extract.toml says {specification.rows}. Restore the file.")
    return frame


def require_own(folder: Path, extract: Extract) -> None:
    """Raise InputError for an extract.toml that came with the files from another folder."""
    if folder.name != extract.name:
        raise InputError(
            f'{folder}/extract.toml: name = "{extract.name}" is not the name of its folder: it was copied. '
            f"Say make extract EXTRACT={folder.name}, which takes it over if the files are the same."
        )


def read_separated(
    path: Path, separator: str, key: str, columns: Mapping[str, str] | None = None, *, repeats: bool = False
) -> pd.DataFrame:
    """A separated file as a data frame of text, indexed by the line number in the file (header = line 1).

    Columns keep the order of the file and its names, but for `columns`: the name wanted, and that in the file. Empty
    cells are ''. Cells may be quoted, surrounding blanks are trimmed, and blank lines at the end are none. Raises
    InputError if a line has another number of cells than the header, a column occurs twice, the bytes are not UTF-8,
    or the key is missing or, unless it `repeats`, repeated. A file whose key is '' holds no persons.
    """
    header, rows, lines = _split(path, separator)
    return _to_frame(path, _rename(path, header, columns or {}), rows, lines, key, repeats)


def read_header(path: Path, separator: str) -> list[str]:
    """The names of the columns, whatever the rest of the file is."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        return [canonical(name) for name in next(csv.reader(file, delimiter=separator), [])]


def again(path: Path) -> str:
    """How a file that was mended is registered again, as the end of a sentence."""
    return f"say make extract EXTRACT={path.parent.name} AGAIN=yes"


def _split(path: Path, separator: str) -> tuple[list[str], list[list[str]], list[int]]:
    """Header and rows of a separated file, and each row's line; every row has as many cells as the header."""
    try:
        text = path.read_bytes().decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise InputError(
            f"{path}, line {line}: not UTF-8. Save the file as UTF-8; if the extract is registered, {again(path)}."
        ) from error
    if not text:
        raise InputError(f"{path}: the file is empty. Restore it.")
    rows, lines = _parse(path, text, separator)
    header = [canonical(name) for name in rows.pop(0)]
    repeated = sorted({name for name in header if header.count(name) > 1})
    if repeated:
        shown = ", ".join(map(show_value, repeated[:5]))
        raise InputError(f"{path}, line 1: columns that occur twice: {shown}. Keep one of each.")
    wrong = [place for place, row in enumerate(rows) if len(row) != len(header)]
    if wrong:
        raise InputError(
            f"{path}, line {lines[wrong[0] + 1]}: {len(rows[wrong[0]])} cells, the header has {len(header)} "
            f"({len(wrong)} such lines). Restore the line."
        )
    return header, rows, lines[1:]


def _parse(path: Path, text: str, separator: str) -> tuple[list[list[str]], list[int]]:
    """Every row as its cells, and the line on which it begins."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows, lines, line = [], [], 1
    try:
        for row in reader:
            rows.append(row)
            lines.append(line)
            line = reader.line_num + 1
    except csv.Error as error:
        raise InputError(
            f"{path}, line {line}: a cell begins with a quotation mark that does not close it ({error}). Mend the "
            f"quotes; if the extract is registered, {again(path)}."
        ) from error
    return rows, lines


def _rename(path: Path, header: list[str], columns: Mapping[str, str]) -> list[str]:
    """The names that the study has for the columns; InputError for a name that the file has not, or has already."""
    absent = [f"{wanted} = '{own}'" for wanted, own in columns.items() if own not in header or wanted in header]
    if absent:
        raise InputError(
            f"{path.parent}/extract.toml, columns of {path.name}: {', '.join(absent)}: the file lacks the one name, or "
            f"has the other too ({len(absent)} columns). Mend the names there; on the left stands the study's name."
        )
    wanted = {own: name for name, own in columns.items()}
    return [wanted.get(name, name) for name in header]


def _to_frame(
    path: Path, header: list[str], rows: list[list[str]], lines: list[int], key: str, repeats: bool
) -> pd.DataFrame:
    import pandas as pd

    frame = pd.DataFrame([[cell.strip() for cell in row] for row in rows], columns=header, dtype=object)
    frame.index = pd.Index(lines, dtype="int64", name="line")
    frame.attrs["path"] = str(path)
    if key:
        require_columns(frame, [key])
        check_key(frame, key, repeats=repeats)
    return frame


def refuse_cells(frame: pd.DataFrame, column: str, wrong: pd.Series, fault: str, remedy: str) -> None:
    """Raise InputError for the cells of `column` marked in `wrong` (boolean, a row a line), if there are any.

    The message names file, first line, column, the first wrong value and the number of cells.
    """
    if not wrong.any():
        return
    shown = show_value(str(frame.loc[wrong, column].iloc[0]))
    raise InputError(
        f"{frame.attrs['path']}, line {frame.index[wrong][0]}, column {column}: the value {shown} {fault} "
        f"({int(wrong.sum())} cells). {remedy}"
    )


def refuse_block(cells: pd.DataFrame, wrong: npt.NDArray[np.bool_], fault: str, remedy: str) -> None:
    """As `refuse_cells`, for the cells of many columns marked in `wrong` (rows, columns)."""
    places = np.argwhere(wrong)
    if not len(places):
        return
    row, column = places[0]
    raise InputError(
        f"{cells.attrs['path']}, line {cells.index[row]}, column {cells.columns[column]}: the value "
        f"{show_value(str(cells.iat[row, column]))} {fault} ({len(places)} cells). {remedy}"
    )


def show_value(value: str) -> str:
    """A value as an error may show it: in quotes, but hidden if its digits could be a person's number."""
    return repr(value) if count_digits(value) < DIGITS_OF_A_BIRTH_DATE or DATE.fullmatch(value) else "(digits hidden)"


def count_digits(value: str) -> int:
    """How many of the characters are digits."""
    return sum(character.isdigit() for character in value)


def parse_numbers(cells: pd.Series, decimal: str) -> pd.Series:
    """Cells of text as numbers written with this decimal mark; missing where they are none."""
    number = re.compile(rf"-?([0-9]+|[0-9]*{re.escape(decimal)}[0-9]+)")
    known = {cell: float(cell.replace(decimal, ".")) for cell in cells.dropna().unique() if number.fullmatch(cell)}
    return cells.map(known).astype("float64")


def require_columns(frame: pd.DataFrame, names: list[str]) -> None:
    """Raise InputError naming the file and the columns among `names` that `frame` lacks."""
    absent = [name for name in names if name not in frame.columns]
    if absent:
        raise InputError(
            f"{frame.attrs['path']}, line 1: columns missing: {', '.join(absent[:5])} ({len(absent)} in all). "
            "Restore them, or say what the file calls them under columns in extract.toml."
        )


def check_key(frame: pd.DataFrame, key: str, parsed: pd.Series | None = None, *, repeats: bool = False) -> None:
    """Raise InputError naming file, lines and count if a key is missing or repeated; the key itself is not shown.

    `parsed` holds the keys as they are compared, if not as written: 7 and 007 are one number. With `repeats` a key may
    stand on many lines, as in a register of weeks.
    """
    path = frame.attrs["path"]
    missing = frame.index[frame[key] == ""]
    if len(missing):
        raise InputError(
            f"{path}, line {missing[0]}, column {key}: the person key is missing ({len(missing)} lines). "
            "Ask the data owner for the key; a row without it cannot be used."
        )
    if repeats:
        return
    repeated = frame.index[(frame[key] if parsed is None else parsed).duplicated(keep=False)]
    if len(repeated):
        shown = ", ".join(str(line) for line in repeated[:4])
        raise InputError(
            f"{path}, column {key}: a person key occurs more than once ({len(repeated)} lines, the first {shown}). "
            "Keep one row a person."
        )
