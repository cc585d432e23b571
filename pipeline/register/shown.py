"""How a value of a received file may be shown: never the digits of a person's number."""

from __future__ import annotations

import re

DIGITS_OF_A_BIRTH_DATE = 6  # a person's number begins with them
DATE = re.compile(r"\d{4}-\d{2}-\d{2}|\d{2}-\d{2}-\d{4}")


def show_value(value: str) -> str:
    """A value as an error may show it: in quotes, but hidden if its digits could be a person's number."""
    return repr(value) if count_digits(value) < DIGITS_OF_A_BIRTH_DATE or DATE.fullmatch(value) else "(digits hidden)"


def count_digits(value: str) -> int:
    """How many of the characters are digits."""
    return sum(character.isdigit() for character in value)
