"""The attacker finds what other numbers tell, and nothing is left for it once more is withheld."""

import numpy as np
import pytest

from pipeline.disclosure.attacker import prepare, released_bounds
from pipeline.disclosure.groups import Groups
from pipeline.disclosure.secondary import protect
from tests.show.conftest import CONTROLS

BOUNDS = CONTROLS.bounds


def groups_of(*sizes_of_classes: int, **members: list[int]) -> Groups:
    """Groups as unions of disjoint classes of persons of given sizes."""
    classes = np.repeat(np.arange(len(sizes_of_classes)), sizes_of_classes)
    rows = np.array([np.isin(classes, own) for own in members.values()])
    return Groups(rows, tuple(frozenset({(name, "n")}) for name in members))


# Classes of persons, and the groups that leave; whether the attacker tells one of few persons too closely.
TOLD = {
    "a number of few persons alone is told by nothing": ((3, 40), {"few": [0], "others": [1]}, False),
    "two of four and their sum of eight, rounded to ten, are four each": (
        (4, 4),
        {"a": [0], "b": [1], "sum": [0, 1]},
        True,
    ),
    "one control beside five treated and six in all": ((1, 5), {"control": [0], "treated": [1], "all": [0, 1]}, True),
    "the complement of a large group": ((3, 95), {"few": [0], "many": [1], "all": [0, 1]}, False),
    "567 beside 568 tells at most that few are missing": ((567, 1), {"low": [0], "all": [0, 1]}, False),
}


@pytest.mark.parametrize(("classes", "members", "is_told"), TOLD.values(), ids=TOLD)
def test_the_attacker_tells_what_can_be_told(classes, members, is_told):
    groups = groups_of(*classes, **members)
    attack = prepare(groups, frozenset(), BOUNDS)
    assert bool(list(attack.tight(np.arange(len(attack.targets))))) is is_told


@pytest.mark.parametrize(("classes", "members", "is_told"), TOLD.values(), ids=TOLD)
def test_nothing_is_told_once_more_is_withheld_and_no_more_is_withheld_than_needed(classes, members, is_told):
    protected = protect(groups_of(*classes, **members), BOUNDS)
    assert protected.tight == 0
    assert bool(protected.places) is is_told
    assert len(protected.places) <= 1


def test_what_fits_a_number_that_leaves_holds_the_number():
    counts = np.arange(0, 700)
    low, high = released_bounds(counts, BOUNDS)
    assert np.all((low <= counts) & (counts <= high))
    assert np.all(high[BOUNDS.persons + 3 :] - low[BOUNDS.persons + 3 :] == BOUNDS.base - 1)
