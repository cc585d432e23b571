"""The keys of a whole register: what is held in mind does not grow with it, and no person of the trial is missed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pipeline.pseudonyms.hashed import Pseudonyms, link_key
from pipeline.register import seen as module
from pipeline.register.files.rows import Chunk
from pipeline.register.seen import SeenKeys

WANTED = ["0113501234", "77", "a-key-of-text"]
PSEUDONYMS = Pseudonyms(bytes(32))
ASKED = {PSEUDONYMS.in_register(link_key(key)) for key in WANTED}


def look_at(keys: list[str], monkeypatch: pytest.MonkeyPatch, most: int = 64) -> SeenKeys:
    """The keys as they come, in chunks, the first on line 2."""
    monkeypatch.setattr(module, "MOST_HELD", most)
    found = SeenKeys(ASKED, "xxxxxxxxxx", PSEUDONYMS)
    for first in range(0, len(keys), 100):
        part = keys[first : first + 100]
        found.choose(part)
        found.count(Chunk(part, range(first + 2, first + 2 + len(part)), pd.DataFrame(), 1.0))
    return found


@pytest.mark.parametrize("rows", [500, 5_000])
@pytest.mark.parametrize(("key", "twin"), [("0113501234", "0113501234"), ("77", "0077"), ("a-key-of-text",) * 2])
def test_a_person_of_the_trial_who_stands_twice_is_found_however_many_others_there_are(rows, key, twin, monkeypatch):
    keys = [f"{number:010d}" for number in range(3_000_000_000, 3_000_000_000 + rows)]
    keys[3], keys[-1] = key, twin
    found = look_at(keys, monkeypatch)
    assert found.repeated() == [5, rows + 1]
    assert sum(map(len, found.numbers)) <= 64 + len(WANTED)


def test_others_who_stand_twice_are_found_by_those_who_are_held_and_all_of_them_where_all_are(monkeypatch):
    keys = [f"k{number}" for number in np.random.default_rng(1).permutation(2_000)] * 2
    some = look_at(keys, monkeypatch).repeated()
    assert 20 <= len(some) <= 64
    assert {keys[line - 2] for line in some[: len(some) // 2]} == {keys[line - 2] for line in some[len(some) // 2 :]}
    assert len(look_at(keys, monkeypatch, most=10_000).repeated()) == 4_000
