"""Whose pseudonym is whose, by the one file that says so."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path


def persons_of(linkage: str) -> dict[str, int]:
    """By number as received the pseudonym, from the text of linkage.csv."""
    return {row["number"]: int(row["person"]) for row in csv.DictReader(linkage.splitlines())}


@cache
def twins() -> dict[str, int]:
    """Those of the synthetic trial."""
    return persons_of(Path("data_derived/twin/linkage.csv").read_text(encoding="utf-8"))
