"""How a value of a received file may be shown: no digits of a person's number, and no words written freely."""

from __future__ import annotations

import re

DIGITS_OF_A_BIRTH_DATE = 6  # a person's number begins with them
DATE = re.compile(r"\d{4}-\d{2}-\d{2}|\d{2}-\d{2}-\d{4}")


def show_value(value: str) -> str:
    """A value as an error may show it: in quotes, but hidden if it could be a person's number, or is several words."""
    words, shown = sum(any(map(str.isalpha, word)) for word in value.split()), show_name(value)
    return f"({words} words hidden)" if words > 1 and shown == repr(value) else shown


def show_name(name: str) -> str:
    """The name of a place or a group as an error may show it: as a value, however many words it has."""
    return repr(name) if count_digits(name) < DIGITS_OF_A_BIRTH_DATE or DATE.fullmatch(name) else "(digits hidden)"


def count_digits(value: str) -> int:
    """How many of the characters are digits."""
    return sum(character.isdigit() for character in value)
