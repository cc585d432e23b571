"""Wage records: the months in which a person has one, told by the industry of the main employer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from pipeline.errors import Faults
from pipeline.register.codes import BLANKS
from pipeline.register.columns import RegisterColumns
from pipeline.register.readers import parse_numbers, refuse_block

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

INDUSTRY = re.compile(r"(0?[1-9][0-9]{4}|[1-9][0-9]{5})(\.0)?")  # six digits, of which a number loses a leading zero


def find_wages(rows: pd.DataFrame, columns: RegisterColumns, decimal: str) -> dict[str, NDArray[np.bool_]]:
    """Whether each row has a wage in a month, by the name of the month's column; blank as a week may be blank.

    `rows` are those of the register file, text indexed by line. Raises InputError naming file, line and column for
    what is no industry code, and in the columns of the degree of employment for what is no number in (0, 1].
    """
    months = list(columns.months.values())
    industries = rows[months]
    texts, inverse = np.unique(industries.to_numpy(dtype=str), return_inverse=True)
    blank = np.isin(texts, list(BLANKS))
    wrong = ~blank & ~np.array([bool(INDUSTRY.fullmatch(text)) for text in texts], dtype=bool)
    shape = industries.shape
    remedy = "Ask for the extract again: a wage record has an industry code of six digits."
    faults = Faults()
    with faults.part():
        refuse_block(rows, months, wrong[inverse].reshape(shape), "is no industry code", remedy)
    with faults.part():
        _check_degrees(rows, list(columns.degrees.values()), decimal)
    faults.stop()
    found = ~blank[inverse].reshape(shape)
    return {name: found[:, place] for place, name in enumerate(industries.columns)}


def _check_degrees(rows: pd.DataFrame, columns: list[str], decimal: str) -> None:
    import pandas as pd

    cells = rows[columns]
    texts, inverse = np.unique(cells.to_numpy(dtype=str), return_inverse=True)
    numbers = parse_numbers(pd.Series(texts, dtype=object), decimal).to_numpy() if len(texts) else np.zeros(0)
    wrong = ~np.isin(texts, list(BLANKS)) & ~((numbers > 0) & (numbers <= 1))
    fault = f"is no degree of employment above 0 and at most 1, written with the decimal mark '{decimal}'"
    remedy = "Mend `decimal` in extract.toml, or ask for the extract again."
    refuse_block(rows, columns, wrong[inverse].reshape(cells.shape), fault, remedy)
