"""How a number is written for people and for machines: another program for the same rules."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

DIGITS = 12  # significant ones that a number is taken to before it is rounded, half away from zero


class Unit(NamedTuple):
    """Places the point moves to the right, and decimals."""

    shift: int
    decimals: int


UNITS = {
    "coefficient": Unit(0, 2), "count": Unit(0, 0), "days": Unit(0, 0), "density": Unit(0, 5), "percent": Unit(0, 1),
    "percentage_points": Unit(2, 2), "points": Unit(0, 1), "probability": Unit(0, 3), "share": Unit(2, 0),
    "years": Unit(0, 0),
}  # fmt: skip
MONTHS = {
    "en": "January February March April May June July August September October November December",
    "da": "januar februar marts april maj juni juli august september oktober november december",
}
SIGNS = {"en": (",", "."), "da": (".", ",")}  # of thousands, and of the fraction


def text_of(value: float, unit: str, decimals: int | None, language: str) -> str:
    """The number as people read it: 30,412 or 30.412, a true minus sign, 8 May 2015 or 8. maj 2015; a dash for none."""
    if value != value:
        return "–"
    if unit == "date":
        day, end = _day(value), "." if language == "da" else ""
        return f"{day.day}{end} {MONTHS[language].split()[day.month - 1]} {day.year}"
    whole, fraction, is_negative = _rounded(value, unit, decimals)
    thousands, point = SIGNS[language]
    groups: list[str] = []
    while len(whole) > 3:
        whole, last = whole[:-3], whole[-3:]
        groups.insert(0, last)
    text = thousands.join([whole, *groups]) + (point + fraction if fraction else "")
    return ("−" if is_negative else "") + text


def machine_text(value: float, unit: str, decimals: int | None) -> str:
    """The number as printed, for machines: a decimal point, no signs of thousands, dates as yyyy-mm-dd, '' for none."""
    if value != value:
        return ""
    if unit == "date":
        return _day(value).isoformat()
    whole, fraction, is_negative = _rounded(value, unit, decimals)
    return ("-" if is_negative else "") + whole + ("." + fraction if fraction else "")


def mark_of(p_value: float, levels: Mapping[str, float], marks: Iterable[str]) -> str:
    """The mark of the lowest level above the p-value, of those the exhibit uses."""
    reached = sorted((level, mark) for mark, level in levels.items() if mark in set(marks) and p_value < level)
    return reached[0][1] if reached else ""


def _day(value: float) -> datetime.date:
    return datetime.date(1970, 1, 1) + datetime.timedelta(days=math.floor(value))


def _rounded(value: float, unit: str, decimals: int | None) -> tuple[str, str, bool]:
    """The digits before and after the point, and whether a minus stands before them, which none does before zero."""
    shift, usual = UNITS[unit]
    places = usual if decimals is None else decimals
    units = int(abs(Decimal(f"{value:.{DIGITS - 1}e}")) * Decimal(10) ** (shift + places) + Decimal("0.5"))
    digits = str(units).rjust(places + 1, "0")
    return digits[: len(digits) - places], digits[len(digits) - places :], value < 0 and units > 0
