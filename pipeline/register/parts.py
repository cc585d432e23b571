"""A register of several files: one a year, one of the wages alone, or one for each group of persons."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.errors import InputError
from pipeline.register.calendar import week_of_iso
from pipeline.register.columns import DEGREE, LIKE_A_CELL, WEEK_OF_YEAR
from pipeline.register.persons import link_keys
from pipeline.register.places import FILE, LINE_IN, NOWHERE, number_cells
from pipeline.settings.extract import RawFile

if TYPE_CHECKING:
    import pandas as pd

LAST_OF_A_LONG_YEAR = 53


def weeks_of_year(names: list[str], year: int) -> list[str]:
    """y_1 or y_01 of the file of a year as Y_yyww; other names as they are."""
    if not year:
        return names
    found: dict[str, re.Match[str] | None] = {name: WEEK_OF_YEAR.fullmatch(name) for name in names}
    return [f"Y_{year % 100:02d}{int(match.group(1)):02d}" if match else name for name, match in found.items()]


def without_week_53(frame: pd.DataFrame, year: int) -> pd.DataFrame:
    """The file of a year without its week 53, which every such file has, if the year has none and it is empty."""
    last = f"Y_{year % 100:02d}{LAST_OF_A_LONG_YEAR}"
    if not year or last not in frame or frame[last].ne("").any():
        return frame
    try:
        week_of_iso(year, LAST_OF_A_LONG_YEAR)
    except ValueError:
        return frame.drop(columns=last)
    return frame


def join_parts(frames: Sequence[pd.DataFrame], files: Sequence[RawFile], *, is_wide: bool) -> pd.DataFrame:
    """The rows of the files of one register as one a person, indexed by the number of the first row of the person.

    The frame has the number of the person's row in each file, -1 for none, and notes the path and the columns of each;
    the cells of a file without a row of the person are ''. The rows of a long form stand one below the other. Raises
    InputError for a week or month of a person that two files have; another column is taken from the first file.
    """
    import pandas as pd

    if len(frames) == 1 and not files[0].year:
        return frames[0]
    if not is_wide:
        return _stack(frames)
    joined, numbers, decimal = pd.DataFrame(), [], frames[0].attrs["decimal"]
    spelled: dict[str, str] = {}
    for place, frame in enumerate(frames):
        _spell_alike(frame, spelled)
        owners = link_keys(frame[files[0].key])
        numbers.append(pd.Series(frame.index.to_numpy() + FILE * place, index=owners))
        _write_decimals(frame, decimal)
        part = frame.set_axis(owners, axis="index")
        _refuse_double(joined, part, [str(other.attrs["path"]) for other in frames[: place + 1]], numbers[-1])
        joined = joined.combine_first(part) if len(joined.columns) else part
    joined = joined.fillna("")
    lines_in = {
        LINE_IN.format(place): lines.reindex(joined.index).fillna(NOWHERE).astype("int64")
        for place, lines in enumerate(numbers)
    }
    joined = pd.concat([joined, pd.DataFrame(lines_in)], axis="columns")
    first = pd.concat(numbers)
    first = first[~first.index.duplicated()].loc[joined.index].astype("int64")
    joined.attrs = {**frames[0].attrs, "parts": [_describe(frame) for frame in frames]}
    _say_absent(joined)
    return joined.set_axis(pd.Index(first, name="line"), axis="index")


def _stack(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The rows of files of a long form, each with its number."""
    import pandas as pd

    spelled: dict[str, str] = {}
    for place, frame in enumerate(frames):
        _spell_alike(frame, spelled)
        frame.index += FILE * place
    joined = pd.concat(frames).fillna("").rename_axis(index="line")
    joined.attrs = {**frames[0].attrs, "parts": [_describe(frame) for frame in frames]}
    return joined


def _describe(frame: pd.DataFrame) -> dict[str, object]:
    """The path of a file, and by the names of its columns in the register those that it has itself."""
    return {
        "path": frame.attrs["path"],
        "idle": frame.attrs.get("idle", {}),
        "columns": dict(zip(map(str, frame), frame.attrs["stored"], strict=True)),
    }


def _spell_alike(frame: pd.DataFrame, spelled: dict[str, str]) -> None:
    """Call each column as the first file with it does, in whatever case this one has it; its own names are noted."""
    names = [str(name) for name in frame]
    frame.attrs["stored"] = [frame.attrs.get("stored", {}).get(name, name) for name in names]
    frame.columns = frame.columns.map({name: spelled.setdefault(name.casefold(), name) for name in names})


def _refuse_double(joined: pd.DataFrame, part: pd.DataFrame, paths: Sequence[str], lines: pd.Series) -> None:
    double = [name for name in map(str, part) if name in joined and LIKE_A_CELL.match(name)]
    if not double:
        return
    both = joined.index.intersection(part.index)
    told = joined.loc[both, double].notna().any(axis=1)
    if told.any():
        line = int(lines.loc[told.index[told]].min()) % FILE
        own = [name for name in map(str, part) if LIKE_A_CELL.match(name)]
        raise told_twice(paths, line, double, own, int(told.sum()))


def told_twice(paths: Sequence[str], line: int, double: Sequence[str], own: Sequence[str], persons: int) -> InputError:
    """The error of weeks and months, `double`, that the last file tells of persons of whom an earlier one tells them.

    line: of the first such person in the last file, whose weeks and months are `own`. Where they are all double it is
    the persons who are in two files, and the columns where not.
    """
    *earlier, path = paths
    other, place = " or ".join(earlier), f"{path}, line {line}"
    if set(double) == set(own):
        return InputError(
            f"{place}: a person has a row here and in {other} ({persons} such persons). Keep one row of each person; "
            "another delivery has a folder of its own."
        )
    return InputError(
        f"{place}, column {double[0]}: {other} has this column too, of the same person ({len(double)} such columns, "
        f"{persons} persons). Keep each column in one of the files; another delivery has a folder of its own."
    )


def _write_decimals(frame: pd.DataFrame, decimal: str) -> None:
    """Write the degrees of employment, the only numbers with a fraction, with the decimal mark of the first file."""
    own = frame.attrs["decimal"]
    for name in (name for name in map(str, frame) if DEGREE.fullmatch(name)):
        frame[name] = frame[name].str.replace(own, decimal, regex=False)


def _say_absent(joined: pd.DataFrame) -> None:
    """Say how many persons of other files a file has no row of, if no other file tells its weeks or months of them."""
    numbers = number_cells(joined, cells := [name for name in map(str, joined) if LIKE_A_CELL.match(name)])
    for part in joined.attrs["parts"]:
        own = [place for place, name in enumerate(cells) if name in part["columns"]]
        absent = int((numbers[:, own] == NOWHERE).any(axis=1).sum())
        if absent:
            print(
                f"register: {part['path']}: {absent} persons of other files of the register have no row in it: what "
                'it tells of weeks and wages is unknown of them, or none with uncovered = "none" in extract.toml'
            )
