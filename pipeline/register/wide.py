"""The wide form of the register: one row a person, a column a week and a column a month."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import Faults
from pipeline.register.codes import parse_codes
from pipeline.register.columns import RegisterColumns, find_columns
from pipeline.register.persons import link_keys
from pipeline.register.places import NOWHERE, number_cells
from pipeline.register.readers import check_key
from pipeline.register.wages import find_wages
from pipeline.register.weeks import RegisterWeeks
from pipeline.settings.extract import Extract

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


def read_wide(
    register: pd.DataFrame, keys: pd.Series, persons: pd.Series, benefit_codes: pd.DataFrame, extract: Extract
) -> RegisterWeeks:
    """The register weeks of the `persons` whose `keys` in the register these are, both a row a randomised person.

    Where the register is several files, what a file tells of a person without a row in it is unknown, or, if
    extract.toml says so, none.
    """
    import pandas as pd

    faults, owners = Faults(), link_keys(register[keys.name])
    with faults.part():
        columns = find_columns(register.attrs["path"], list(register.columns))
    with faults.part():
        check_key(register, str(keys.name), owners)
    faults.stop()
    lines = pd.Series(register.index, index=owners, dtype="Int64").reindex(link_keys(keys)).array
    rows = register.loc[lines[~lines.isna()].astype("int64")]
    rows.attrs = register.attrs
    names = list(columns.weeks.values())
    with faults.part():
        codes = parse_codes(rows, names, benefit_codes, extract.register_version)
    with faults.part():
        paid = find_wages(rows, columns, register.attrs["decimal"])
    faults.stop()
    found = persons.to_numpy()[~lines.isna()]
    weeks = _tabulate(rows, columns, found, codes, paid, is_none=extract.uncovered == "none")
    return RegisterWeeks(weeks, _describe(register, columns), pd.Series(lines))


def _tabulate(
    rows: pd.DataFrame,
    columns: RegisterColumns,
    persons: NDArray[Any],
    codes: pd.Categorical,
    paid: dict[str, NDArray[np.bool_]],
    *,
    is_none: bool,
) -> pd.DataFrame:
    """A row a person and week: its code, its wage, and the line of each."""
    import pandas as pd

    weeks, names = list(columns.weeks), list(columns.weeks.values())
    months = [columns.month_column(week) for week in columns.weeks]
    told = list(columns.months.values())
    place = np.array([told.index(month) if month else NOWHERE for month in months])
    lines = number_cells(rows, names)
    of_wages = np.where(place == NOWHERE, NOWHERE, number_cells(rows, told)[:, place])
    wages = np.column_stack([paid[month] if month else np.zeros(len(rows), bool) for month in months])
    untold = np.broadcast_to(place == NOWHERE, wages.shape)
    numbers: Any = codes.codes
    if not is_none:
        untold, numbers = untold | (of_wages == NOWHERE), np.where(lines.ravel() == NOWHERE, NOWHERE, numbers)
    cells = {
        "person": np.repeat(persons, len(weeks)),
        "week": np.tile(np.array(weeks, dtype=np.int16), len(persons)),
        "code": pd.Categorical.from_codes(numbers, codes.categories),
        "wage": pd.arrays.BooleanArray(wages.ravel(), untold.ravel()),
        "line": _with_nowhere(lines),
    }
    if "parts" in rows.attrs:
        cells["wage_line"] = _with_nowhere(of_wages)
    return pd.DataFrame(cells)


def _with_nowhere(lines: NDArray[np.int64]) -> Any:
    import pandas as pd

    return pd.arrays.IntegerArray(lines.ravel().astype(np.int64), lines.ravel() == NOWHERE)


def _describe(register: pd.DataFrame, columns: RegisterColumns) -> pd.DataFrame:
    """By week the columns of its code and of its wage, as the file calls them that has them."""
    import pandas as pd

    own: dict[str, str] = {}
    for part in register.attrs.get("parts", ()):
        own = part["columns"] | own  # the first file that has the column names it
    months = [columns.month_column(week) for week in columns.weeks]
    return pd.DataFrame(
        {
            "week": list(columns.weeks),
            "week_column": [own.get(name, name) for name in columns.weeks.values()],
            "month_column": [own.get(name, name) if name else None for name in months],
        }
    )
