"""Who was randomised, who is left out and why, when each was drawn, and how long each waited."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.verify.plain.pseudonyms import pseudonym
from pipeline.verify.plain.received import Line, canonical, link, read_day
from pipeline.verify.plain.register import number_of_day

ANALYSED = "analysed"
LETTERS = {"æ": "ae", "ø": "oe", "å": "aa", "ı": "i"}
CALLED = re.compile(r".*(?:LETTER|LIGATURE|SYLLABLE|VOWEL SIGN) (.+?)(?: WITH .*)?")


@dataclass
class Person:
    """One row of the allocation file, and what is found of it elsewhere."""

    number: int
    line: int
    key: str
    survey_key: str
    arm: int
    names: dict[str, str]
    day: datetime.date | None
    consents: bool
    attended: int | None = None
    reason: str = ANALYSED
    wait: int | None = None

    @property
    def week(self) -> int:
        """The number of the week of the draw, 1 being 1991-W32; 0 where weeks are counted from it."""
        return 0 if self.day is None else number_of_day(self.day)


def plain_name(text: str) -> str:
    """A name as it is compared: small letters a to z and digits, anything else an underscore."""
    spelt = unicodedata.normalize("NFC", text.casefold())
    plain = "".join(c if c.isascii() else _plain_letter(c) for c in spelt)
    return "_".join(re.findall(r"[a-z0-9]+", plain)) or "_".join(f"{ord(c):x}" for c in spelt)


def _plain_letter(letter: str) -> str:
    digit, called = unicodedata.digit(letter, None), CALLED.fullmatch(unicodedata.name(letter, ""))
    if letter in LETTERS or digit is not None:
        return LETTERS.get(letter, str(digit))
    if called:
        return re.sub(r"[^a-z0-9]", "", called[1].lower())
    kind = unicodedata.category(letter)
    return f"{ord(letter):x}" if kind[0] == "L" else "" if kind[0] == "M" or kind == "Cf" else "_"


def read_people(
    lines: Iterable[Line], study: Mapping[str, Any], extract: Mapping[str, Any], secret: bytes
) -> list[Person]:
    """The randomised persons in the order of the file, each with the pseudonym under the `secret` key."""
    design, allocation = study["design"], list(lines)
    key = design.get("register_key") or design["person"]
    columns = {kind["name"]: kind["column"] for kind in (design.get("stratum"), design.get("cluster")) if kind}
    found = []
    for line, row in allocation:
        names = {name: _spelling(row[column], extract, column) for name, column in columns.items()}
        day = read_day(row[design["date"]], extract["files"]["allocation"]) if design.get("date") else None
        found.append(Person(
            number=pseudonym(secret, link(row[design["person"]])), line=line, key=link(row[key]),
            survey_key=link(row[design["person"]]),
            arm=int(row[design["arm"]] == design["treated"]["value"]), names=names, day=day,
            consents=not design.get("consent") or row[design["consent"]] == "1",
            attended=_attended(row, extract.get("attended")),
        ))  # fmt: skip
    return found


def _attended(row: Mapping[str, str], told: Mapping[str, Any] | None) -> int | None:
    """Whether a person came as often as it takes; None if nobody says so."""
    return int(int(row[told["column"]]) >= told.get("at_least", 1)) if told and row[told["column"]] else None


def _spelling(text: str, extract: Mapping[str, Any], column: str) -> str:
    declared = extract.get("spellings", {}).get(column, {})
    name = canonical(text)
    return {canonical(other): canonical(usual) for other, usual in declared.items()}.get(name, name)


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
    if cluster and study["design"].get("date"):
        _wait([person for person in people if person.reason == ANALYSED], cluster["name"])


def _wait(analysed: list[Person], cluster: str) -> None:
    """The days to the last draw of the cluster."""
    last: dict[str, datetime.date] = {}
    drawn = [(person, person.day, plain_name(person.names[cluster])) for person in analysed if person.day]
    for _, day, group in drawn:
        last[group] = max(last.get(group, day), day)
    for person, day, group in drawn:
        person.wait = (last[group] - day).days


def _holds(person: Person, rule: Mapping[str, Any], extract: Mapping[str, Any], held: Mapping[str, set[str]]) -> bool:
    if "listed" in rule:
        listed = {plain_name(name) for name in extract.get("excluded", {}).get(rule["reason"], [])}
        return plain_name(person.names[rule["listed"]]) in listed
    if "absent" in rule:
        key = person.key if rule["absent"] == "register" else person.survey_key
        return key not in held.get(rule["absent"], set())
    return not person.consents
