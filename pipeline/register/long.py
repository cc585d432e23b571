"""The long forms of the register: a row a person and week, or a row a spell from its first week to its last.

A row of a week is a spell of one week, so both are laid out in one way.
"""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import InputError
from pipeline.register.calendar import week_of_date, week_of_iso
from pipeline.register.cells import parse_names, refuse_other
from pipeline.register.codes import NO_CODE, parse_codes
from pipeline.register.persons import link_keys
from pipeline.register.readers import refuse_cells
from pipeline.register.weeks import RegisterWeeks
from pipeline.settings.extract import Extract

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from numpy.typing import NDArray

ISO_WEEK = re.compile(r"([0-9]{4})(?:-?W)?([0-9]{2})")  # 2015-W07, 2015W07, 201507
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
COUNTED = re.compile(r"-?[0-9]{1,4}")
FORMS = {"weekly_states": ("week", "state"), "spells": ("first_week", "last_week", "state")}
EARLIEST = week_of_iso(1900, 1)
WAGE = "wage"
COLUMNS = frozenset({WAGE, *(name for names in FORMS.values() for name in names)})
NOWHERE = -1


def find_form(names: Iterable[str]) -> str | None:
    """The long form whose columns are among `names`, in any case; None if none is."""
    lower = {name.lower() for name in names}
    return next((form for form, wanted in FORMS.items() if lower.issuperset(wanted)), None)


def find_column(register: pd.DataFrame, wanted: str) -> str:
    """The name of a column of a long form, in the case of the file; InputError if it has none, or two."""
    found = [name for name in register.columns if name.lower() == wanted]
    if len(found) != 1:
        raise InputError(
            f"{register.attrs['path']}, line 1: {len(found)} columns are called {wanted.upper()}. Mend their names, or "
            "say what the file calls it under columns in extract.toml."
        )
    return found[0]


def read_long(
    register: pd.DataFrame,
    keys: pd.Series,
    persons: pd.Series,
    benefit_codes: pd.DataFrame | None,
    extract: Extract,
    *,
    is_dated: bool,
) -> RegisterWeeks:
    """The register weeks of the `persons` whose `keys` in the register these are, both a row a randomised person.

    Weeks are those of the calendar where the design is dated, else they are counted from allocation. They run from the
    first to the last that any row of the file names, for everybody; a spell without a last week runs to the last of
    them. A week that no row of a person covers is unknown, or, if extract.toml says so, without a state and a wage.
    Raises InputError for what is no week, state or wage, a week of a person that has two rows, and spells of a person
    that overlap in different states.
    """
    import pandas as pd

    state = find_column(register, "state")
    first, last = _read_weeks(register, extract, is_dated)
    codes = read_states(register, state, benefit_codes, extract)
    wage, wages = _read_wages(register)
    weeks = np.arange(first.min(), last.max() + 1)
    place, found = _find_persons(register, keys)
    row, cell = _lay_out(place, first, last, len(weeks))
    _refuse_overlaps(register, row, cell, state, codes.codes, wages, extract)
    of_cell = np.full(len(found) * len(weeks), NOWHERE)
    of_cell[cell[::-1]] = row[::-1]  # where two rows agree on a week the first of them stands for it
    described = {
        "person": np.repeat(persons.to_numpy()[found], len(weeks)),
        "week": np.tile(weeks.astype(np.int16), len(found)),
        **_read_cells(register, of_cell, codes, wages, is_none=extract.uncovered == "none", has_wages=wage is not None),
    }
    own = register.attrs.get("names", {})
    columns = {"week": weeks, "week_column": own.get(state, state), "month_column": own.get(wage, wage)}
    lines = pd.Series(register.index, index=link_keys(register[keys.name]), dtype="Int64")
    return RegisterWeeks(
        weeks=pd.DataFrame(described),
        columns=pd.DataFrame(columns).astype({"month_column": object}),
        lines=lines[~lines.index.duplicated()].reindex(link_keys(keys)).reset_index(drop=True),
    )


def _read_cells(
    register: pd.DataFrame,
    of_cell: NDArray[np.intp],
    codes: pd.Categorical,
    wages: NDArray[np.int8],
    *,
    is_none: bool,
    has_wages: bool,
) -> dict[str, Any]:
    """State, wage and line of every cell from the row that covers it; of one without a row what that is said to be."""
    import pandas as pd

    bare = of_cell == NOWHERE
    nothing = list(codes.categories).index(NO_CODE) if is_none else NOWHERE
    numbers: Any = np.where(bare, nothing, codes.codes[of_cell])
    untold = np.where(bare, not (is_none and has_wages), wages[of_cell] == NOWHERE)
    return {
        "code": pd.Categorical.from_codes(numbers, codes.categories),
        "wage": pd.arrays.BooleanArray(~bare & (wages[of_cell] == 1), untold.astype(bool)),
        "line": pd.arrays.IntegerArray(register.index.to_numpy()[of_cell], bare),
    }


def _read_weeks(
    register: pd.DataFrame, extract: Extract, is_dated: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The first and the last week of every row."""
    if register.empty:
        raise InputError(f"{register.attrs['path']}: no row. Ask for the file again.")
    if extract.format == "weekly_states":
        weeks = _parse_weeks(register, "week", extract, is_dated).to_numpy(np.int64)
        return weeks, weeks
    first = _parse_weeks(register, "first_week", extract, is_dated).astype("int64")
    last = _parse_weeks(register, "last_week", extract, is_dated, may_be_open=True)
    last = last.fillna(max(first.max(), last.max() if last.notna().any() else first.max())).astype("int64")
    name = find_column(register, "last_week")
    fault, remedy = "is before the first week of the spell", "Mend the weeks of the spell."
    refuse_cells(register, name, last < first, fault, remedy)
    return np.asarray(first, dtype=np.int64), np.asarray(last, dtype=np.int64)


def _parse_weeks(
    register: pd.DataFrame, wanted: str, extract: Extract, is_dated: bool, *, may_be_open: bool = False
) -> pd.Series:
    """The weeks of a column as numbers, missing where a spell is open."""
    column = find_column(register, wanted)
    cells = register[column]
    numbers = cells.map({text: _number_week(text, is_dated) for text in cells.unique()}).astype("Int64")
    wrong = numbers.isna() & ((cells != "") if may_be_open else True)
    forms = "2015-W07, 201507 or 2015-02-13" if is_dated else "a whole number counted from allocation, as -3 or 12"
    refuse_cells(register, column, wrong, f"is no week of the form {forms}", "Mend the cell.")
    if is_dated:
        late = (numbers > week_of_date(extract.received)).fillna(False).astype(bool)
        remedy = "Mend the week; a spell that had not ended has no last week."
        refuse_cells(register, column, late, "is later than the extract was received", remedy)
    return numbers


def _number_week(text: str, is_dated: bool) -> int | None:
    if not is_dated:
        return int(text) if COUNTED.fullmatch(text) else None
    try:
        match = ISO_WEEK.fullmatch(text.upper())
        number = week_of_iso(int(match.group(1)), int(match.group(2))) if match else _week_of_day(text)
    except ValueError:
        return None
    return number if number >= EARLIEST else None


def _week_of_day(text: str) -> int:
    if not DATE.fullmatch(text):
        raise ValueError(text)
    return week_of_date(datetime.date.fromisoformat(text))


def read_states(
    register: pd.DataFrame, column: str, benefit_codes: pd.DataFrame | None, extract: Extract
) -> pd.Categorical:
    """The state of every row, '' for none: a code of the study's table, or, where it has none, a name."""
    import pandas as pd

    if benefit_codes is None:
        states = parse_names(register, column, extract.spellings.get(column, {}))
        return pd.Categorical(states, categories=sorted({NO_CODE, *states}))
    codes = parse_codes(register, [column], benefit_codes, extract.register_version)
    return codes if NO_CODE in codes.categories else codes.add_categories([NO_CODE])


def _read_wages(register: pd.DataFrame) -> tuple[str | None, NDArray[np.int8]]:
    """The name of the column of wages, if there is one, and every row's wage: 1, 0, or -1 for not told."""
    if not any(name.lower() == WAGE for name in register.columns):
        return None, np.full(len(register), NOWHERE, dtype=np.int8)
    column = find_column(register, WAGE)
    refuse_other(register, column, {"0", "1", ""})
    return column, register[column].replace({"": str(NOWHERE)}).to_numpy(dtype=np.int8)


def _find_persons(register: pd.DataFrame, keys: pd.Series) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Of every row the place of its person among those found, -1 for nobody's; and the found among the randomised."""
    import pandas as pd

    owner = pd.Index(link_keys(keys)).get_indexer(link_keys(register[keys.name]))
    found = np.unique(owner[owner >= 0])
    return np.where(owner >= 0, np.searchsorted(found, owner), NOWHERE), found


def _lay_out(
    place: NDArray[np.intp], first: NDArray[np.int64], last: NDArray[np.int64], width: int
) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """The rows of persons who are looked for, each as often as it has weeks, and the cell of each such week.

    Cells are numbered person by person, `width` weeks each.
    """
    kept = np.flatnonzero(place >= 0)
    length = (last - first + 1)[kept]
    row = np.repeat(kept, length)
    within = np.arange(len(row)) - np.repeat(np.cumsum(length) - length, length)
    return row, place[row] * width + first[row] - first.min() + within


def _refuse_overlaps(
    register: pd.DataFrame,
    row: NDArray[np.intp],
    cell: NDArray[np.int64],
    state: str,
    codes: NDArray[np.integer],
    wages: NDArray[np.int8],
    extract: Extract,
) -> None:
    """Raise InputError for rows of weeks on one week of a person, and for spells on it that say different things."""
    import pandas as pd

    order = np.argsort(cell, kind="stable")
    earlier, later = row[order][:-1], row[order][1:]
    meets = cell[order][:-1] == cell[order][1:]
    column, fault = state, "is of a spell that overlaps another of the person in another state or wage"
    if extract.format == "weekly_states":
        column, fault = find_column(register, "week"), "stands a second time for the person"
    else:
        meets &= (codes[earlier] != codes[later]) | (wages[earlier] != wages[later])
    wrong = pd.Series(False, index=register.index)
    wrong.iloc[later[meets]] = True
    refuse_cells(register, column, wrong, fault, "Keep one row for each week of a person, or mend the weeks.")
