"""Reading the files of an extract as received, whatever their format: frames of text, checked against extract.toml."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline.errors import InputError
from pipeline.register.columns import WEEK_OF_YEAR
from pipeline.register.files.kinds import open_file
from pipeline.register.places import place_of_cell, place_of_row
from pipeline.register.shown import DIGITS_OF_A_PERSON as DIGITS_OF_A_PERSON
from pipeline.register.shown import count_digits as count_digits
from pipeline.register.shown import show_column as show_column
from pipeline.register.shown import show_value as show_value
from pipeline.settings.extract import Extract, RawFile
from pipeline.settings.sensitivity import PERSON
from pipeline.storage import digest

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

# How the formats count dates that are stored as plain numbers.
NUMBERED = {"xlsx": "excel", "sas": "sas", "xport": "sas", "stata": "sas", "spss": "spss"}


def read_received(path: Path, extract: Extract) -> pd.DataFrame:
    """One received file as `read_file` gives it, if it is the file that extract.toml describes.

    Raises InputError if extract.toml is that of another folder or does not list the file, or if the file's SHA-256 or
    number of rows differs.
    """
    role, facts = find_facts(path, extract)
    require_same(path, facts)
    by_week = role == "register" and extract.format != "dream_wide"
    frame = read_file(path, facts, repeats=by_week)
    require_rows(path, len(frame), facts)
    return frame


def find_facts(path: Path, extract: Extract) -> tuple[str, RawFile]:
    """The role of a received file and what extract.toml says of it; InputError if it does not list the file."""
    require_own(path.parent, extract)
    found = next(((role, file) for role, file in extract.files.items() if file.path == path.name), None)
    if found is None:
        raise InputError(f"{path}: not listed in {path.parent}/extract.toml. {again(path)}.")
    return found


def require_same(path: Path, facts: RawFile) -> None:
    """Raise InputError for a file that is not the one registered, by its SHA-256."""
    found = digest(path)
    if found != facts.sha256:
        raise InputError(
            f"{path}: its SHA-256 is {found[:12]}..., extract.toml says {facts.sha256[:12]}.... A received "
            "file never changes: restore it (the synthetic one: make twin), or give a new extract a folder of its own. "
            f"If the data owner mended it, {again(path)}."
        )


def require_rows(path: Path, rows: int, facts: RawFile) -> None:
    """Raise InputError for a file that has not as many rows as were registered."""
    if rows != facts.rows:
        raise InputError(f"{path}: {rows} rows, extract.toml says {facts.rows}. Restore the file.")


def require_own(folder: Path, extract: Extract) -> None:
    """Raise InputError for an extract.toml that came with the files from another folder."""
    if folder.name != extract.name:
        raise InputError(
            f'{folder}/extract.toml: name = "{extract.name}" is not the name of its folder: it was copied. '
            f"Say make extract EXTRACT={folder.name}, which takes it over if the files are the same."
        )


def require_counted(folder: Path, extract: Extract) -> None:
    """Raise InputError for files that have another number of rows than their sender counted."""
    unlike = [file for file in extract.files.values() if file.rows_sent not in (0, file.rows)]
    if unlike:
        said = "; ".join(f"{file.path} has {file.rows} rows, rows_sent = {file.rows_sent}" for file in unlike)
        raise InputError(
            f"{folder}/extract.toml: {said}: rows were lost or added on the way ({len(unlike)} files). Ask the sender "
            "for the file anew, or for the count."
        )


def read_file(path: Path, facts: RawFile, *, repeats: bool = False) -> pd.DataFrame:
    """A file of any format as a data frame of text, indexed by its lines: of text and sheets as in the file, with the
    header in line 1 unless told, of others the numbers of the rows.

    Columns keep the order of the file and its names, but for `facts.columns`: the name wanted, and that in the file.
    Empty cells are '', surrounding blanks are trimmed, and a row of empty cells alone is none. Raises InputError for
    what the format's module refuses, and if the key is missing or, unless it `repeats`, repeated. A file whose key is
    '' holds no persons.
    """
    import pandas as pd

    file = open_file(path, facts)
    columns = file.columns()
    names = rename(path, columns, facts.columns)
    parts = [chunk.rows for chunk in file.chunks(None, columns, None)]
    frame = pd.concat(parts) if parts else pd.DataFrame(columns=columns, dtype=object)
    frame = frame.set_axis(names, axis="columns").rename_axis(index="line")
    frame = frame[(frame != "").any(axis=1)]
    describe_frame(frame, path, facts)
    frame.attrs["idle"] = idle_keys(facts, file.texts.idle, columns)
    if facts.key:
        require_columns(frame, [facts.key])
        check_key(frame, facts.key, repeats=repeats)
    return frame


def describe_frame(frame: pd.DataFrame, path: Path, facts: RawFile) -> None:
    """Note on the frame where it comes from, its decimal mark, its dates and its own names of columns."""
    frame.attrs.update(path=str(path), decimal=facts.decimal, names=dict(facts.columns), dates=dates_written(facts))


def idle_keys(facts: RawFile, blanks: Collection[str], columns: Collection[str]) -> dict[str, list[str]]:
    """The keys of extract.toml that did nothing when a file was read, and their values: blanks that no cell held.

    `columns` are those read. A year is that of weeks y_1 to y_53, which a file may not have.
    """
    found = {"blanks": sorted(blanks)}
    if facts.year and not any(WEEK_OF_YEAR.fullmatch(name) for name in columns):
        found["year"] = [str(facts.year)]
    return {key: values for key, values in found.items() if values}


def dates_written(facts: RawFile) -> str:
    """How the file writes dates, as extract.toml says or as its format counts them."""
    return facts.dates if facts.dates != "yyyy-mm-dd" else NUMBERED.get(facts.kind, facts.dates)


def again(path: Path) -> str:
    """How a file that was mended is registered again, as the end of a sentence."""
    return f"say make extract EXTRACT={path.parent.name} AGAIN=yes"


def rename(path: Path, header: list[str], columns: Mapping[str, str]) -> list[str]:
    """The names that the study has for the columns; InputError for a name that the file has not, or has already."""
    absent = [
        f"{wanted} = '{show_column(own)}'" for wanted, own in columns.items() if own not in header or wanted in header
    ]
    if absent:
        raise InputError(
            f"{path.parent}/extract.toml, columns of {path.name}: {', '.join(absent)}: the file lacks the one name, or "
            f"has the other too ({len(absent)} columns). Mend the names there; on the left stands the study's name."
        )
    wanted = {own: name for name, own in columns.items()}
    return [wanted.get(name, name) for name in header]


def refuse_cells(
    frame: pd.DataFrame,
    column: str,
    wrong: pd.Series,
    fault: str,
    remedy: str,
    sensitivity: str = PERSON,
) -> None:
    """Raise InputError for the cells of `column` marked in `wrong` (boolean, a row a line), if there are any.

    The message names file, first line, column, the first wrong value as an error may show one of this
    sensitivity, and the number of cells.
    """
    if not wrong.any():
        return
    shown = show_value(str(frame.loc[wrong, column].iloc[0]), sensitivity)
    raise InputError(
        f"{place_of_row(frame, frame.index[wrong][0])}, column {column}: the value {shown} {fault} "
        f"({int(wrong.sum())} cells). {remedy}"
    )


def refuse_block(
    frame: pd.DataFrame, columns: Sequence[str], wrong: npt.NDArray[np.bool_], fault: str, remedy: str
) -> None:
    """As `refuse_cells`, for the cells of many `columns` marked in `wrong` (rows, columns)."""
    places = np.argwhere(wrong)
    if not len(places):
        return
    row, column = places[0]
    raise InputError(
        f"{place_of_cell(frame, row, columns[column])}: the value "
        f"{show_value(str(frame[columns[column]].iat[row]))} {fault} ({len(places)} cells). {remedy}"
    )


def parse_numbers(cells: pd.Series, decimal: str) -> pd.Series:
    """Cells of text as numbers written with this decimal mark; missing where they are none."""
    number = re.compile(rf"-?([0-9]+|[0-9]*{re.escape(decimal)}[0-9]+)")
    known = {cell: float(cell.replace(decimal, ".")) for cell in cells.dropna().unique() if number.fullmatch(cell)}
    return cells.map(known).astype("float64")


def require_columns(frame: pd.DataFrame, names: list[str]) -> None:
    """Raise InputError naming the file and the columns among `names` that `frame` lacks."""
    require_names(frame.attrs["path"], frame.columns, names)


def require_names(path: str, columns: Collection[str], names: list[str]) -> None:
    """As `require_columns`, of the columns of a file that is not read yet."""
    absent = [name for name in names if name not in columns]
    if absent:
        raise InputError(
            f"{path}, line 1: columns missing: {', '.join(absent[:5])} ({len(absent)} in all). "
            "Restore them, or say what the file calls them under columns in extract.toml."
        )


def check_key(frame: pd.DataFrame, key: str, parsed: pd.Series | None = None, *, repeats: bool = False) -> None:
    """Raise InputError naming file, lines and count if a key is missing or repeated; the key itself is not shown.

    `parsed` holds the keys as they are compared, if not as written: 7 and 007 are one number. With `repeats` a key may
    stand on many lines, as in a register of weeks.
    """
    path, own = frame.attrs["path"], frame.attrs.get("names", {}).get(key, key)
    refuse_missing_keys(path, key, list(frame.index[frame[key] == ""]))
    refuse_no_person(path, own, frame[key], frame[key])
    if not repeats:
        repeated = (frame[key] if parsed is None else parsed).duplicated(keep=False)
        refuse_repeated_keys(path, key, list(frame.index[repeated]))


def refuse_no_person(path: str, own: str, cells: pd.Series, keys: pd.Series) -> None:
    """Raise InputError for a line among `cells` that is no person's: the names of the columns once more, or a total.

    A total or a note has no digit in the column of the key, which the file calls `own`, where most `keys` have.
    """
    again_named = cells.index[cells.str.casefold() == own.casefold()]
    if len(again_named):
        raise InputError(
            f"{path}, line {again_named[0]}, column {own}: the line repeats the names of the columns "
            f"({len(again_named)} such lines). Take it out, or ask for the file again."
        )
    has_digit = r"[0-9]"
    other = cells.index[(cells != "") & ~cells.str.contains(has_digit)]
    if len(other) and 2 * keys.str.contains(has_digit).sum() > len(keys):
        raise InputError(
            f"{path}, line {other[0]}, column {own}: no digit of a key, as in a line of totals or a note "
            f"({len(other)} such lines). Take it out, or ask the data owner whose it is."
        )


def refuse_missing_keys(path: str, key: str, lines: Sequence[int]) -> None:
    """Raise InputError for rows without a key, on these lines."""
    if len(lines):
        raise InputError(
            f"{path}, line {lines[0]}, column {key}: the person key is missing ({len(lines)} lines). "
            "Ask the data owner for the key; a row without it cannot be used."
        )


def refuse_repeated_keys(path: str, key: str, lines: Sequence[int]) -> None:
    """Raise InputError for keys that occur more than once, on these lines."""
    if len(lines):
        shown = ", ".join(str(line) for line in lines[:4])
        raise InputError(
            f"{path}, column {key}: a person key occurs more than once ({len(lines)} lines, the first {shown}). "
            "Keep one row a person."
        )
