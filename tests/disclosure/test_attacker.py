"""The attacker finds what other numbers tell, and nothing is left for it once more is withheld."""

import json
from itertools import pairwise

import numpy as np
import pytest

from pipeline.disclosure.attacker import prepare
from pipeline.disclosure.earlier import everybody, rename, tell_earlier, write_told
from pipeline.disclosure.groups import Gathering, Told, released_bounds
from pipeline.disclosure.secondary import NOTHING, protect
from pipeline.settings.base import convert
from pipeline.settings.disclosure import Bounds
from tests.disclosure.test_rules import load_bounds
from tests.show.conftest import CONTROLS

BOUNDS = CONTROLS.bounds
EXACT = convert({**load_bounds(), "base": 1}, Bounds, "disclosure.toml")


def gather(classes, members, bounds=BOUNDS, shares=(), first=0, earlier=()):
    """Groups as unions of disjoint classes of persons of given sizes, whose numbers leave, and shares of two of them.

    A share is name of who has it, name of the whole, and what the text says, or nothing where it is withheld.
    """
    persons = np.arange(sum(classes)) + first
    of = np.repeat(np.arange(len(classes)), classes)
    found = Gathering(everybody(persons, list(earlier)))
    held = {name: found.of(persons[np.isin(of, own)]) for name, own in members.items()}
    whole = int(held["all"].sum()) if "all" in held else 0
    for name, own in held.items():
        is_part = own.sum() < whole < bounds.persons
        low, high = released_bounds(int(own.sum()), bounds, is_part)
        found.tell(Told(found.group(own), low, high, places=frozenset({(name, "n")})))
    for having, whole, *said in shares:
        members_of = found.of(persons[np.isin(of, having)])
        group, places = found.group(members_of, "property"), frozenset({(str(having), "share")})
        if said:
            found.tell(Told(group, *said, whole=found.group(held[whole]), places=places))
        else:
            found.tell(Told(group, 0.0, bounds.persons - 1.0))
    tell_earlier(found, list(earlier))
    return found.groups()


# Classes of persons, the groups that leave, the shares; whether the attacker tells one of few persons too closely.
TOLD = {
    "a number of few persons alone is told by nothing": ((3, 40), {"few": [0], "others": [1]}, (), False),
    "two of four and their sum of eight, rounded to ten, are four each": (
        (4, 4), {"a": [0], "b": [1], "sum": [0, 1]}, (), True,
    ),
    "one control beside five treated and six in all": (
        (1, 5), {"control": [0], "treated": [1], "all": [0, 1]}, (), True,
    ),
    "a team of two and two, withheld as a whole, of which nobody is withheld too": (
        (2, 2), {"control": [0], "treated": [1], "all": [0, 1]}, (), False,
    ),
    "a team of one and three": ((1, 3), {"control": [0], "treated": [1], "all": [0, 1]}, (), False),
    "three arms of one, one and two": ((1, 1, 2), {"a": [0], "b": [1], "c": [2], "all": [0, 1, 2]}, (), False),
    "the complement of a large group": ((3, 95), {"few": [0], "many": [1], "all": [0, 1]}, (), False),
    "567 beside 568 tells at most that few are missing": ((567, 1), {"low": [0], "all": [0, 1]}, (), False),
    "a withheld share of controls beside those of the treated and of all": (
        (1, 29, 20, 10), {"control": [0, 1], "treated": [2, 3], "all": [0, 1, 2, 3]},
        (([0], "control"), ([2], "treated", 0.665, 0.675), ([0, 2], "all", 0.3495, 0.3505)), True,
    ),
    "whole per cent of two categories beside a third that is withheld": (
        (2, 27, 30), {"all": [0, 1, 2]}, (([0], "all"), ([1], "all", 0.455, 0.465), ([2], "all", 0.505, 0.515)), True,
    ),
    "the same of ten times the others": (
        (2, 270, 300), {"all": [0, 1, 2]}, (([0], "all"), ([1], "all", 0.465, 0.475), ([2], "all", 0.515, 0.525)),
        False,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("classes", "members", "shares", "is_told"), TOLD.values(), ids=TOLD)
def test_what_can_be_told_is_found_and_no_more_is_withheld_than_needed(classes, members, shares, is_told):
    groups = gather(classes, members, shares=shares)
    attack = prepare(groups, frozenset(), BOUNDS)
    assert np.all(attack.rows.at_most @ np.unique(groups.members, axis=1, return_counts=True)[1] <= attack.rows.limits)
    assert bool(list(attack.tight(np.arange(len(attack.targets))))) is is_told
    protected = protect(groups, BOUNDS)
    assert protected.tight == 0
    assert len(protected.places) == int(is_told)


def test_what_marks_tell_of_groups_that_must_be_somebody_cannot_be_withheld_and_is_counted():
    protected = protect(gather((1, 1, 2), {"a": [0], "b": [1], "c": [2], "town": [0, 1, 2]}), BOUNDS)
    assert (protected.places, protected.tight) == (frozenset(), 4 + 3)  # groups, and what they lack of the town


def test_what_fits_a_number_that_leaves_holds_the_number():
    for count in range(700):
        low, high = released_bounds(count, BOUNDS)
        assert low <= count <= high
        assert count < 2 * BOUNDS.persons or high - low == BOUNDS.base - 1


# What left before, what is to leave now, and the bounds: what each alone does not tell.
NEIGHBOURS = {
    "a neighbouring cut-off, in exact numbers": ((2, 40, 30), {"six": [1]}, {"seven": [0, 1]}, EXACT),
    "the treated of a team, rounded, beside the whole team": ((1, 5, 60), {"all": [0, 1]}, {"treated": [1]}, BOUNDS),
}


@pytest.mark.parametrize(("classes", "before", "now", "bounds"), NEIGHBOURS.values(), ids=NEIGHBOURS)
def test_an_earlier_release_gives_no_small_difference_even_under_other_pseudonyms(classes, before, now, bounds):
    """The earlier extract has its own pseudonyms, and a person who is in it alone."""
    few = {"control": [0]} if bounds is BOUNDS else {}
    left = json.loads(write_told("old", gather((*classes, 1), before, bounds, first=1000), NOTHING))
    same = {1000 + place: place for place in range(sum(classes))}
    alone, beside = (
        protect(gather(classes, {**now, **few}, bounds, earlier=earlier), bounds)
        for earlier in ((), (rename(left, same),))
    )
    assert (alone.found, alone.places) == (0, frozenset())
    assert (beside.found, beside.tight) == (1, 0)
    assert beside.places == {(next(iter(now)), "n")}
    again = json.loads(write_told("new", gather(classes, {**now, **few}, bounds, earlier=(left,)), NOTHING))
    assert max(again["persons"]) < 1000, "what left before is kept once, of the archive that it left in"
    unlinked = protect(gather(classes, {**now, **few}, bounds, earlier=(left,)), bounds)
    assert unlinked.found == 0


def test_what_was_withheld_is_not_kept_as_told():
    groups = gather((1, 5), {"control": [0], "treated": [1], "all": [0, 1]})
    protected = protect(groups, BOUNDS)
    told = json.loads(write_told("x", groups, protected))
    assert len(told["told"]) == len(groups.told) - len(protected.withheld) == 2
    assert all(low <= high for low, high in pairwise(told["told"][0][1:3]))
