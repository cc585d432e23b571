"""ISO weeks as one running number, and the month a week belongs to.

Week 1 is 1991-W32, the first week of the register (Monday 5 August 1991). A week belongs to the month of its Thursday,
as it belongs to the ISO year of its Thursday.
"""

import datetime

FIRST_MONDAY = datetime.date(1991, 8, 5)


def week_of_date(day: datetime.date) -> int:
    """The number of the ISO week that contains `day`; 1 is 1991-W32, earlier weeks are below 1."""
    return (day - FIRST_MONDAY).days // 7 + 1


def week_of_iso(year: int, week: int) -> int:
    """The number of ISO week `week` of ISO year `year`; ValueError if that year has no such week."""
    return week_of_date(datetime.date.fromisocalendar(year, week, 1))


def monday_of_week(number: int) -> datetime.date:
    """The Monday of the week with this number."""
    return FIRST_MONDAY + datetime.timedelta(weeks=number - 1)


def iso_of_week(number: int) -> tuple[int, int]:
    """ISO year and ISO week of the week with this number."""
    year, week, _ = monday_of_week(number).isocalendar()
    return year, week


def month_of_week(number: int) -> tuple[int, int]:
    """Year and month of the Thursday of the week: the month whose wage record counts for the week."""
    thursday = monday_of_week(number) + datetime.timedelta(days=3)
    return thursday.year, thursday.month
