"""The twin's calendar: the register weeks and wage months of its extract."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.twin.courses import BEFORE

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIRST_MONDAY = np.datetime64("2012-01-02", "D")  # Monday of 2012-W01, the first week of the extract
WEEKS = 297  # to 2017-W36, whose Thursday lies in a month that the extract does not hold
FIRST_MONTH = np.datetime64("2012-01", "M")
MONTHS = 68  # to August 2017
LAST_KNOWN = WEEKS - 2  # last week that has its month

THURSDAYS = FIRST_MONDAY + 3 + 7 * np.arange(WEEKS)
MONTH = (THURSDAYS.astype("datetime64[M]") - FIRST_MONTH).astype(np.int64)  # month of each week; MONTHS has no column
MONTH_STARTS = np.flatnonzero(np.diff(MONTH, prepend=-1))  # first week of each month


def week_of(date: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """Week of each date, counted from 2012-W01 = 0."""
    return (date.astype("datetime64[D]") - FIRST_MONDAY).astype(np.int64) // 7


def join(before: NDArray[np.int8], after: NDArray[np.int8], week: NDArray[np.int64]) -> NDArray[np.int8]:
    """States (n, WEEKS) of the extract's weeks from the weeks before and from week 0 on, for allocation in `week`."""
    course = np.concatenate([before, after], axis=1)
    return np.take_along_axis(course, (BEFORE - week)[:, None] + np.arange(WEEKS), axis=1)


def any_in_month(weeks: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether any week of the month is marked, shape (n, MONTHS + 1), from marks (n, WEEKS)."""
    return np.logical_or.reduceat(weeks, MONTH_STARTS, axis=1)
