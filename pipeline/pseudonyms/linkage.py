"""The one file that leads from a pseudonym back to the numbers as received, which its owner alone can read."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.errors import InputError

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
        raise InputError(f"{path}: not as make writes it. Delete it, and run make all EXTRACT={derived.name}.") from error
