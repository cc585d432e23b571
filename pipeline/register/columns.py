"""Finding the weeks and months among the columns of a wide DREAM file."""

import re
from dataclasses import dataclass

from pipeline.errors import InputError
from pipeline.register.calendar import iso_of_week, month_of_week, week_of_iso

WEEK = re.compile(r"y_?(\d{2})(\d{2})", re.IGNORECASE)
MONTH = re.compile(r"(?:branche|br)_(\d{4})_(\d{2})", re.IGNORECASE)
CENTURY_STARTS = 91  # the register begins in 1991: two-digit years from 91 on lie in the 1900s


@dataclass(frozen=True)
class RegisterColumns:
    """The week columns in order of time, and the wage column of each month.

    weeks: week number (1 = 1991-W32) -> column name, contiguous and ascending.
    months: (year, month) -> column name of the main employer's industry.
    """

    weeks: dict[int, str]
    months: dict[tuple[int, int], str]

    def month_column(self, week: int) -> str | None:
        """The wage column of the month of the week's Thursday; None if the file has no such month."""
        return self.months.get(month_of_week(week))


def find_columns(path: str, names: list[str]) -> RegisterColumns:
    """Week and month columns among `names`, matched without regard to case.

    Raises InputError naming file and columns for a week that does not exist (week 53 of a short year), a week given
    twice, no week at all, and a gap in the weeks.
    """
    weeks: dict[int, str] = {}
    for name in names:
        if match := WEEK.fullmatch(name):
            number = _week_number(path, name, int(match.group(1)), int(match.group(2)))
            if number in weeks:
                raise InputError(f"{path}: columns {weeks[number]} and {name} are the same week. Keep one.")
            weeks[number] = name
    months = {(int(match.group(1)), int(match.group(2))): name for name in names if (match := MONTH.fullmatch(name))}
    _check_contiguous(path, weeks)
    return RegisterColumns({week: weeks[week] for week in sorted(weeks)}, months)


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
