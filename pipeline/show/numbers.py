"""How a number is written, in English and Danish, and read back."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

MINUS = "\N{MINUS SIGN}"
ABSENT = "\N{EN DASH}"
MARKS = "#*"
SIGNIFICANT_DIGITS = 12
EPOCH = datetime.date(1970, 1, 1)

POINT = {"en": ".", "da": ","}
THOUSANDS = {"en": ",", "da": "."}
MONTHS = [
    {"en": "January", "da": "januar"},
    {"en": "February", "da": "februar"},
    {"en": "March", "da": "marts"},
    {"en": "April", "da": "april"},
    {"en": "May", "da": "maj"},
    {"en": "June", "da": "juni"},
    {"en": "July", "da": "juli"},
    {"en": "August", "da": "august"},
    {"en": "September", "da": "september"},
    {"en": "October", "da": "oktober"},
    {"en": "November", "da": "november"},
    {"en": "December", "da": "december"},
]


@dataclass(frozen=True)
class Unit:
    """How numbers of one unit are shown: places the decimal point moves to the right, decimals, and the unit's name."""

    shift: int
    decimals: int
    name_en: str = ""
    name_da: str = ""


UNITS = {
    "coefficient": Unit(0, 2),
    "count": Unit(0, 0, "number", "antal"),
    "date": Unit(0, 0, "date", "dato"),
    "days": Unit(0, 0, "days", "dage"),
    "density": Unit(0, 5),
    "percent": Unit(0, 1, "%", "%"),
    "percentage_points": Unit(2, 2, "percentage points", "procentpoint"),
    "points": Unit(0, 1, "points", "point"),
    "probability": Unit(0, 3),
    "share": Unit(2, 0, "%", "%"),
    "years": Unit(0, 0, "years", "år"),
}


def write_number(value: float, unit: str, language: str, decimals: int | None = None) -> str:
    """Write `value` in its unit: '30,412' or '30.412', '\N{MINUS SIGN}0.28' or '\N{MINUS SIGN}0,28', '8 May 2015'.

    A half is rounded away from zero, on the decimal number and not on the binary one: the value is first taken to 12
    significant digits, so that 0.285 stored as 0.28499999999999998 prints as 0.29 and noise in the last bits never
    decides. Nothing prints as minus zero. A missing value is an en dash. KeyError for an unknown unit.
    """
    if math.isnan(value):
        return ABSENT
    if unit == "date":
        return write_date(value, language)
    places = UNITS[unit].decimals if decimals is None else decimals
    rounded = round_half_away(value, places, UNITS[unit].shift)
    text = f"{abs(rounded):,.{places}f}"
    text = "".join({",": THOUSANDS[language], ".": POINT[language]}.get(letter, letter) for letter in text)
    return MINUS + text if rounded < 0 else text


def as_float(value: object) -> float:
    """A number of the estimates table as float; the nullable integers' missing value becomes NaN."""
    try:
        return float(value)  # type: ignore[arg-type]
    except TypeError:
        return math.nan


def round_half_away(value: float, decimals: int, shift: int = 0) -> Decimal:
    """`value` times ten to the power `shift`, rounded to `decimals` with halves away from zero."""
    exact = Decimal(f"{value:.{SIGNIFICANT_DIGITS}g}").scaleb(shift)
    return exact.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


def write_date(days: float, language: str) -> str:
    """The day on which the instant `days` after 1970-01-01 falls: a mean date is never rounded up to the next day."""
    day = EPOCH + datetime.timedelta(days=math.floor(days))
    number = f"{day.day}." if language == "da" else f"{day.day}"
    return f"{number} {MONTHS[day.month - 1][language]} {day.year}"


def write_month(days: float, language: str) -> str:
    """The month of the instant `days` after 1970-01-01, for a date that is too close to one person: 'May 2015'."""
    day = EPOCH + datetime.timedelta(days=math.floor(days))
    return f"{MONTHS[day.month - 1][language]} {day.year}"


def read_month(text: str, language: str) -> str:
    """The month that a text is, as 2015-05; '' of another text."""
    name, _, year = text.partition(" ")
    months = [month[language] for month in MONTHS]
    return f"{year}-{months.index(name) + 1:02d}" if name in months and year.isdecimal() else ""


def write_percent(share: float, language: str) -> str:
    """A level such as 0.95: '95%' in English, '95 %' in Danish."""
    number = f"{Decimal(str(share)).scaleb(2).normalize():f}".replace(".", POINT[language])
    return f"{number}%" if language == "en" else f"{number}\N{NO-BREAK SPACE}%"


def read_number(text: str, language: str) -> Decimal | datetime.date | None:
    """The number that `text` shows, without brackets and marks; None if it shows none, as after suppression."""
    bare = text.rstrip(MARKS).strip("()").replace(MINUS, "-").replace(THOUSANDS[language], "")
    try:
        return Decimal(bare.replace(POINT[language], "."))
    except InvalidOperation:
        return _read_date(bare, language)


def _read_date(text: str, language: str) -> datetime.date | None:
    parts = re.fullmatch(r"(\d{1,2}) (\w+) (\d{4})", text)
    months = [month[language] for month in MONTHS]
    if parts is None or parts[2] not in months:
        return None
    return datetime.date(int(parts[3]), months.index(parts[2]) + 1, int(parts[1]))


def star(p_value: float, levels: Mapping[str, float], marks: Iterable[str]) -> str:
    """The mark of the smallest level that `p_value` is below, among the `marks` of the exhibit; '' if there is none."""
    reached = [(levels[mark], mark) for mark in marks if p_value < levels[mark]]
    return min(reached)[1] if reached else ""


def star_legend(levels: Mapping[str, float], marks: Iterable[str], language: str) -> str:
    """What the marks mean: '# p < 0.1; * p < 0.05'."""
    ordered = sorted(marks, key=lambda mark: -levels[mark])
    return "; ".join(f"{mark} p < {Decimal(str(levels[mark])).normalize():f}" for mark in ordered).replace(
        ".", POINT[language]
    )
