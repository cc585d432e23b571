"""The one file that leads from a pseudonym back to the numbers as received, which its owner alone can read."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError
from pipeline.pseudonyms.hashed import link_key

if TYPE_CHECKING:
    import pandas as pd

NAME = "linkage.csv"
PERSON, NUMBER, KEY = "person", "number", "key"


def write_linkage(rows: Sequence[Mapping[str, Any]]) -> str:
    """The text of the file: a row a randomised person with pseudonym, number and key as received, and lines."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else [PERSON, NUMBER, KEY], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def read_numbers(derived: Path) -> dict[int, str]:
    """By pseudonym the trial number as received, of an extract that was built; InputError without the file."""
    path = derived / NAME
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return {int(row[PERSON]): row[NUMBER] for row in csv.DictReader(file)}
    except FileNotFoundError as error:
        raise InputError(
            f"{path}: the file is missing, and nothing else says whose pseudonym is whose. Say make all "
            f"EXTRACT={derived.name}."
        ) from error
    except (OSError, KeyError, ValueError) as error:
        raise InputError(
            f"{path}: not as make writes it. Delete it, and run make all EXTRACT={derived.name}."
        ) from error


def find_person(asked: str, numbers: Mapping[int, str]) -> int | None:
    """The pseudonym of the person of a pseudonym or a number as received; None of nobody's."""
    if asked.isdecimal() and int(asked) in numbers:
        return int(asked)
    return next((person for person, number in numbers.items() if link_key(number) == link_key(asked)), None)


def same_persons(old: Mapping[int, str], new: Mapping[int, str]) -> dict[int, int]:
    """By pseudonym in one extract that in another, of the persons whose numbers as received are in both."""
    by_number = {link_key(number): person for person, number in new.items()}
    found = {person: by_number.get(link_key(number)) for person, number in old.items()}
    return {person: other for person, other in found.items() if other is not None}


def renamed(tables: Mapping[str, pd.DataFrame], persons: Mapping[int, int]) -> dict[str, pd.DataFrame]:
    """Tables with the pseudonyms of another extract; who is not in that keeps the own pseudonym."""

    def named(table: pd.DataFrame) -> pd.DataFrame:
        own = table["person"]
        return table.assign(person=own.map(dict(persons)).fillna(own).astype(own.dtype))

    return {name: named(table) if "person" in table else table for name, table in tables.items()}
