"""The wide form of the register: one row a person, a column a week and a column a month."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.errors import Faults
from pipeline.register.codes import parse_codes
from pipeline.register.columns import find_columns
from pipeline.register.persons import link_keys, require_one_form
from pipeline.register.readers import check_key
from pipeline.register.wages import find_wages
from pipeline.register.weeks import RegisterWeeks

if TYPE_CHECKING:
    import pandas as pd


def read_wide(
    register: pd.DataFrame, keys: pd.Series, persons: pd.Series, benefit_codes: pd.DataFrame, version: str
) -> RegisterWeeks:
    """The register weeks of the `persons` whose `keys` in the register these are, both a row a randomised person."""
    import pandas as pd

    faults, owners = Faults(), link_keys(register[keys.name])
    with faults.part():
        columns = find_columns(register.attrs["path"], list(register.columns))
    with faults.part():
        require_one_form(keys, register)
    with faults.part():
        check_key(register, str(keys.name), owners)
    faults.stop()
    lines = pd.Series(register.index, index=owners, dtype="Int64").reindex(link_keys(keys)).array
    matched = ~lines.isna()
    rows = register.loc[lines[matched].astype("int64")]
    cells = rows[list(columns.weeks.values())]
    cells.attrs["path"] = rows.attrs["path"] = register.attrs["path"]
    with faults.part():
        codes = parse_codes(cells, benefit_codes, version)
    with faults.part():
        paid = find_wages(rows, columns, register.attrs["decimal"])
    faults.stop()
    months = [columns.month_column(week) for week in columns.weeks]
    wages = np.column_stack([paid[month] if month else np.zeros(len(rows), bool) for month in months])
    no_month = np.broadcast_to([month is None for month in months], cells.shape)
    weeks, count = list(columns.weeks), int(matched.sum())
    cells_of_persons = pd.DataFrame(
        {
            "person": np.repeat(persons.to_numpy()[matched], len(weeks)),
            "week": np.tile(np.array(weeks, dtype=np.int16), count),
            "code": codes,
            "wage": pd.arrays.BooleanArray(wages.ravel(), no_month.ravel()),
            "line": pd.array(np.repeat(rows.index.to_numpy(), len(weeks)), dtype="Int64"),
        }
    )
    described = pd.DataFrame({"week": weeks, "week_column": list(columns.weeks.values()), "month_column": months})
    return RegisterWeeks(cells_of_persons, described, pd.Series(lines))
