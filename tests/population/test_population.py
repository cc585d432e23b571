"""Everybody in the register: both engines count what the pipeline's own stages find for the trial's persons."""

import importlib.util
import os
import shutil
from pathlib import Path

import pandas as pd
import pytest

from pipeline.errors import InputError
from pipeline.population.engines import connected
from pipeline.population.persons import keep_followed, require_sound
from pipeline.population.register import Definitions, count_population, open_register, read_trial
from pipeline.register.calendar import week_of_date
from pipeline.register.readers import read_received
from pipeline.runner.inputs import load_input
from pipeline.settings.base import convert
from pipeline.settings.study import Population
from pipeline.stages import ingest, outcomes, sample
from pipeline.twin.files import twin_files

NEEDED = "needs pyspark and Java 17: requirements-spark.lock; apt-get install openjdk-17-jre-headless"
CONFIG = Path(__file__).parents[2] / "config"
SETTINGS = {name: load_input(CONFIG / f"{name}.toml") for name in ("study", "outcomes")}
STATE = "sickness_benefit"


def require_spark():
    if importlib.util.find_spec("pyspark") and shutil.which("java"):
        return
    if os.environ.get("NOTHING_SKIPPED"):
        pytest.fail(NEEDED)
    pytest.skip(NEEDED)


class Twin:
    """The synthetic trial as received, and what the stages make of it."""

    def __init__(self, folder):
        self.folder = folder / "twin"
        self.folder.mkdir()
        for name, content in twin_files().items():
            (self.folder / name).write_bytes(content)
        self.extract = load_input(self.folder / "extract.toml")
        codes, scales = load_input(CONFIG / "benefit_codes.csv"), load_input(CONFIG / "scales.csv")
        received = {path.stem: load_input(path) for path in self.folder.glob("*.csv") if path.stem != "targets"}
        study = SETTINGS["study"]
        found = ingest.run(self.extract, study, codes, scales, **received)
        self.trial, self.weeks = found["trial.parquet"], found["register_weeks.parquet"]
        self.sample = sample.run(self.trial, found["register_columns.parquet"], study, self.extract)["sample.parquet"]
        made = outcomes.run(self.sample, self.weeks, SETTINGS["outcomes"], study, None, codes)
        self.shares, self.background = made["shares.parquet"], made["background.parquet"]
        self.definitions = Definitions(study, SETTINGS["outcomes"], self.extract, codes)
        allocation = read_received(self.folder / "allocation.csv", self.extract)
        self.keys = read_trial(allocation, self.sample, study.design)
        self.drawn = [week_of_date(day.date()) for day in self.trial["allocation_date"]]

    def opened(self, connection):
        return open_register(connection, self.folder / "dream.csv", self.definitions, self.drawn)


@pytest.fixture(scope="module")
def twin(tmp_path_factory):
    return Twin(tmp_path_factory.mktemp("received"))


@pytest.fixture(scope="module")
def embedded(twin, tmp_path_factory):
    with connected("duckdb", tmp_path_factory.mktemp("duckdb")) as connection:
        return count_population(twin.opened(connection), twin.keys, twin.definitions)


def summed(counts, by):
    return counts.groupby(["series", *by]).sum(numeric_only=True)


def test_the_trial_has_the_shares_of_the_pipeline(twin, embedded):
    weeks = summed(embedded[0], ["outcome", "week"])
    own = twin.shares.merge(twin.sample[["person", "treated"]], on="person")
    own["series"] = own["treated"].map({1: "treated", 0: "control"})
    own["total"] = (own["share"] * own["week"]).round()
    found = own.groupby(["series", "outcome", "week"]).agg(n=("share", "count"), total=("total", "sum"))
    pd.testing.assert_frame_equal(weeks.loc[found.index, ["n", "total"]], found.astype("int64"))


def test_the_history_is_that_of_the_pipeline(twin, embedded):
    counted = summed(embedded[1], [])
    weeks = twin.definitions.history.weeks
    for state in twin.definitions.history.states:
        own = (twin.background[f"{state}_pre_share"] * weeks).round().groupby(twin.sample["treated"]).sum()
        assert counted.loc[["control", "treated"], f"total_{state}"].tolist() == own.loc[[0, 1]].tolist()


def test_a_person_enters_in_the_first_week_of_a_draw_on_the_benefit(twin, embedded):
    codes, outcomes_ = twin.definitions.benefit_codes, SETTINGS["outcomes"]
    groups = outcomes_.states[STATE].groups
    on = set(codes.loc[codes["group"].isin(groups), "code"])
    rows = twin.weeks[twin.weeks["week"].isin(set(twin.drawn)) & twin.weeks["code"].isin(on)]
    entries = rows.groupby("person")["week"].min()
    assert summed(embedded[1], []).loc["population", "persons"] == len(entries)
    inside = twin.weeks[twin.weeks["code"].isin(on)].merge(entries.rename("entry"), on="person")
    after = (inside["week"] - inside["entry"]).between(1, 81)
    counted = summed(embedded[0], ["outcome"]).loc[("population", STATE), "inside"]
    assert counted == after.sum()


def test_spark_counts_the_same(twin, embedded, tmp_path):
    require_spark()
    with connected("local[2]", tmp_path) as connection:
        found = count_population(twin.opened(connection), twin.keys, twin.definitions)
    for one, other in zip(found, embedded, strict=True):
        pd.testing.assert_frame_equal(one, other, check_dtype=False)


FAULTS = [
    ("a code that is none", "Y_1501", "555", "dream.csv, column Y_1501: unknown benefit code: '555' \\(1 cells\\)"),
    ("a sex that is none", "KON", "9", "column KON: the value '9' is none of K, M.* \\(1 cells\\)"),
    ("a birth that is none", "FOEDDT", "01.02.70", "column FOEDDT: the value .* is no date .* \\(1 cells\\)"),
]


@pytest.mark.parametrize(("column", "value", "message"), [fault[1:] for fault in FAULTS], ids=[f[0] for f in FAULTS])
def test_a_fault_is_told(twin, tmp_path, column, value, message):
    lines = [line.split(";") for line in (twin.folder / "dream.csv").read_text().splitlines()]
    key = twin.keys["key"].iloc[0]
    row = next(line for line in lines if line[0] == key)
    row[lines[0].index(column)] = value
    path = tmp_path / "dream.csv"
    path.write_text("\n".join(map(";".join, lines)) + "\n")
    with connected("duckdb", tmp_path) as connection:
        register = open_register(connection, path, twin.definitions, twin.drawn)
        with keep_followed(register, twin.keys).cache() as kept, pytest.raises(InputError, match=message):
            require_sound(register, kept)


def test_an_engine_that_is_none_is_told(tmp_path):
    with pytest.raises(InputError, match="ENGINE=sparc: no engine"), connected("sparc", tmp_path):
        pass


@pytest.mark.parametrize(
    ("changed", "message"), [({"ages": [30, 40]}, "ages begin at 0"), ({"municipality": "NYKOM"}, "a column a year")]
)
def test_a_population_that_is_none_is_told(changed, message):
    sound = {"state": STATE, "sex": "KON", "sexes": {"women": "K"}, "born": "B", "municipality": "N{year}", "ages": [0]}
    with pytest.raises(InputError, match=message):
        convert({**sound, **changed}, Population, "study.toml")
