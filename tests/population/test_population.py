"""Everybody in the register: both engines count what the pipeline's own stages find, in every format, to the bit."""

import importlib.util
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from msgspec import structs

from pipeline.errors import InputError
from pipeline.population.__main__ import say_unplaced
from pipeline.population.cells import day_of_birth
from pipeline.population.definitions import Definitions
from pipeline.population.engines import connected, told_errors
from pipeline.population.estimates import build_estimates
from pipeline.population.received import prepare_source
from pipeline.population.small import sum_ages
from pipeline.population.weekly import weekly_shares
from pipeline.register.cells import read_dates
from pipeline.register.files import separated
from pipeline.settings.base import convert
from pipeline.settings.study import Population, Study
from pipeline.show.kinds_of_reasons import REASONS
from pipeline.show.remarks import reason_of
from tests.formats import WRITERS, read_text, write_as
from tests.needs import require
from tests.population.crowd import IDENTITY, POPULATION, Crowd
from tests.show.conftest import CONTROLS
from tests.small_study import SETTINGS, definitions, extract

NEEDED = "needs pyspark and Java 17: requirements-spark.lock; apt-get install openjdk-17-jre-headless"
ENGINES = ["duckdb", "local[2]"]
# Spark compiles less, for there is little to run: it takes half the time.
FOR_FEW_ROWS = (
    "--conf spark.sql.codegen.wholeStage=false --conf spark.sql.codegen.factoryMode=NO_CODEGEN "
    "--conf spark.sql.adaptive.enabled=false --driver-java-options -XX:TieredStopAtLevel=1 pyspark-shell"
)
ARMS = {1: "treated", 0: "control"}


def require_engine(engine):
    """Skip a test of Spark where it is absent; fail it if NOTHING_SKIPPED is set, as .ci/run does."""
    require(engine == "duckdb" or (importlib.util.find_spec("pyspark") and shutil.which("java")), NEEDED)


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    return Crowd(tmp_path_factory.mktemp("crowd"))


def counted(crowd, place, engine="duckdb"):
    with connected(engine, place) as connection:
        return crowd.count(connection, place)


@pytest.fixture(scope="module")
def embedded(crowd, tmp_path_factory):
    return counted(crowd, tmp_path_factory.mktemp("duckdb"))


@pytest.fixture(scope="module", params=ENGINES)
def counts(request, crowd, tmp_path_factory):
    require_engine(request.param)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_SUBMIT_ARGS", FOR_FEW_ROWS)
        return counted(crowd, tmp_path_factory.mktemp("engine"), request.param)


def series_of(crowd):
    """The persons of each series as a sample of the pipeline."""
    arms = {arm: crowd.sample[crowd.sample["treated"] == number] for number, arm in ARMS.items()}
    return {"population": crowd.entries(), **arms}


def test_the_shares_are_those_of_the_stage_of_outcomes(crowd, counts):
    whole = counts.weeks[counts.weeks["known_weeks"] == counts.weeks["week"]]
    found = whole.groupby(["series", "outcome", "week"])[["n", "total", "squares"]].sum()
    assert set(counts.weeks["series"]) == {"population", "treated", "control"}
    for series, persons in series_of(crowd).items():
        shares = crowd.outcomes_of(persons)["shares.parquet"].dropna(subset="share")
        weeks = (shares["share"] * shares["week"]).round().astype("int64")
        own = shares.assign(weeks=weeks, squares=weeks**2).groupby(["outcome", "week"])
        expected = own.agg(n=("share", "count"), total=("weeks", "sum"), squares=("squares", "sum"))
        assert len(expected)
        pd.testing.assert_frame_equal(found.loc[series].loc[expected.index], expected)


def test_the_weeks_and_the_history_are_those_of_the_stage_of_outcomes(crowd, counts):
    weekly, past = counts.weeks.groupby(["series", "outcome", "week"])[["known", "inside"]].sum(), counts.history
    past = past[past["known_weeks"] == 5].groupby("series")[["n", "total"]].sum()
    for series, persons in series_of(crowd).items():
        made = crowd.outcomes_of(persons)
        for state in ("sick", "working"):
            week = made["weekly.parquet"].groupby("week")[state].agg(["count", "sum"]).loc[1:6].astype("int64")
            assert weekly.loc[series, state].to_numpy().tolist() == week.to_numpy().tolist()
        share = made["background.parquet"]["sick_pre_share"].dropna()
        assert past.loc[series].tolist() == [len(share), round(share.sum() * 5)]


def test_everybody_is_counted_once_by_sex_age_and_place(crowd, embedded):
    entries = crowd.entries().merge(
        crowd.register.assign(person=[crowd.persons[str(n)] for n in range(1, 101)]), on="person"
    )
    sex = entries["SEX"].map({"K": "women", "2": "women", "M": "men", "1": "men"}).fillna("unknown")
    own = embedded.persons[embedded.persons["series"] == "population"]
    assert own.groupby("sex")["persons"].sum().to_dict() == sex.value_counts().to_dict()
    place = entries["PLACE2015"].replace("", "unknown")  # the draws are in 2015
    assert own.groupby("place")["persons"].sum().to_dict() == place.value_counts().to_dict()
    born = pd.to_datetime(entries["BORN"])
    monday = pd.Timestamp("1991-08-05") + pd.to_timedelta(7 * (entries["allocation_week"] - 1), unit="D")
    years = monday.dt.year - born.dt.year - (monday.dt.month < born.dt.month)
    ages = embedded.ages[embedded.ages["series"] == "population"].set_index(["by", "value"])
    assert ages.loc[("", ""), ["aged", "ages"]].tolist() == [years.count(), years.sum()]
    in_place = years.groupby(place).agg(["count", "sum"])
    assert ages.loc["place"].loc[in_place.index, ["aged", "ages"]].to_numpy().tolist() == in_place.to_numpy().tolist()


def test_nothing_is_told_of_fewer_persons_than_the_smallest_group(crowd, embedded):
    bound = crowd.definitions.population.smallest_group
    few = pd.DataFrame(
        {"series": ["population", "population", "control"], "by": "", "value": "", "aged": [4, 5, 4], "ages": 99}
    ).assign(value=["a", "b", "b"])
    ages = sum_ages(few, bound).set_index(["series", "value"])["ages"]
    assert ages.isna().to_dict() == {
        ("control", "b"): True, ("population", "a"): True, ("population", "b"): False, ("trial", "b"): True
    }  # fmt: skip
    found = build_estimates(embedded, crowd.definitions, pd.DataFrame(columns=["grouping", "address", "label"]), None)
    assert not (found["n"].between(1, bound - 1) & (found["parameter"] != "others")).any()
    assert not {"years", "ages"} & set(embedded.persons)
    few = found["note"] == f"no estimate: fewer than {bound} persons"
    assert few.any()
    for note in set(found["note"]) - {""}:
        assert reason_of(note)[0] in {reason.pattern for reason in REASONS}
    assert found.loc[few, ["estimate", "se", "n"]].isna().all(axis=None)


def test_the_weekly_shares_are_those_of_each_group_that_is_not_small(crowd, embedded):
    names = pd.DataFrame({"number": ["101"], "name": ["One"], "other_names": [""]})
    bound = 2
    bounds = {"persons": bound, "base": 2, "uncertainty": 0}
    control = structs.replace(CONTROLS, bounds=structs.replace(CONTROLS.bounds, **bounds))
    table = weekly_shares(embedded, names, crowd.definitions.population.ages, bound, control)
    own = embedded.weeks[embedded.weeks["series"] == "population"]
    cells = own.groupby(["place", "sex", "age", "outcome", "week"])[["known", "inside"]].sum().reset_index()
    sizes = embedded.persons[embedded.persons["series"] == "population"]
    cells = cells.merge(sizes, on=["place", "sex", "age"])
    assert len(table) == len(cells) == len(table.drop_duplicates(["municipality", "sex", "age", "outcome", "week"]))
    is_known = (cells["persons"] >= bound) & (cells["known"] >= bound)
    is_shown = is_known & (cells["inside"] >= bound) & (cells["known"] - cells["inside"] >= bound)
    assert 0 < is_shown.sum() < len(cells)
    expected = (cells["inside"] / cells["known"]).where(is_shown).round(2)
    np.testing.assert_array_equal(table["share"], expected)
    assert (table["note"] != "").tolist() == (~is_shown).tolist()
    assert (table[["persons", "known"]].stack() % 2 == 0).all()
    assert table["known"].notna().tolist() == is_known.tolist()
    assert set(table["age"]) <= {"0-29", "30-39", "40-", "unknown"}
    assert set(table.loc[table["municipality"] == "101", "name"]) == {"One"}


def test_both_engines_count_the_same(counts, embedded):
    for one, other in zip(counts, embedded, strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)


@pytest.mark.parametrize("rule", ["missing", "known"])
def test_the_estimates_follow_the_rule_for_unknown_weeks(tmp_path, rule):
    crowd = Crowd(tmp_path, rule)
    groups = pd.DataFrame(columns=["grouping", "address", "label"])
    found = build_estimates(counted(crowd, tmp_path), crowd.definitions, groups, None)
    mine = found[(found["model"] == "population") & (found["sample"] == "all")].set_index(
        ["outcome", "week", "parameter"]
    )
    for series, persons in series_of(crowd).items():
        made = crowd.outcomes_of(persons)
        for (outcome, week), shares in made["shares.parquet"].groupby(["outcome", "week"])["share"]:
            row = mine.loc[(outcome, week, series)]
            assert row["n"] == shares.count()
            np.testing.assert_allclose(
                [row["estimate"], row["se"]], [shares.mean(), shares.std() / np.sqrt(shares.count())], rtol=1e-12
            )
        past = made["background.parquet"]["sick_pre_share"]
        row = found[found["estimate_id"] == f"recruited/{series}/all//sick_pre_share"].iloc[0]
        assert row["n"] == past.count()
        np.testing.assert_allclose(row["estimate"], past.mean(), rtol=1e-12)


@pytest.mark.parametrize("kind", WRITERS)
def test_the_format_of_the_register_does_not_tell(tmp_path, crowd, embedded, kind):
    crowd = crowd.copy(tmp_path)
    write_as(kind, read_text(crowd.folder / "register.csv"), crowd.folder / "register.csv")
    crowd.register_again()
    for one, other in zip(counted(crowd, tmp_path), embedded, strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)


def write_years(crowd, rows_of_2015=slice(None)):
    """The register as a file a year, in an order of its own each."""
    table, rng = read_text(crowd.folder / "register.csv"), np.random.default_rng(1)
    (crowd.folder / "register.csv").unlink()
    for year, rows in ((2014, slice(None)), (2015, rows_of_2015)):
        others = [name for name in table if not name.startswith("Y_") and (year == 2014 or name == "CPR")]
        weeks = {name: f"y_{name[-2:]}" for name in table if name.startswith(f"Y_{year % 100}")}
        part = table[rows][[*others, *weeks]].rename(columns=weeks)
        part = part.iloc[rng.permutation(len(part))]
        if year == 2014:
            part["y_53"] = ""
        part.loc[len(table)] = ""
        write_as("stata", part, crowd.folder / f"dream{year}.csv")


def test_files_of_a_year_are_joined_by_person(tmp_path, crowd, embedded):
    crowd = crowd.copy(tmp_path)
    write_years(crowd)
    crowd.register_again()
    for one, other in zip(counted(crowd, tmp_path), embedded, strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_files_of_other_persons_are_one_register(tmp_path, crowd, embedded):
    crowd = crowd.copy(tmp_path)
    table = read_text(crowd.folder / "register.csv")
    (crowd.folder / "register.csv").unlink()
    for name, part in (("east", table[:50]), ("west", table[50:])):
        write_as("stata", part, crowd.folder / f"{name}.csv")
    crowd.register_again()
    for one, other in zip(counted(crowd, tmp_path), embedded, strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_a_person_in_two_files_is_told_with_the_line_of_the_second(tmp_path, crowd):
    crowd = crowd.copy(tmp_path)
    table = read_text(crowd.folder / "register.csv")
    (crowd.folder / "register.csv").unlink()
    wages = [name for name in table if name.startswith("BRANCHE")]
    rest = table.drop(columns=wages)
    for name, part in (("east", rest[:50]), ("loen", table[["CPR", *wages]]), ("west", rest[50:])):
        part.to_csv(crowd.folder / f"{name}.csv", sep=";", index=False)
    crowd.register_again()
    counted(crowd, tmp_path)
    pd.concat([rest[50:], rest[7:8]]).to_csv(crowd.folder / "west.csv", sep=";", index=False)
    crowd.register_again()
    message = r"west\.csv, line 52: a person has a row here and in .*east\.csv.* \(1 such persons\)"
    with pytest.raises(InputError, match=message) as error:
        counted(crowd, tmp_path)
    assert table["CPR"][7] not in str(error.value)


def test_weeks_of_which_no_file_tells_are_unknown(tmp_path, crowd):
    crowd = crowd.copy(tmp_path)
    write_years(crowd, rows_of_2015=slice(None, None, 2))
    crowd.run_again()
    test_the_shares_are_those_of_the_stage_of_outcomes(crowd, counted(crowd, tmp_path))


def test_what_duckdb_cannot_read_is_read_by_the_own_reader(tmp_path, crowd, embedded, monkeypatch):
    crowd = crowd.copy(tmp_path)
    monkeypatch.setattr(separated, "BLOCK", 2_000)
    lines = (crowd.folder / "register.csv").read_bytes().splitlines()
    (crowd.folder / "register.csv").write_bytes(b"\r\n".join(lines[:50]) + b"\r\n" + b"\n".join(lines[50:]) + b"\n")
    crowd.register_again()
    for one, other in zip(counted(crowd, tmp_path), embedded, strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)


LINE = 41  # of a person who is on the benefit in a week of a draw, and in the trial
FAULTS = [
    ("a code that is none", "Y_1502", "555", "line 41, column Y_1502: unknown benefit code.*'xxx' \\(1 cells\\)"),
    ("half a code", "Y_1502", "890.5", "line 41, column Y_1502: unknown benefit code.*'xxx.x' \\(1 cells\\)"),
    ("a word", "Y_1502", "syg", "line 41, column Y_1502: unknown benefit code.*'AAA' \\(1 cells\\)"),
    ("a code of another time", "Y_1502", "899", "line 41, column Y_1502: unknown benefit code.*'xxx' \\(1 cells\\)"),
    ("no industry", "BRANCHE_2015_01", "12", "line 41, column BRANCHE_2015_01: the value 'xx' is no industry code"),
    (
        "a sex that is none",
        "SEX",
        "9",
        "line 41, column SEX: the value 'x' is none of 1, 2, K, M or blank \\(1 cells\\)",
    ),
    ("a birth that is none", "BORN", "31.02.70", "line 41, column BORN: the value .* is no date .* \\(1 cells\\)"),
    ("no month", "BORN", "1970-13-45", "line 41, column BORN: the value .* is no date .* \\(1 cells\\)"),
    ("no day", "BORN", "1970-02-30", "line 41, column BORN: the value .* is no date .* \\(1 cells\\)"),
    ("a birth after entry", "BORN", "2070-02-20", "line 41, column BORN: .* is after the week .* \\(1 cells\\)"),
    ("no municipality", "PLACE2015", "ABC", "line 41, column PLACE2015: .*'AAA' is no number of .* \\(1 cells\\)"),
]


@pytest.mark.parametrize(("column", "value", "message"), [fault[1:] for fault in FAULTS], ids=[f[0] for f in FAULTS])
def test_a_fault_is_told_with_its_line_value_and_count(tmp_path, crowd, column, value, message):
    crowd = crowd.copy(tmp_path)
    table = crowd.register.copy()
    row = LINE - 2
    table.loc[row, [name for name in table if name.startswith("Y_15")]] = "890"
    if column == "BRANCHE_2015_01":
        table.loc[row, "Y_1502"] = ""
    table.loc[row, column] = value
    crowd.write(table)
    with pytest.raises(InputError, match=message) as error:
        counted(crowd, tmp_path)
    assert not any(key in str(error.value) for key in table["CPR"])


def test_a_person_with_two_rows_is_told_and_not_shown(tmp_path, crowd):
    crowd = crowd.copy(tmp_path)
    path = crowd.folder / "register.csv"
    lines = path.read_text().splitlines()
    lines[41] = lines[40] = lines[41].replace(";651;", ";890;").replace(";;", ";890;")
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(InputError, match=r"column CPR: a person key occurs more than once \(2 lines, the first 41, 42"):
        counted(crowd, tmp_path)


def test_a_line_that_lacks_a_cell_is_told_by_the_own_reader_and_shows_nobody(tmp_path, crowd):
    crowd = crowd.copy(tmp_path)
    path = crowd.folder / "register.csv"
    lines = path.read_text().splitlines()
    lines[40] = lines[40].rsplit(";", 3)[0]
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(InputError, match=r"register.csv, line 41: .* cells, the header has") as error:
        counted(crowd, tmp_path)
    assert not re.search(r"\d{10}", str(error.value))


def test_an_error_of_the_engine_names_the_file_and_shows_nobody(tmp_path):
    import duckdb

    with (
        pytest.raises(InputError, match=r"register.csv: the engine stopped") as error,
        told_errors(Path("register.csv")),
    ):
        duckdb.sql("SELECT CAST('0103500001' AS DATE)").fetchall()
    assert "0103500001" not in str(error.value)


def test_the_rows_are_those_that_were_registered(tmp_path, crowd):
    crowd = crowd.copy(tmp_path)
    path = crowd.folder / "register.csv"
    path.write_text("\n".join(path.read_text().splitlines()[:-1]) + "\n")
    with pytest.raises(InputError, match=r"99 rows, extract.toml says 100"):
        prepare_source(path, crowd.definitions.extract.files["register"], lambda name: True, tmp_path)


def test_days_are_read_as_the_file_writes_them(tmp_path):
    import ibis

    given = pd.DataFrame({"cell": ["1970-03-01", "01-03-1970", "29.02.2000", "25628", "3712", "320716800", "x", ""]})
    told = {
        "yyyy-mm-dd": [19700301, None, None, None, None, None, None, None],
        "dd-mm-yyyy": [19700301, 19700301, 20000229, None, None, None, None, None],
        "mm-dd-yyyy": [19700301, 19700103, None, None, None, None, None, None],
        "excel": [19700301, None, None, 19700301, 19100228, None, None, None],
        "sas": [19700301, None, None, 20300302, 19700301, 19700301, None, None],
    }
    with connected("duckdb", tmp_path) as connection:
        table = connection.create_table("given", given)
        for dates, expected in told.items():
            found = table.select(day=day_of_birth(table.cell, dates)).execute()["day"]
            days = [None if day is None or np.isnan(day) else int(day) for day in found]
            assert days[:5] + days[6:] == expected[:5] + expected[6:], dates
            if dates == "sas":
                assert days[5] == 19700301
    assert ibis


def test_a_day_is_one_of_the_calendar_as_for_the_readers_of_the_trial(tmp_path):
    iso = ["1900-02-28", "1900-02-29", "2000-02-29", "1970-04-31", "1970-00-10", "1970-03-01x"]
    timed, others = ["1970-03-01 00:00:00", "1970-03-01 12:00"], ["31-04-1970", "30.4.1970"]
    cells = [*iso, *timed, *others, "25628", "2214345600", "2214345601"]
    with connected("duckdb", tmp_path) as connection:
        table = connection.create_table("given", pd.DataFrame({"cell": cells}))
        for dates in ("yyyy-mm-dd", "dd-mm-yyyy", "mm-dd-yyyy", "excel"):
            found = table.select("cell", day=day_of_birth(table.cell, dates)).execute().set_index("cell")["day"]
            expected = read_dates(pd.Series(cells), dates).dt.strftime("%Y%m%d").fillna("0").astype("int64")
            assert found.loc[cells].fillna(0).astype("int64").tolist() == expected.tolist(), dates


@pytest.mark.parametrize("written", ["0{}", "{},0", "{}.00", " {} "])
def test_a_municipality_is_a_whole_number_however_it_is_written(tmp_path, crowd, embedded, written):
    crowd, table = crowd.copy(tmp_path), crowd.register.copy()
    for name in ("PLACE2014", "PLACE2015"):
        table[name] = [cell and written.format(cell) for cell in table[name]]
    crowd.write(table)
    pd.testing.assert_frame_equal(counted(crowd, tmp_path).persons, embedded.persons)


def test_numbers_of_no_municipality_are_said(embedded, capsys):
    names = pd.DataFrame({"number": ["101", "7"], "name": ["One", "Other"], "other_names": ["", ""]})
    say_unplaced(embedded.persons, names)
    everybody = embedded.persons[embedded.persons["series"] == "population"].groupby("place")["persons"].sum()
    placed = everybody.drop("unknown")
    said = capsys.readouterr().out
    assert f"{placed['561']:,} of the {placed.sum():,} persons with a municipality have a number" in said
    assert "(561)" in said
    say_unplaced(embedded.persons, pd.concat([names, names.assign(number=["561", "1"])]))
    assert not capsys.readouterr().out


def test_an_engine_that_is_none_is_told(tmp_path):
    with pytest.raises(InputError, match="ENGINE=sparc: no engine"), connected("sparc", tmp_path):
        pass


@pytest.mark.parametrize(
    ("changed", "message"), [({"ages": [30, 40]}, "ages begin at 0"), ({"municipality": "NYKOM"}, "a column a year")]
)
def test_a_population_that_is_none_is_told(changed, message):
    sound = {"state": "sick", "municipality": "N{year}", "ages": [0], "smallest_group": 5}
    with pytest.raises(InputError, match=message):
        convert({**sound, **changed}, Population, "study.toml")


@pytest.mark.parametrize(
    ("changes", "facts", "message"),
    [
        ({}, {}, "needs \\[population\\]"),
        ({"population": POPULATION}, {"format": "spells"}, "a register of a row a person"),
        ({"population": {**POPULATION, "state": "ill"}}, {}, "ill is no state"),
    ],
)
def test_definitions_that_name_no_population_are_told(changes, facts, message):
    made = convert({**SETTINGS, "design": {**SETTINGS["design"], "identity": IDENTITY}, **changes}, Study, "study.toml")
    with pytest.raises(InputError, match=message):
        Definitions(made, definitions(), extract(**facts), pd.DataFrame())


def test_a_register_that_ends_amid_the_draws_leaves_later_weeks_unknown(tmp_path, crowd):
    crowd = crowd.copy(tmp_path)
    late = [name for name in crowd.register if name.startswith("Y_") and name > "Y_1506"]
    crowd.write(crowd.register.drop(columns=late))
    found = counted(crowd, tmp_path)
    assert set(found.persons["series"]) == {"population", "treated", "control"}
    last = found.weeks["week"] > found.weeks.loc[found.weeks["known"] > 0, "week"].max()
    assert found.weeks.loc[~last, "week"].max() == 1
