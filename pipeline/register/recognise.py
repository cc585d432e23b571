"""Which file of a delivery is what: told by the columns that the study names, else by the file's name."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from pipeline.register.columns import WEEK
from pipeline.register.long import FORMS, find_form
from pipeline.settings.study import Design

NAMES = {"dream": "register"}  # names of files that tell the role, where they are not the role itself
ROLES = ("register", "allocation", "baseline_survey", "followup_survey", "targets")
TARGETS = {"exhibit", "panel", "row", "column", "statistic", "role"}
WIDE = "dream_wide"


@dataclass(frozen=True)
class Signs:
    """What the files of a study are told by: its design, and the items of its surveys, those asked again among them."""

    design: Design
    items: frozenset[str]
    asked_again: frozenset[str]


def find_role(stem: str, header: Collection[str], signs: Signs) -> str | None:
    """The role of a file with these columns: one of ROLES, or None for a file that is none of them.

    A survey has the persons' key and at least half of its items, the allocation file the key and the arm, the register
    its key and the columns of one of its forms. A file whose columns say nothing, as all of them may be called
    otherwise than the study calls them, is what it is named.
    """
    columns, design = set(header), signs.design
    named = NAMES.get(stem.lower(), stem.lower())
    if columns >= TARGETS:
        return "targets"
    if design.person in columns and (survey := _find_survey(named, columns, signs)):
        return survey
    if columns >= {design.person, design.arm}:
        return "allocation"
    if design.key in columns and find_register_form(columns):
        return "register"
    return named if named in ROLES else None


def find_register_form(columns: Collection[str]) -> str | None:
    """The form of a register file with these columns, as extract.toml calls it; None if it has none of them."""
    return WIDE if any(WEEK.fullmatch(name) for name in columns) else find_form(columns)


def describe_roles(design: Design) -> str:
    """What a file must hold to be told by its columns, in words."""
    long_forms = ", or ".join(", ".join(map(str.upper, wanted)) for wanted in FORMS.values())
    return (
        f"The register has the columns {design.key} and weeks (Y_1501), or {long_forms}; the allocation file has "
        f"{design.person} and {design.arm}"
    )


def _find_survey(named: str, columns: set[str], signs: Signs) -> str | None:
    once = signs.items - signs.asked_again
    if _has_most(columns, once):
        return "baseline_survey"
    if not _has_most(columns, signs.asked_again):
        return None
    if once:
        return "followup_survey"
    return named if named in ("baseline_survey", "followup_survey") else None  # all is asked twice: columns say nothing


def _has_most(columns: set[str], wanted: frozenset[str]) -> bool:
    return bool(wanted) and 2 * len(columns & wanted) >= len(wanted)
