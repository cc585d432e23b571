"""How a value of a received file may be shown: no digits of a person's number, and no words written freely."""

from __future__ import annotations

import re

from pipeline.settings.sensitivity import PERSON, may_enter

LONGEST_SHOWN = 40
DIGITS_OF_A_PERSON = 5  # a trial number has up to five, and a birth date, with which a person's number begins, six
DATE = re.compile(r"(\d{4}-\d{2}-\d{2}|\d{2}-\d{2}-\d{4})([ T]\d{2}:\d{2}(:\d{2}([.]\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?")
PLAIN = re.compile(r"0+|\d{4}-?W\d{2}")  # zeros, and a week
YEAR_AND_MORE = re.compile(r"(19|20)\d{4}")  # after letters a week or a month
NUMBER_IN_A_NAME = re.compile(rf"\d(?:[ -]?\d){{{DIGITS_OF_A_PERSON - 1},}}")


def show_value(value: str, sensitivity: str = PERSON) -> str:
    """A value as an error may show it: one of a group as `show_name`, of a person how it is written alone.

    That is x for a digit, A for a letter and signs as they are, and of several words how many they are: what is wrong
    with most cells is how they are written, and what they hold is read in the file.
    """
    if may_enter("error", sensitivity):
        return show_name(value)
    words = sum(any(map(str.isalpha, word)) for word in value.split())
    return f"({words} words hidden)" if words > 1 else repr(form_of(value)[:LONGEST_SHOWN])


def form_of(value: str) -> str:
    """How a value is written: x for a digit, A for a letter, signs as they are."""
    return "".join("x" if letter.isdigit() else "A" if letter.isalpha() else letter for letter in value)


def show_name(name: str) -> str:
    """The name of a place or a group as an error may show it: as a value, however many words it has."""
    is_free = count_digits(name) < DIGITS_OF_A_PERSON or DATE.fullmatch(name) or PLAIN.fullmatch(name)
    return repr(name) if is_free else "(digits hidden)"


def show_column(name: str) -> str:
    """The name of a column of a file, without the digits that could be a person's: a line of data may be its header."""

    def show(found: re.Match[str]) -> str:
        is_month = name[0].isalpha() and YEAR_AND_MORE.fullmatch(found.group())
        return found.group() if is_month else "(digits hidden)"

    return NUMBER_IN_A_NAME.sub(show, name)


def count_digits(value: str) -> int:
    """How many of the characters are digits."""
    return sum(character.isdigit() for character in value)
