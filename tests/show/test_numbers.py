"""How numbers are written and read back, in both languages."""

import datetime
from decimal import Decimal

import pytest

from pipeline.show.numbers import read_number, star, star_legend, write_number, write_percent

MINUS = "\N{MINUS SIGN}"
LEVELS = {"#": 0.10, "*": 0.05, "**": 0.01, "***": 0.001}
DAY = (datetime.date(2015, 5, 8) - datetime.date(1970, 1, 1)).days

WRITTEN = [
    (0.05, "coefficient", None, "0.05", "0,05"),
    (-0.28, "coefficient", None, f"{MINUS}0.28", f"{MINUS}0,28"),
    (-0.001, "coefficient", None, "0.00", "0,00"),  # never minus zero
    (-0.0, "count", None, "0", "0"),
    (0.005, "coefficient", None, "0.01", "0,01"),  # a half goes away from zero
    (-0.005, "coefficient", None, f"{MINUS}0.01", f"{MINUS}0,01"),
    (2.675, "coefficient", None, "2.68", "2,68"),  # on the decimal number: in binary it lies below the half
    (0.3 - 0.015, "coefficient", None, "0.29", "0,29"),  # 0.285 but for the last bits
    (0.125, "share", None, "13", "13"),
    (0.75, "share", None, "75", "75"),
    (0.0716, "percentage_points", None, "7.16", "7,16"),
    (-0.0204999, "percentage_points", None, f"{MINUS}2.05", f"{MINUS}2,05"),
    (30412, "count", None, "30,412", "30.412"),
    (1234567, "count", None, "1,234,567", "1.234.567"),
    (999.95, "points", None, "1,000.0", "1.000,0"),
    (4.649, "points", 1, "4.6", "4,6"),
    (float(DAY), "date", None, "8 May 2015", "8. maj 2015"),
    (DAY + 0.99, "date", None, "8 May 2015", "8. maj 2015"),  # a mean late on the eighth is still the eighth
    (float("nan"), "coefficient", None, "\N{EN DASH}", "\N{EN DASH}"),
]


@pytest.mark.parametrize(("value", "unit", "decimals", "english", "danish"), WRITTEN)
def test_numbers_are_written_as_the_language_has_it(value, unit, decimals, english, danish):
    assert write_number(value, unit, "en", decimals) == english
    assert write_number(value, unit, "da", decimals) == danish


READ = [
    ("0.05", "en", Decimal("0.05")),
    ("0,05", "da", Decimal("0.05")),
    (f"{MINUS}0,28**", "da", Decimal("-0.28")),
    ("(0.14)", "en", Decimal("0.14")),
    ("30,412", "en", Decimal(30412)),
    ("30.412", "da", Decimal(30412)),
    ("8 May 2015", "en", datetime.date(2015, 5, 8)),
    ("8. maj 2015", "da", datetime.date(2015, 5, 8)),
    ("\N{EN DASH}", "en", None),
    ("suppressed", "en", None),
]


@pytest.mark.parametrize(("text", "language", "number"), READ)
def test_a_printed_number_is_read_back(text, language, number):
    assert read_number(text, language) == number


STARS = [
    (0.10, LEVELS, ""),  # a level is a bound that p lies below
    (0.0999, LEVELS, "#"),
    (0.05, LEVELS, "#"),
    (0.0499, LEVELS, "*"),
    (0.01, LEVELS, "*"),
    (0.001, LEVELS, "**"),
    (0.0009, LEVELS, "***"),
    (0.0009, ["*"], "*"),  # an exhibit that shows one mark only
    (0.06, ["*"], ""),
    (0.0009, [], ""),
    (float("nan"), LEVELS, ""),
]


@pytest.mark.parametrize(("p_value", "marks", "shown"), STARS)
def test_stars_at_their_limits(p_value, marks, shown):
    assert star(p_value, LEVELS, marks) == shown


def test_the_legend_names_the_levels_of_the_study():
    assert star_legend(LEVELS, ["*", "#"], "en") == "# p < 0.1; * p < 0.05"
    assert star_legend(LEVELS, ["***"], "da") == "*** p < 0,001"


def test_levels_are_written_as_the_language_has_it():
    assert write_percent(0.95, "en") == "95%"
    assert write_percent(0.975, "da") == "97,5\N{NO-BREAK SPACE}%"
