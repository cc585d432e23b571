"""What a comparison of one kind found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Compared(NamedTuple):
    """How many agree, what does not, and why others were not tried."""

    agreed: int
    wrong: list[str]
    why: str = ""


def compare(stated: Mapping[str, str], seen: Mapping[str, str], why: str = "") -> Compared:
    """How many keys have the same value on both sides, and those that do not or stand on one side only."""
    agreed = {key for key, value in stated.items() if key in seen and seen[key] == value}
    return Compared(len(agreed), sorted({*stated, *seen} - agreed), why)
