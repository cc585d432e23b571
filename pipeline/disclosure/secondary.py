"""What is withheld so that nothing else that leaves tells a number that does not: until the attacker finds nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from pipeline.disclosure.attacker import prepare
from pipeline.disclosure.groups import ALONE, Groups, IntArray, Place, Told
from pipeline.disclosure.primary import Judged
from pipeline.settings.disclosure import Bounds

Row = Mapping[Any, Any]


class Protected(NamedTuple):
    """What is withheld further, by its number of what is told, and the places of it; targets tried, found, and left.

    found: told too closely by what leaves at first; tight: told too closely still.
    """

    withheld: frozenset[int]
    places: frozenset[Place]
    tried: int
    found: int
    tight: int

    def counts(self) -> dict[str, int]:
        """The numbers of targets, by name."""
        return {name: getattr(self, name) for name in ("tried", "found", "tight")}


NOTHING = Protected(frozenset(), frozenset(), 0, 0, 0)


def protect(groups: Groups, bounds: Bounds) -> Protected:
    """What to withhold, number by number, until no target is told too closely.

    Of the numbers that tell a target the one with the fewest places is withheld. What is taken from an
    attacker tells nothing more, so each round tries those that were found the round before.
    """
    if not groups.told:
        return NOTHING
    withheld: frozenset[int] = frozenset()
    attack = prepare(groups, withheld, bounds)
    tried, open_targets, first = len(attack.targets), np.arange(len(attack.targets)), -1
    while True:
        tight = dict(attack.tight(open_targets))
        first = len(tight) if first < 0 else first
        chosen = {_to_withhold(telling - withheld, groups, bounds) for telling in tight.values()} - {None}
        if not chosen:
            break
        withheld |= {number for number in chosen if number is not None}
        attack = prepare(groups, withheld, bounds)
        open_targets = np.array(list(tight))
    places = frozenset(place for number in withheld for place in groups.told[number].places)
    return Protected(withheld, places, tried, first, len(tight))


def _to_withhold(telling: frozenset[int], groups: Groups, bounds: Bounds) -> int | None:
    """What tells and can be withheld of the fewest places, and then of the fewest persons; None if nothing can."""
    sizes = groups.sizes
    able = [
        number for number in telling
        if groups.told[number].places and not _is_withheld(groups.told[number], sizes, bounds)
    ]  # fmt: skip
    return min(able, key=lambda number: _weight(groups.told[number], sizes), default=None)


def _is_withheld(told: Told, sizes: IntArray, bounds: Bounds) -> bool:
    return told.whole == ALONE and int(sizes[told.group]) < bounds.persons


def _weight(told: Told, sizes: IntArray) -> tuple[int, int]:
    return len(told.places), int(sizes[told.group])


def with_protection(rows: Sequence[Row], judged: Sequence[Judged], protected: Protected) -> list[Judged]:
    """The judgements, with those numbers withheld that would tell others."""
    return [
        Judged("told_by_others") if (row["estimate_id"], row["statistic"]) in protected.places else own
        for row, own in zip(rows, judged, strict=True)
    ]
