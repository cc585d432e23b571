"""Which file of a delivery is what: told by the columns that the study names, else by the file's name."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from pipeline.register.columns import WAGE, WEEK, WEEK_OF_YEAR
from pipeline.register.long import FORMS, find_form
from pipeline.settings.extract import ROLES
from pipeline.settings.study import Design

NAMES = {"dream": "register"}  # names of files that tell the role, where they are not the role itself
TARGETS = {"exhibit", "panel", "row", "column", "statistic", "role"}
WIDE = "dream_wide"
PERSONS = {"pnr", "cpr", "cprnr", "lobenr", "loebenr", "person_id", "personid", "id"}  # what registers call the key
YEAR = re.compile(r"(?<![0-9])(?:19|20)[0-9]{2}(?![0-9])")


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


def find_year(stem: str, columns: Collection[str]) -> int:
    """The year of a register file that has one file a year, as dream2015 with y_01 to y_53; 0 for any other file."""
    named = YEAR.search(stem)
    weeks = [name for name in columns if WEEK_OF_YEAR.fullmatch(name)]
    return int(named.group()) if named and len(weeks) > 1 and not any(map(WEEK.fullmatch, columns)) else 0


def has_only_wages(columns: Collection[str]) -> bool:
    """Whether a file has months of wages and no week: a part of the register."""
    return any(map(WAGE.fullmatch, columns)) and not any(map(WEEK.fullmatch, columns))


def find_aliases(columns: Collection[str], signs: Signs) -> dict[str, str]:
    """By the study's name that of the file, where only the case differs, or where the key is called as registers do.

    A name that two columns could have is told by nobody and stays out.
    """
    wanted = wanted_columns(signs)
    aliases = {name: _only(own for own in columns if own.casefold() == name.casefold()) for name in sorted(wanted)}
    found = {name: own for name, own in aliases.items() if own and name not in columns and own not in wanted}
    key = signs.design.key
    person = _only(own for own in columns if own.casefold() in PERSONS)
    if key not in columns and key not in found and person and person not in {*wanted, *found.values()}:
        found[key] = person
    return found


def wanted_columns(signs: Signs) -> set[str]:
    """The columns that the study names, in whichever file they are."""
    design = signs.design
    named = [design.person, design.key, design.arm, design.date, design.answered, design.consent]
    named += [grouping.column for grouping in design.groupings] + design.identity.columns
    return {name for name in named if name} | signs.items | signs.asked_again


def known_columns(signs: Signs) -> set[str]:
    """What a line of names holds one of."""
    return wanted_columns(signs) | PERSONS | TARGETS | {name for form in FORMS.values() for name in form}


def _only(names: Iterable[str]) -> str:
    found = list(names)
    return found[0] if len(found) == 1 else ""


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
