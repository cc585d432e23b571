"""Who was randomised, who is left out and why, when each was drawn, and how long each waited."""

from __future__ import annotations

import datetime
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MONDAY_OF_WEEK_ONE = datetime.date(1991, 8, 5)


@dataclass
class Person:
    """One row of the allocation file, and what is found of it elsewhere."""

    number: int
    key: str
    survey_key: str
    arm: int
    names: dict[str, str]
    day: datetime.date | None
    consents: bool
    reason: str = "analysed"
    wait: int | None = None

    @property
    def week(self) -> int:
        """The number of the week of the draw, 1 being 1991-W32; 0 where weeks are counted from it."""
        return 0 if self.day is None else (self.day - MONDAY_OF_WEEK_ONE).days // 7 + 1


def plain_key(text: str) -> str:
    """A key as files are linked by it: a number without its leading zeros."""
    return text.lstrip("0") or "0" if text.isdigit() else text


def plain_name(text: str) -> str:
    """A name as it is compared: small letters and digits."""
    spelt = text.casefold().replace("æ", "ae").replace("ø", "oe").replace("å", "aa")
    letters = "".join(c for c in unicodedata.normalize("NFKD", spelt) if not unicodedata.combining(c))
    return "_".join("".join(c if c.isalnum() else " " for c in letters).split())


def read_people(allocation: list[dict[str, str]], study: Mapping[str, Any], extract: Mapping[str, Any]) -> list[Person]:
    """The randomised persons in the order of the file."""
    design = study["design"]
    key = design.get("register_key") or design["person"]
    columns = {kind["name"]: kind["column"] for kind in (design.get("stratum"), design.get("cluster")) if kind}
    numbers = _numbers([row[design["person"]] for row in allocation])
    found = []
    for row in allocation:
        names = {name: _spelling(row[column], extract, column) for name, column in columns.items()}
        day = read_day(row[design["date"]], extract["files"]["allocation"]) if design.get("date") else None
        found.append(Person(
            number=numbers[row[design["person"]]], key=plain_key(row[key]), survey_key=plain_key(row[design["person"]]),
            arm=int(row[design["arm"]] == design["treated"]["value"]), names=names, day=day,
            consents=not design.get("consent") or row[design["consent"]] == "1",
        ))  # fmt: skip
    return found


def _numbers(keys: list[str]) -> dict[str, int]:
    if all(key.isdigit() and len(key) < 10 for key in keys):
        return {key: int(key) for key in keys}
    return {key: place for place, key in enumerate(sorted(keys, key=plain_key), 1)}


def _spelling(text: str, extract: Mapping[str, Any], column: str) -> str:
    name = " ".join(unicodedata.normalize("NFC", text).split())
    return str(extract.get("spellings", {}).get(column, {}).get(name, name))


def read_day(text: str, facts: Mapping[str, Any]) -> datetime.date | None:
    """A date as the file writes it; None for none."""
    written = facts.get("dates", "yyyy-mm-dd")
    if not text:
        return None
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        pass
    if written in ("dd-mm-yyyy", "mm-dd-yyyy"):
        parts = text.replace(".", "-").replace("/", "-").split("-")
        day, month = (int(parts[0]), int(parts[1])) if written == "dd-mm-yyyy" else (int(parts[1]), int(parts[0]))
        return datetime.date(int(parts[2]), month, day)
    origin = {
        "excel": datetime.date(1899, 12, 30),
        "sas": datetime.date(1960, 1, 1),
        "spss": datetime.date(1582, 10, 14),
    }
    number = int(text)
    return origin[written] + datetime.timedelta(days=number if number <= 1_000_000 else number // 86_400)


def exclude(
    people: list[Person], study: Mapping[str, Any], extract: Mapping[str, Any], held: Mapping[str, set[str]]
) -> None:
    """Give each person the first reason that holds, in the order of the study; `held` are the keys in each file."""
    for person in people:
        for rule in study.get("exclusions", []):
            if _holds(person, rule, extract, held):
                person.reason = rule["reason"]
                break
    cluster = study["design"].get("cluster")
    if cluster and all(person.day for person in people):
        last: dict[str, datetime.date] = {}
        analysed = [person for person in people if person.reason == "analysed"]
        for person in analysed:
            group = plain_name(person.names[cluster["name"]])
            last[group] = max(last.get(group, person.day), person.day)  # type: ignore[type-var, assignment]
        for person in analysed:
            person.wait = (last[plain_name(person.names[cluster["name"]])] - person.day).days  # type: ignore[operator]


def _holds(person: Person, rule: Mapping[str, Any], extract: Mapping[str, Any], held: Mapping[str, set[str]]) -> bool:
    if "listed" in rule:
        listed = {plain_name(name) for name in extract.get("excluded", {}).get(rule["reason"], [])}
        return plain_name(person.names[rule["listed"]]) in listed
    if "absent" in rule:
        key = person.key if rule["absent"] == "register" else person.survey_key
        return key not in held.get(rule["absent"], set())
    return not person.consents
