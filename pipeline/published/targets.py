"""Which printed numbers a synthetic extract was made to meet, as it declares itself in targets.csv."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pipeline.errors import InputError
from pipeline.published.locations import FIRST_DATA_LINE, Place, Printed, read_place

TARGETS_FILE = "targets.csv of the extract"
TARGET, STEERED = "target", "steered"


def read_roles(records: Iterable[Mapping[Any, str]], numbers: Sequence[Printed]) -> dict[Place, str]:
    """The role of every place declared: a target is a constraint, a steered number was drawn towards its printed value.

    A place of several numbers stands for all of them. InputError for an unknown role, and for a place that is repeated
    with another role or holds no printed number.
    """
    known, roles = {number.place for number in numbers}, dict[Place, str]()
    for line, record in enumerate(records, FIRST_DATA_LINE):
        place, role = read_place(record), record["role"]
        if role not in (TARGET, STEERED):
            raise InputError(f"{TARGETS_FILE}, line {line}: the role {role!r} must be {TARGET} or {STEERED}.")
        if place not in known:
            raise InputError(f"{TARGETS_FILE}, line {line}: the report prints no number at {place}. Mend the line.")
        if roles.setdefault(place, role) != role:
            raise InputError(f"{TARGETS_FILE}, line {line}: {place} has another role in a line above. Keep one.")
    return roles
