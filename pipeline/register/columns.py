"""Finding the weeks and months among the columns of a wide DREAM file."""

import re
from dataclasses import dataclass

from pipeline.errors import Faults, InputError
from pipeline.register.calendar import iso_of_week, month_of_week, week_of_iso
from pipeline.register.shown import show_column

WEEK = re.compile(r"y_?(\d{2})(\d{2})", re.IGNORECASE)
WAGE = re.compile(r"(?:branche|br)_(\d.*)", re.IGNORECASE)
DEGREE = re.compile(r"grad_(\d.*)", re.IGNORECASE)
YEAR_AND_MONTH = re.compile(r"(\d{4})_(0[1-9]|1[0-2])")
LIKE_A_CELL = re.compile(r"(?:y|br|branche|grad)_?\d", re.IGNORECASE)
WEEK_OF_YEAR = re.compile(r"y_?(\d{1,2})", re.IGNORECASE)  # of a file that has one year
FIRST_WAGES = (2008, 1)  # the register has no wages before
CENTURY_STARTS = 91  # the register begins in 1991: two-digit years from 91 on lie in the 1900s


@dataclass(frozen=True)
class RegisterColumns:
    """The week columns in order of time, and the wage column of each month.

    weeks: week number (1 = 1991-W32) -> column name, contiguous and ascending.
    months: (year, month) -> column name of the main employer's industry, contiguous and ascending; degrees: the same
    for the degree of employment, empty if the file has none.
    """

    weeks: dict[int, str]
    months: dict[tuple[int, int], str]
    degrees: dict[tuple[int, int], str]

    def month_column(self, week: int) -> str | None:
        """The wage column of the month of the week's Thursday; None if the file has no such month."""
        return self.months.get(month_of_week(week))


def find_columns(path: str, names: list[str]) -> RegisterColumns:
    """Week and month columns among `names`, matched without regard to case.

    Raises InputError naming file and columns for a week or month that does not exist (week 53 of a short year, month
    13), one given twice, no week at all, a gap, and weeks without their month, other than those before the register has
    wages and those of the month after the last one, which was not over when the extract was made.
    """
    faults = Faults()
    with faults.part():
        weeks = _find_weeks(path, names)
    with faults.part():
        months = _find_months(path, names, WAGE)
    with faults.part():
        degrees = _find_months(path, names, DEGREE)
    faults.stop()
    _check_covered(path, weeks, months)
    return RegisterColumns(weeks, months, degrees)


def _find_weeks(path: str, names: list[str]) -> dict[int, str]:
    """The columns of weeks by the number of the week, in order of time."""
    weeks: dict[int, str] = {}
    faults = Faults()
    for name in names:
        with faults.part():
            if match := WEEK.fullmatch(name):
                number = _week_number(path, name, int(match.group(1)), int(match.group(2)))
                if number in weeks:
                    raise InputError(f"{path}: columns {weeks[number]} and {name} are the same week. Keep one.")
                weeks[number] = name
    odd = [
        name for name in names if LIKE_A_CELL.match(name) and not any(p.fullmatch(name) for p in (WEEK, WAGE, DEGREE))
    ]
    with faults.part():
        if odd:
            raise InputError(
                f"{path}: column {show_column(odd[0])} names no week as Y_yyww does, and no month ({len(odd)} such "
                "columns, which would not be read). Mend the names of the columns."
            )
    faults.stop()
    _check_contiguous(path, weeks)
    return {week: weeks[week] for week in sorted(weeks)}


def _find_months(path: str, names: list[str], pattern: re.Pattern[str]) -> dict[tuple[int, int], str]:
    """The columns that fit `pattern`, by year and month in order of time."""
    months: dict[tuple[int, int], str] = {}
    for name in names:
        if match := pattern.fullmatch(name):
            date = YEAR_AND_MONTH.fullmatch(match.group(1))
            if date is None:
                raise InputError(f"{path}: column {show_column(name)} names no month yyyy_mm. Mend the column's name.")
            month = (int(date.group(1)), int(date.group(2)))
            if month in months:
                raise InputError(f"{path}: columns {months[month]} and {name} are the same month. Keep one.")
            months[month] = name
    ordered = {month: months[month] for month in sorted(months)}
    for before, after in zip(ordered, list(ordered)[1:], strict=False):
        if after != _month_after(before):
            raise InputError(
                f"{path}: a gap in the months: none between {months[before]} and {months[after]}. Ask for the extract "
                "again with every month."
            )
    return ordered


def _month_after(month: tuple[int, int]) -> tuple[int, int]:
    return (month[0] + month[1] // 12, month[1] % 12 + 1)


def _check_covered(path: str, weeks: dict[int, str], months: dict[tuple[int, int], str]) -> None:
    """Raise InputError for weeks without a wage column of their month, unless there can be none."""
    if not months:
        raise InputError(f"{path}: no wage columns (BRANCHE_yyyy_mm) among its columns. Is this the register file?")
    over = _month_after(max(months))
    bare = [week for week in sorted(weeks) if (month := month_of_week(week)) not in months and month != over]
    bare = [week for week in bare if month_of_week(week) >= FIRST_WAGES]
    if bare:
        raise InputError(
            f"{path}: {len(bare)} weeks, the first of them {weeks[bare[0]]}, have no wage column of their month; the "
            f"wage columns run from {months[min(months)]} to {months[max(months)]}. Ask for the extract again with "
            "every month of its weeks."
        )


def _week_number(path: str, name: str, short_year: int, week: int) -> int:
    year = short_year + (1900 if short_year >= CENTURY_STARTS else 2000)
    try:
        return week_of_iso(year, week)
    except ValueError as error:
        raise InputError(f"{path}: column {name}: {year} has no ISO week {week}. Mend the column's name.") from error


def _check_contiguous(path: str, weeks: dict[int, str]) -> None:
    if not weeks:
        raise InputError(f"{path}: no week columns (Y_yyww) among its columns. Is this the register file?")
    absent = [week for week in range(min(weeks), max(weeks) + 1) if week not in weeks]
    if absent:
        shown = ", ".join(f"Y_{year % 100:02d}{week:02d}" for year, week in map(iso_of_week, absent[:5]))
        more = "" if len(absent) <= 5 else f" and {len(absent) - 5} more"
        raise InputError(
            f"{path}: a gap in the weeks: {len(absent)} missing between {weeks[min(weeks)]} and "
            f"{weeks[max(weeks)]}: {shown}{more}. Ask for the extract again with every week."
        )
