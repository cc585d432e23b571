"""What archives told of which persons, written and read, so that a later one does not tell the rest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from pipeline.disclosure.groups import ALONE, Gathering, Groups, Told
from pipeline.disclosure.secondary import Protected


def write_told(extract: str, groups: Groups, protected: Protected) -> str:
    """told.json: pseudonyms, a line of digits for each group, 1 for its members, and what leaves and was found of them.

    What left earlier is kept of that archive, and not again: of another extract it is to be forgotten with that.
    An edition in another language shows the same numbers, and reads there which are withheld.
    """
    new = groups.told[: len(groups.told) - groups.n_left]
    told = [own for number, own in enumerate(new) if number not in protected.withheld]
    used = sorted({group for own in told for group in (own.group, own.whole)} - {ALONE})
    at = {group: place for place, group in enumerate(used)} | {ALONE: ALONE}
    named = groups.members[used].any(axis=0) if used else np.zeros(len(groups.persons), dtype=bool)
    left = [[at[own.group], _finite(own.low), _finite(own.high), at[own.whole]] for own in told]
    return json.dumps(
        {
            "extract": extract,
            "persons": groups.persons[named].tolist(),
            "groups": ["".join("01"[int(member)] for member in groups.members[group, named]) for group in used],
            "kinds": [groups.kinds[group] for group in used],
            "told": sorted({json.dumps(each): each for each in left}.values(), key=str),
            "places": sorted(protected.places),
            "attacked": protected.counts(),
        }
    )


def read_protected(told: Mapping[str, Any]) -> Protected:
    """What was withheld further of the same numbers in the first language."""
    return Protected(
        frozenset(), frozenset((name, statistic) for name, statistic in told["places"]), **told["attacked"]
    )


def _finite(bound: float) -> float | None:
    return bound if np.isfinite(bound) else None


def rename(told: Mapping[str, Any], own: Mapping[int, int]) -> dict[str, Any]:
    """What an archive told, with the pseudonyms of the `own` extract; who is not in that keeps the other pseudonym."""
    return {**told, "persons": [own.get(person, person) for person in told["persons"]]}


def everybody(persons: np.ndarray, earlier: list[Mapping[str, Any]]) -> np.ndarray:
    """The persons of this extract, in their order, and then those that only earlier archives told of."""
    others = {person for told in earlier for person in told["persons"]} - set(persons.tolist())
    return np.array([*persons.tolist(), *sorted(others)], dtype=np.int64)


def tell_earlier(found: Gathering, earlier: list[Mapping[str, Any]]) -> None:
    """Add what earlier archives told: it cannot be withheld any more."""
    for told in earlier:
        persons = np.array(told["persons"], dtype=np.int64)
        at = [
            found.group(found.of(persons[[digit == "1" for digit in digits]]), kind)
            for digits, kind in zip(told["groups"], told["kinds"], strict=True)
        ] + [ALONE]
        for group, low, high, whole in told["told"]:
            low, high = -np.inf if low is None else low, np.inf if high is None else high
            found.left.append(Told(at[group], low, high, at[whole]))
