"""What is withheld so that nothing else that leaves tells a number that does not: until the attacker finds nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from pipeline.disclosure.attacker import NEARLY, prepare
from pipeline.disclosure.groups import Groups, Place
from pipeline.disclosure.primary import Judged
from pipeline.settings.disclosure import Bounds

Row = Mapping[Any, Any]


class Protected(NamedTuple):
    """The places whose numbers are withheld further; targets tried, those found too close at first, and those left."""

    places: frozenset[Place]
    tried: int
    found: int
    tight: int


def protect(groups: Groups, bounds: Bounds) -> Protected:
    """The places to withhold, group by group, until no target is told too closely.

    Of the groups that tell a target the one with the fewest places is withheld. What is taken from an
    attacker tells nothing more, so each round tries those that were found the round before.
    """
    if not groups.places:
        return Protected(frozenset(), 0, 0, 0)
    withheld: set[int] = set()
    attack = prepare(groups, frozenset(), bounds)
    tried, open_targets, first = len(attack.targets), np.arange(len(attack.targets)), -1
    while True:
        tight = dict(attack.tight(open_targets))
        first = len(tight) if first < 0 else first
        chosen = {
            group for weights in tight.values() if (group := _to_withhold(weights, groups, bounds, withheld)) >= 0
        }
        if not chosen:
            break
        withheld |= chosen
        attack = prepare(groups, frozenset(withheld), bounds)
        open_targets = np.array(list(tight))
    places = frozenset(place for group in withheld for place in groups.places[group])
    return Protected(places, tried, first, len(tight))


def _to_withhold(weights: Any, groups: Groups, bounds: Bounds, withheld: set[int]) -> int:
    """The group of the fewest places, and then of the fewest persons, that tells and can be withheld; -1 if none."""
    sizes = groups.sizes
    able = [
        int(group)
        for group in np.flatnonzero(weights > NEARLY)
        if sizes[group] >= bounds.persons and group not in withheld
    ]
    return min(able, key=lambda group: (len(groups.places[group]), int(sizes[group])), default=-1)


def with_protection(rows: Sequence[Row], judged: Sequence[Judged], protected: Protected) -> list[Judged]:
    """The judgements, with those numbers withheld that would tell others."""
    return [
        Judged("told_by_others") if (row["estimate_id"], row["statistic"]) in protected.places else own
        for row, own in zip(rows, judged, strict=True)
    ]
