"""How a value of a received file may be shown: no digits of a person's number, and no words written freely."""

from __future__ import annotations

import re

DIGITS_OF_A_PERSON = 5  # a trial number has up to five, and a birth date, with which a person's number begins, six
DATE = re.compile(r"(\d{4}-\d{2}-\d{2}|\d{2}-\d{2}-\d{4})([ T]\d{2}:\d{2}(:\d{2}([.]\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?")
PLAIN = re.compile(r"0+|\d{4}-?W\d{2}")  # zeros, and a week
WEEK = re.compile(r"\d{4}-?W?\d{2}")
YEAR_AND_MORE = re.compile(r"(19|20)\d{4}")  # after letters a week or a month
NUMBER_IN_A_NAME = re.compile(rf"\d(?:[ -]?\d){{{DIGITS_OF_A_PERSON - 1},}}")


def show_value(value: str) -> str:
    """A value as an error may show it: in quotes, but hidden if it could be a person's number, or is several words."""
    words, shown = sum(any(map(str.isalpha, word)) for word in value.split()), show_name(value)
    return f"({words} words hidden)" if words > 1 and shown == repr(value) else shown


def show_name(name: str) -> str:
    """The name of a place or a group as an error may show it: as a value, however many words it has."""
    is_free = count_digits(name) < DIGITS_OF_A_PERSON or DATE.fullmatch(name) or PLAIN.fullmatch(name)
    return repr(name) if is_free else "(digits hidden)"


def show_week(value: str) -> str:
    """A value of a column of weeks: 201507 is one there, and no birth date."""
    return repr(value) if WEEK.fullmatch(value.upper()) else show_value(value)


def show_column(name: str) -> str:
    """The name of a column of a file, without the digits that could be a person's: a line of data may be its header."""

    def show(found: re.Match[str]) -> str:
        is_month = name[0].isalpha() and YEAR_AND_MORE.fullmatch(found.group())
        return found.group() if is_month else "(digits hidden)"

    return NUMBER_IN_A_NAME.sub(show, name)


def count_digits(value: str) -> int:
    """How many of the characters are digits."""
    return sum(character.isdigit() for character in value)
