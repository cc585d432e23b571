"""Which keys of which settings file differ, and the facts of the received files."""

from __future__ import annotations

import csv
import io
import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pipeline.changes.differences import ABSENT, Difference, Section

if TYPE_CHECKING:
    from pipeline.changes.built import Built

EXTRACT = "extract.toml"
FILES = "files"
LONGEST, LONGEST_HASH = 40, 8  # characters of a value, in words and in tables
HASH = re.compile(r"[0-9a-f]{64}")


def compare_files(old: Built, new: Built) -> Section:
    """The received files by role: rows, SHA-256, key, layout and declared columns, as extract.toml has them."""
    first, second = (read_keys(EXTRACT, built.texts[EXTRACT]) for built in (old, new))
    facts = [
        {key.removeprefix(f"{FILES}."): value for key, value in keys.items() if key.startswith(f"{FILES}.")}
        for keys in (first, second)
    ]
    own = [{key.partition(".")[0] for key in keys} for keys in facts]
    roles, lone = own[0] | own[1], own[0] ^ own[1]
    found = [Difference(role, "", *(("there", ABSENT) if role in own[0] else (ABSENT, "there")), 1) for role in lone]
    shared = [{key: value for key, value in keys.items() if key.partition(".")[0] not in lone} for keys in facts]
    found = sorted(found) + list(_differences("", *shared))
    return Section("files", len(roles), "files", len({row.item.partition(".")[0] for row in found}), found)


def compare_settings(old: Built, new: Built) -> Section:
    """The keys of every settings file; of those on which no estimate rests only whether they are the same file."""
    found, compared = list[Difference](), 0
    for name in sorted({*old.texts, *new.texts}):
        first, second = (read_keys(name, built.texts.get(name, "")) for built in (old, new))
        if name == EXTRACT:  # the files are a subject of their own, and a name is no setting
            first, second = ({k: v for k, v in keys.items() if not k.startswith(f"{FILES}.") and k != "name"}
                             for keys in (first, second))  # fmt: skip
        compared += len(first.keys() | second.keys())
        found += _differences(f"{name}: ", first, second)
    for name in sorted(old.others.keys() & new.others.keys()):
        compared += 1
        if old.others[name] != new.others[name]:
            found.append(Difference(f"{name} (no estimate rests on it)", "", "as it was", "another file", 1))
    return Section("settings", compared, "keys and cells of settings", len(found), found)


def _differences(place: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Difference]:
    for key in sorted(old.keys() | new.keys()):
        before, after = old.get(key, ABSENT), new.get(key, ABSENT)
        if before != after:
            yield Difference(f"{place}{key}", "", _shortened(before), _shortened(after), 1)


def _shortened(value: str) -> str:
    if HASH.fullmatch(value):
        return f"{value[:LONGEST_HASH]}..."
    if not value.strip() or not value.isprintable():  # a tab, or nothing at all, would not be seen
        value = repr(value)
    return value if len(value) <= LONGEST else f"{value[:LONGEST]}..."


def read_keys(name: str, text: str) -> dict[str, str]:
    """The keys of a settings file with their values as text: of TOML joined by dots, of a table its row and column.

    A row is known by its first cell, and by its place among those of that cell.
    """
    if name.endswith(".toml"):
        return dict(_flat(tomllib.loads(text), ""))
    keys, seen = dict[str, str](), Counter[str]()
    for row in csv.DictReader(io.StringIO(text)):
        first = next(iter(row.values()))
        seen[first] += 1
        place = first if seen[first] == 1 else f"{first} ({seen[first]})"
        keys |= {f"{place}, {column}": value for column, value in row.items()}
    return keys


def _flat(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{place}.{key}" if place else key)
    elif isinstance(value, list) and any(isinstance(inner, dict) for inner in value):
        for number, inner in enumerate(value, 1):
            yield from _flat(inner, f"{place}.{number}")
    else:
        yield place, str(value)
