"""The register's weeks against the standard library's ISO calendar, 1991 to 2030."""

import datetime

import pytest

from pipeline.errors import InputError
from pipeline.register.calendar import iso_of_week, monday_of_week, month_of_week, week_of_date, week_of_iso
from pipeline.register.columns import find_columns

LONG_YEARS = [1992, 1998, 2004, 2009, 2015, 2020, 2026]


def test_every_day_from_1991_to_2030_is_in_the_week_of_the_iso_calendar():
    day = datetime.date(1991, 8, 5)
    while day.year <= 2030:
        number = week_of_date(day)
        iso = day.isocalendar()
        assert iso_of_week(number) == (iso.year, iso.week)
        assert monday_of_week(number) == datetime.date.fromisocalendar(iso.year, iso.week, 1)
        thursday = datetime.date.fromisocalendar(iso.year, iso.week, 4)
        assert month_of_week(number) == (thursday.year, thursday.month)
        day += datetime.timedelta(days=1)


def test_week_one_is_the_first_week_of_the_register():
    assert (week_of_iso(1991, 32), week_of_iso(1991, 33)) == (1, 2)


@pytest.mark.parametrize("year", range(1992, 2031))
def test_only_long_years_have_a_week_53(year):
    if year in LONG_YEARS:
        assert iso_of_week(week_of_iso(year, 53)) == (year, 53)
    else:
        with pytest.raises(ValueError):
            week_of_iso(year, 53)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["PNR", "KON"], "no week columns"),
        (["Y_1552", "Y_1601"], "1 missing between Y_1552 and Y_1601: Y_1553"),
        (["Y_1453"], "column Y_1453: 2014 has no ISO week 53"),
        (["Y_1501", "y_1501"], "Y_1501 and y_1501 are the same week"),
        (["Y_1501", "Y_201502"], "column Y_201502 names no week as Y_yyww does"),
    ],
)
def test_columns_that_cannot_be_weeks_are_refused(names, message):
    with pytest.raises(InputError, match=message):
        find_columns("dream.csv", names)


def test_columns_are_found_in_any_case_and_order_and_weeks_know_their_month():
    columns = find_columns("dream.csv", ["y_1532", "Y_1531", "FOEDDT", "br_2015_07", "alder9131"])
    assert list(columns.weeks.values()) == ["Y_1531", "y_1532"]
    assert [columns.month_column(week) for week in columns.weeks] == ["br_2015_07", None]
