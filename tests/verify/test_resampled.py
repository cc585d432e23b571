"""Statistics of resampling by plain programs: they agree with the table as stored, and not with another."""

from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from pipeline.verify import resampled
from pipeline.verify.estimates import TABLES, read_trial
from pipeline.verify.packages import again, inference
from pipeline.verify.packages.inference import resample

SETTINGS, DERIVED = Path("config"), Path("data_derived/twin")
MODEL = "peers_survey_pooled"


@cache
def made_again():
    """What the second route makes of the model, once."""
    trial, stored = read_trial(SETTINGS, DERIVED), pd.read_parquet(DERIVED / resampled.FILE)
    return resample(trial.definitions.model(MODEL), trial, again.draw(trial), set(stored["estimate_id"]))


@pytest.fixture(autouse=True)
def _once(monkeypatch):
    monkeypatch.setattr(inference, "resample", lambda *_: made_again())
    monkeypatch.setattr(resampled, "_drawn", lambda *_: None)


@pytest.fixture
def other(tmp_path):
    """A build whose table of resampling can be changed; all else is that of the synthetic trial."""
    for name in (*TABLES, "estimates"):
        own = name if name == "estimates" else f"{name}.parquet"
        (tmp_path / own).symlink_to((DERIVED / own).resolve())
    return tmp_path


def changed(folder, change):
    table = pd.read_parquet(DERIVED / resampled.FILE)
    change(table).to_parquet(folder / resampled.FILE)
    kinds, seconds = resampled.compare_resampled(SETTINGS, folder, MODEL)
    return {kind.kind: kind for kind in kinds}, seconds


def test_every_kind_agrees_and_says_what_is_not_made_again(other):
    kinds, seconds = changed(other, lambda table: table)
    assert not [difference for kind in kinds.values() for difference in kind.differences]
    assert all(kind.agreed for kind in kinds.values())
    assert kinds["inference: signs of clusters"].largest < 1e-9
    assert {second.route for second in seconds} == {route for _, route, _ in resampled.KINDS.values()}
    assert all(second.agrees for second in seconds)


@pytest.mark.parametrize(
    ("statistic", "move", "kind"),
    [("ri_p", 1e-4, "draws of the lot"), ("wild_low", 1e-6, "signs of clusters"), ("jackknife_se", 1e-7, "jackknife"),
     ("cr2_df", 1e-6, "CR2"), ("without_high", 1e-7, "one cluster left out"), ("stepdown_p", 1e-4, "families of tests"),
     ("band_low", 1e-6, "families of tests")],
)  # fmt: skip
def test_a_statistic_that_is_another_disagrees(other, statistic, move, kind):
    def change(table):
        place = table.index[table["estimate_id"].str.startswith(MODEL)][0]
        table.loc[place, statistic] += move
        return table

    kinds, _ = changed(other, change)
    wrong = {name: len(found.differences) for name, found in kinds.items() if found.differences}
    assert wrong == {f"inference: {kind}": 1}


def test_an_estimate_without_its_row_is_a_difference(other):
    first = pd.read_parquet(DERIVED / resampled.FILE)["estimate_id"]
    gone = first[first.str.startswith(MODEL)].iloc[0]
    kinds, _ = changed(other, lambda table: table[table["estimate_id"] != gone])
    assert [found.what for found in kinds["inference: jackknife"].differences] == [f"{gone} row"]
