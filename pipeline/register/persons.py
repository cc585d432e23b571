"""Persons' numbers: one way of writing them in all files, and the numbers that only a synthetic trial has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline.errors import InputError
from pipeline.settings.extract import Extract

if TYPE_CHECKING:
    import pandas as pd

NUMBER = re.compile(r"\d{2}(\d{2})\d{2}-?\d{4}")  # day, month, year of birth, and a series
MONTHS = 12  # those of the synthetic trial have the month of birth plus twelve
LONGEST_FORM_SHOWN = 20


def require_one_form(keys: pd.Series, register: pd.DataFrame) -> None:
    """Raise InputError unless the numbers of both files have one length and their hyphens in the same places.

    A number that is written otherwise would be found in no register. The message holds no digit of a number.
    """
    usual, column = keys.map(_form).mode(), str(keys.name)
    for path, numbers in (("allocation file", keys), (register.attrs["path"], register[column])):
        forms = numbers.map(_form)
        other = forms[~forms.isin(usual[:1])]
        if len(other):
            raise InputError(
                f"{path}, line {other.index[0]}, column {column}: {len(other)} persons' numbers are written "
                f"as {other.iloc[0][:LONGEST_FORM_SHOWN]}, those of the allocation file as "
                f"{usual[0][:LONGEST_FORM_SHOWN]}. Ask for both files with the numbers written in one way."
            )


def _form(number: str) -> str:
    return re.sub(r"[^\W_]", "x", number)


def count_invented(numbers: pd.Series) -> int:
    """How many of the numbers have a month field from 13 to 24, which no real one has.

    0 if some have no month of birth at all, or one beyond 24: those are keys that stand in for numbers, and their
    digits mean nothing.
    """
    months = numbers.str.extract(NUMBER, expand=False).where(numbers.str.fullmatch(NUMBER)).astype("Int64")
    if not months.between(1, 2 * MONTHS).fillna(False).all():
        return 0
    return int((months > MONTHS).sum())


def require_declared(extract: Extract, keys: pd.Series) -> None:
    """Raise InputError if extract.toml says otherwise than the numbers whether the extract is synthetic."""
    invented, number = count_invented(keys), len(keys)
    if extract.synthetic and invented < number:
        raise InputError(
            f"extract.toml: synthetic = true, but {number - invented} of {number} persons' numbers in the allocation "
            "file have no month field from 13 to 24, as those of invented persons do. Set it to false."
        )
    if invented and not extract.synthetic:
        raise InputError(
            f"extract.toml: synthetic = false, but {invented} of {number} persons' numbers in the allocation file have "
            "a month field from 13 to 24, as only invented persons do. Set it to true; if real persons are among them, "
            "ask the data owner for the extract again."
        )
