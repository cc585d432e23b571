"""Weeks and months of the register against their neighbours: what nobody has, what begins or ends in one step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.checks.finding import FEWEST, Delivery, Finding
from pipeline.register.calendar import month_of_week
from pipeline.register.codes import BLANKS
from pipeline.register.columns import DEGREE, WAGE, YEAR_AND_MONTH
from pipeline.register.states import UNKNOWN

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


STEP = 0.10  # of the persons: the share with a code or a wage moves by less from one week or month to the next
SOME = 0.10  # of the persons have it beside a week or month in which nobody has
MANY_DEGREES = 0.01  # of the degrees without an industry, and more: the column of industries was not filled


def weeks_of(delivery: Delivery) -> tuple[list[str], NDArray[np.float64], NDArray[np.int64]]:
    """The column of every week (w,), the share with a code among those whose week is known, and their number."""
    columns = delivery.register.columns["week_column"].astype(str).to_list()
    known = (delivery.codes != UNKNOWN).sum(axis=0)
    return columns, delivery.has_code.sum(axis=0) / np.maximum(known, 1), known


def months_of(delivery: Delivery) -> tuple[list[str], NDArray[np.float64], NDArray[np.int64]]:
    """The wage column of every month that weeks lie in, the share with a wage among those told, and their number."""
    columns = delivery.register.columns["month_column"]
    is_first = columns.notna() & ~columns.duplicated() & (delivery.extract.format == "dream_wide")
    first = np.flatnonzero(is_first.to_numpy(dtype=bool))
    wages = delivery.wages[:, first]
    told = (wages != UNKNOWN).sum(axis=0)
    return [str(columns.iloc[place]) for place in first], (wages == 1).sum(axis=0) / np.maximum(told, 1), told


def weeks_without_code(delivery: Delivery) -> Finding | None:
    """Weeks in which nobody has a code, beside one in which a tenth have one."""
    return _nobody(delivery, *weeks_of(delivery))


def months_without_wage(delivery: Delivery) -> Finding | None:
    """Months in which nobody has a wage while weeks of theirs are in the register."""
    return _nobody(delivery, *months_of(delivery))


def _nobody(
    delivery: Delivery, columns: list[str], shares: NDArray[np.float64], known: NDArray[np.int64]
) -> Finding | None:
    if not len(shares) or known.max() < FEWEST:
        return None
    empty = (shares == 0) & (known >= FEWEST)
    runs = np.flatnonzero(empty & ~np.roll(empty, 1) | empty & (np.arange(len(empty)) == 0))
    failing = 0
    first = longest = ""
    for start in runs:
        stop = start + int(np.argmin(np.append(empty[start:], False)))
        beside = [shares[place] for place in (start - 1, stop) if 0 <= place < len(shares)]
        if not beside or max(beside) >= SOME:
            failing += int(stop - start)
            first, longest = first or columns[start], columns[stop - 1]
    return Finding(
        len(shares), failing, True, delivery.path("register"), None, first, {"first": first, "last": longest}
    )


def codes_step(delivery: Delivery) -> Finding | None:
    """Weeks in which the share with a code is another than in the week before."""
    return _step(delivery, *weeks_of(delivery))


def wages_step(delivery: Delivery) -> Finding | None:
    """Months in which the share with a wage is another than in the month before."""
    return _step(delivery, *months_of(delivery))


def _step(
    delivery: Delivery, columns: list[str], shares: NDArray[np.float64], known: NDArray[np.int64]
) -> Finding | None:
    judged = (known[1:] >= FEWEST) & (known[:-1] >= FEWEST)
    if not judged.any():
        return None
    moved = np.abs(np.diff(shares))
    # beside a tenth of the persons, three standard errors of a difference between two shares of so many persons
    bound = STEP + 3 * np.sqrt(0.5 / np.maximum(np.minimum(known[1:], known[:-1]), 1)) * (known[1:] < 10 * FEWEST)
    places = np.flatnonzero(judged & (moved > bound)) + 1
    if not len(places):
        return Finding(int(judged.sum()))
    place = int(places[0])
    words = {"before": f"{shares[place - 1]:.0%}", "after": f"{shares[place]:.0%}"}
    return Finding(int(judged.sum()), len(places), False, delivery.path("register"), None, columns[place], words)


def _filled(delivery: Delivery) -> tuple[pd.DataFrame, NDArray[np.bool_], pd.DataFrame, NDArray[np.bool_]] | None:
    """Industries and degrees of the persons found, in the months that have both, and which cells are filled."""
    register = delivery.files["register"]
    named: dict[str, dict[str, str]] = {}
    for pattern in (WAGE, DEGREE):
        for name in register.columns:
            match = pattern.fullmatch(name)
            if match and YEAR_AND_MONTH.fullmatch(match.group(1)):
                named.setdefault(match.group(1), {})[pattern.pattern] = name
    both = [columns for columns in named.values() if len(columns) == 2]
    if delivery.extract.format != "dream_wide" or not both:
        return None
    rows = register.loc[delivery.found["register_line"].astype("int64")]
    industries, degrees = (rows[[columns[pattern.pattern] for columns in both]] for pattern in (WAGE, DEGREE))
    filled = [~cells.isin(BLANKS).to_numpy() for cells in (industries, degrees)]
    return industries, filled[0], degrees, filled[1]


def degree_without_industry(delivery: Delivery) -> Finding | None:
    """Months with a degree of employment and no industry, which count as months without a wage."""
    cells = _filled(delivery)
    if cells is None:
        return None
    industries, has_industry, _, has_degree = cells
    lacks = has_degree & ~has_industry
    return _in_block(
        delivery, industries, lacks, int(has_degree.sum()), is_certain=lacks.sum() > MANY_DEGREES * has_degree.sum()
    )


def industry_without_degree(delivery: Delivery) -> Finding | None:
    """Months with an industry and no degree of employment, which count as months with a wage."""
    cells = _filled(delivery)
    if cells is None or not cells[3].any():
        return None
    _, has_industry, degrees, has_degree = cells
    return _in_block(delivery, degrees, has_industry & ~has_degree, int(has_industry.sum()), is_certain=False)


def _in_block(
    delivery: Delivery, cells: pd.DataFrame, wrong: NDArray[np.bool_], looked_at: int, *, is_certain: bool
) -> Finding:
    places = np.argwhere(wrong)
    if not len(places):
        return Finding(looked_at)
    row, column = places[0]
    where = (delivery.path("register"), int(cells.index[row]), str(cells.columns[column]))
    return Finding(looked_at, len(places), bool(is_certain), *where, {"persons": int(wrong.any(axis=1).sum())})


def months_beyond_weeks(delivery: Delivery) -> Finding | None:
    """Months of wages after the one that follows the last week: weeks may have been left out, or not be read."""
    if delivery.extract.format != "dream_wide":
        return None
    months = {}
    for name in delivery.files["register"].columns:
        match = WAGE.fullmatch(name)
        date = YEAR_AND_MONTH.fullmatch(match.group(1)) if match else None
        if date:
            months[(int(date.group(1)), int(date.group(2)))] = name
    last = month_of_week(int(delivery.weeks[-1]))
    after = sorted(month for month in months if 12 * month[0] + month[1] > 12 * last[0] + last[1] + 1)
    column = months[after[0]] if after else ""
    last_week = str(delivery.register.columns["week_column"].iloc[-1])
    return Finding(len(months), len(after), False, delivery.path("register"), None, column, {"last": last_week})
