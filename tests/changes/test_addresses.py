"""The addresses that make diff prints are those of numbers shown, which make trace takes."""

from pathlib import Path

import pandas as pd
import pytest

from pipeline.audit.addresses import find_number
from pipeline.audit.build import Build
from pipeline.audit.compare import NUMBERS
from pipeline.changes.addresses import UNSHOWN, find_addresses
from pipeline.changes.short import say_moves
from pipeline.show.shown import SOURCES

BUILD = Build(Path("data_raw/twin"), Path("data_derived/twin"))
pytestmark = pytest.mark.report("exhibits.toml")


def changes(*rows):
    return pd.DataFrame(rows, columns=["estimate_id", "column"])


def test_every_number_that_may_have_moved_has_an_address_that_a_trace_takes():
    every = changes(*[(name, column) for name in sorted(BUILD.estimates) for column in (*NUMBERS, "note")])
    found = every.assign(address=find_addresses(every, BUILD.shown))
    shown = BUILD.shown.set_index("cell_id")
    own = found[~found["address"].str.endswith(UNSHOWN)]
    at = shown.loc[own["address"]]
    assert (at["estimate_id"].to_numpy() == own["estimate_id"].to_numpy()).all()
    exact = set(zip(shown["estimate_id"], shown["statistic"].map(lambda name: SOURCES.get(name, name)), strict=True))
    is_exact = [pair in exact for pair in zip(own["estimate_id"], own["column"], strict=True)]
    named = at["statistic"].map(lambda name: SOURCES.get(name, name)).to_numpy() == own["column"].to_numpy()
    assert (named[is_exact]).all()
    assert set(own["estimate_id"]) == set(shown["estimate_id"])
    for address in own["address"].drop_duplicates().sample(20, random_state=1):
        assert find_number(address, BUILD)["cell_id"] == address
    alone = found[found["address"].str.endswith(UNSHOWN)]
    assert (alone["address"] == alone["estimate_id"] + UNSHOWN).all()


def test_a_number_that_only_the_earlier_shows_is_named_with_that_extract():
    shown = pd.DataFrame({"cell_id": ["table_1_1/a/se"], "estimate_id": ["m/all/y//treated"], "statistic": ["se"]})
    rows = changes(("m/all/y//treated", "se"), ("m/all/y//treated", "estimate"), ("m/all/z//treated", "estimate"))
    nothing = shown.iloc[:0]
    assert find_addresses(rows, nothing, shown, "2017q4") == [
        "table_1_1/a/se (of 2017q4)",
        "table_1_1/a/se (of 2017q4)",
        f"m/all/z//treated{UNSHOWN}",
    ]


def test_the_line_of_a_model_names_what_moved_by_the_address_of_its_statistic():
    own = BUILD.shown[BUILD.shown["statistic"] == "se"].iloc[0]
    moves = changes((own["estimate_id"], "se")).assign(
        model="m",
        kind="moved",
        old="1",
        new="2",
        size=1.0,
        unit="",
        address=lambda rows: find_addresses(rows, BUILD.shown),
    )
    assert f"the most {own['cell_id']} se 1 -> 2" in next(say_moves(moves, {"m": 1}))
