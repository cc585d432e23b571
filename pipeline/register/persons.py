"""Persons' keys: how files are linked by them, trial numbers, and the numbers that only a synthetic trial has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline.errors import InputError
from pipeline.pseudonyms.hashed import Pseudonyms, link_key
from pipeline.register.places import place_of_row
from pipeline.register.readers import check_key, refuse_cells
from pipeline.register.seen import LONGEST_NUMBER
from pipeline.settings.extract import Extract
from pipeline.settings.study import Study

if TYPE_CHECKING:
    import pandas as pd

NUMBER = re.compile(r"[0-9]{2}([0-9]{2})[0-9]{2}-?[0-9]{4}")  # day, month, year of birth, and a series
WHOLE = re.compile(r"[0-9]{1,9}")
MONTHS = 12  # those of the synthetic trial have the month of birth plus twelve
LONGEST_FORM_SHOWN = 20
MOST_TYPED = 0.05  # of the numbers: more are not mistyped but written in another way


def link_keys(cells: pd.Series) -> pd.Series:
    """The keys as files are linked by them: as text, whole numbers without leading zeros, which one file may lack."""
    return cells.map(link_key)


def number_persons(frame: pd.DataFrame, key: str, pseudonyms: Pseudonyms) -> pd.Series:
    """The pseudonym of each person.

    Raises InputError for a key that occurs twice, and for the odd key that is no number where most are.
    """
    whole, keys = frame[key].str.fullmatch(WHOLE), link_keys(frame[key])
    check_key(frame, key, keys)
    if keys.str.fullmatch(WHOLE).all():  # a file of numbers may have given those of nine digits a zero in front
        whole = whole | True
    if whole.mean() > 1 / 2:
        refuse_cells(frame, key, ~whole, "is no whole number, as the other keys are", "Mend the cell.")
    return pseudonyms.persons(keys)


def in_order(keys: pd.Series) -> pd.Series:
    """The places of persons in the order of their numbers as received: of whole numbers by size, else of texts."""
    ordered = keys.map(lambda name: name.zfill(LONGEST_NUMBER) if name.isdigit() else name)
    return ordered.rank(method="first").astype("int64")


def usual_form(keys: pd.Series) -> str:
    """How most of the numbers are written: x for a digit, A for another character, signs as they are; '' of none."""
    forms = keys.map(_form).mode()
    return str(forms.iloc[0]) if len(forms) else ""


def require_one_form(keys: pd.Series, register: pd.DataFrame | None = None) -> None:
    """Raise InputError if persons' numbers are written otherwise in one file or line than in most of the others.

    register: the lines of a register looked at, with the column of the numbers; only `keys` are without it. Where most
    keys are numbers that begin with a birth date, all must have one length and their hyphens in the same
    places: one that has not would be found in no register. The message holds no digit of a number.
    """
    if keys.str.fullmatch(NUMBER).mean() <= 1 / 2:
        return
    usual, column = keys.map(_form).mode(), str(keys.name)
    for frame, numbers in ((None, keys), *([] if register is None else [(register, register[column])])):
        path = keys.attrs.get("path", "allocation file") if frame is None else frame.attrs["path"]
        _require_last_digits(path, numbers)
        forms = numbers.map(_form)
        other = forms[~forms.isin(usual[:1])]
        if len(other):
            line, few = other.index[0], len(other) <= MOST_TYPED * len(forms)
            place = f"{path}, line {line}" if frame is None else place_of_row(frame, line)
            most = "the others" if frame is None else "the allocation file"
            remedy = "Mend the cells" if few else "Ask for both files with the numbers written in one way"
            raise InputError(
                f"{place}, column {column}: {len(other)} of {len(forms)} persons' numbers are written "
                f"as {other.iloc[0][:LONGEST_FORM_SHOWN]}, most of {most} as "
                f"{usual[0][:LONGEST_FORM_SHOWN]} (x a digit, A another character). {remedy}."
            )


def _require_last_digits(path: str, numbers: pd.Series) -> None:
    rounded = numbers.str.endswith("00")
    if rounded.mean() > 1 / 2:
        raise InputError(
            f"{path}, column {numbers.name}: {int(rounded.sum())} of {len(numbers)} persons' numbers end in 00, as a "
            "spreadsheet rounds long numbers. Ask for the file again, with the numbers as text."
        )


def _form(number: str) -> str:
    """The number with x for every digit and A for what is none and no sign either: a letter O is no zero."""
    return re.sub(r"[^\W_x]", "A", re.sub(r"[0-9]", "x", number.replace("x", "A")))


def count_invented(numbers: pd.Series) -> int | None:
    """How many of the numbers have a month field from 13 to 24, which no real one has.

    None if that cannot be told, since some have no month of birth at all, or one beyond 24: those are keys that stand
    in for numbers, and their digits mean nothing.
    """
    months = numbers.str.extract(NUMBER, expand=False).where(numbers.str.fullmatch(NUMBER)).astype("Int64")
    if not len(numbers) or not months.between(1, 2 * MONTHS).fillna(False).all():
        return None
    return int((months > MONTHS).sum())


def require_secret(extract: Extract, study: Study) -> None:
    """Raise InputError for real persons whose key is public, unless the study says that anybody may know them."""
    if extract.public_key and not extract.synthetic and extract.public_key != study.design.public_key:
        raise InputError(
            "extract.toml: public_key, but the persons are not synthetic: whoever has the key can try every number. "
            f"Take it out and say make extract EXTRACT={extract.name}, which makes a secret one."
        )


def require_declared(extract: Extract, keys: pd.Series, study: Study) -> None:
    """Raise InputError if extract.toml says otherwise than the numbers whether the extract is synthetic.

    Of numbers that cannot tell it is believed only where the study declares the public key of the persons: what is
    synthetic leaves without control, so it takes more than a word in the file. Where most are written as numbers with
    a birth date those tell; `require_one_form` refuses the others.
    """
    invented, number = count_invented(keys), len(keys)
    if invented is None:
        dated = keys[keys.str.fullmatch(NUMBER)]
        is_shown = len(dated) > number / 2 and count_invented(dated) == len(dated)
        is_known = bool(extract.public_key) and extract.public_key == study.design.public_key
        if extract.synthetic and not is_shown and not is_known:
            raise InputError(
                "extract.toml: synthetic = true, but the persons' numbers in the allocation file do not show it, and "
                "study.toml declares no public_key that is that of the extract. Say synthetic = false; if all persons "
                "are invented, numbers with a month field from 13 to 24 show it."
            )
        return
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
