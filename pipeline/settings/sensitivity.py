"""What a variable describes, as variables.csv declares it, and where its values may therefore stand.

The tables and the pages of a trace hold persons and never leave the machine; an error is copied into mails, and
what lies under reports/ is read by anybody. What is declared nowhere is a person's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

Sensitivity = Literal["person", "group", "none"]
Place = Literal["trace", "report", "error"]
PERSON: Sensitivity = "person"
OPEN: Mapping[Place, frozenset[str]] = {
    "trace": frozenset({"person", "group", "none"}),
    "report": frozenset({"group", "none"}),
    "error": frozenset({"group", "none"}),
}
LEVELS = OPEN["trace"]


def may_enter(place: Place, sensitivity: str) -> bool:
    """Whether values of a variable of this sensitivity may stand in a place; what is no sensitivity is a person's."""
    return (sensitivity if sensitivity in LEVELS else PERSON) in OPEN[place]


def sensitivity_of(variable: str, rows: Iterable[Mapping[Any, Any]]) -> str:
    """The sensitivity that rows of variables.csv declare of a variable; of one that they lack that of a person."""
    return next((str(row["sensitivity"]) for row in rows if row["name"] == variable), PERSON)
