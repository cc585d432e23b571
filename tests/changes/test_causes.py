"""Why estimates moved: a cause that is known gets the whole move, and several causes add up to it."""

import datetime
import io
import shutil
from contextlib import redirect_stdout
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest

from pipeline.audit.compare import COLUMNS
from pipeline.changes.__main__ import compare_inputs, find_moves
from pipeline.changes.built import DERIVED, TABLES, Built, parse_settings
from pipeline.changes.causes import CODE, TOGETHER, count_equal, explain
from pipeline.changes.counterfactual import CAUSES, Inputs, estimate, swap
from pipeline.changes.derived import compare_derived
from pipeline.changes.linked import link_persons
from pipeline.changes.overlay import merged_trial
from pipeline.changes.settings import compare_files
from pipeline.changes.words import both_known, say_explanation, say_kinds, say_linked, say_move, say_section
from pipeline.errors import InputError
from pipeline.register.receive import register_extract
from pipeline.runner.inputs import load_input
from pipeline.runner.stage import KEPT
from pipeline.stages import ingest, outcomes, sample, survey
from pipeline.twin.files import twin_files
from tests.delivery import with_register
from tests.linked import twins

pytestmark = pytest.mark.report
CONFIG = Path("config")
WEEK, MONTH = "Y_1603", "BRANCHE_2016_01"
MODELS = ("itt", "team")
# Of the scales those that these models and the splits of the study rest on, and the sex and age of a person.
SCALES = ("bipq_treatment_control", "expected_time_to_return", "ordinary_job", "self_efficacy", "female", "age")
ANSWERS = "LOEBENR|SVARDATO|BIPQ_4|TILBAGE_VARIGHED|JOBSTATUS|UWSES_.|KOEN|ALDER"
PERSONS = 120  # the first of the trial: those of whole teams, and of no municipality that is left out
RECEIVED = datetime.date(2018, 3, 1)


@cache
def received():
    """The files of the synthetic trial as tables of text, by stem, and its extract.toml."""
    files = twin_files()
    tables = {
        name.removesuffix(".csv"): pd.read_csv(io.BytesIO(content), sep=";", dtype=str, keep_default_na=False)
        for name, content in files.items()
        if name.endswith(".csv") and name != "targets.csv"
    }
    tables["allocation"] = tables["allocation"].iloc[:PERSONS]
    for stem, key in (("baseline_survey", "LOEBENR"), ("followup_survey", "LOEBENR"), ("dream", "PNR")):
        tables[stem] = tables[stem][tables[stem][key].isin(tables["allocation"][key])]
        if key == "LOEBENR":
            tables[stem] = tables[stem].filter(regex=f"^({ANSWERS})$")
    facts, _, described = files["extract.toml"].decode().partition("[excluded]")
    described = described[described.index("[files") : described.index("[files.targets]")]
    return tables, (facts + described).replace("published = true\n", "").replace('"twin"', '"raw"')


def build(change=None, settings=None, name="later"):
    """The synthetic trial as built after `change` of its files, and with the texts of some settings replaced."""
    tables, facts = received()
    tables = {stem: table.reset_index(drop=True) for stem, table in tables.items()}
    if change:
        change(tables)
    texts = {name: (CONFIG / name).read_text(encoding="utf-8") for name in KEPT if name != "extract.toml"}
    texts["models.toml"] = only_models(texts["models.toml"])
    texts["scales.csv"] = only_scales(texts["scales.csv"])
    for file, changed in (settings or {}).items():
        for old, new in changed.items():
            assert old in texts[file]
            texts[file] = texts[file].replace(old, new)
    with TemporaryDirectory() as folder, redirect_stdout(io.StringIO()):
        raw, config = Path(folder) / "raw", shutil.copytree(CONFIG, Path(folder) / "config")
        raw.mkdir()
        (config / "scales.csv").write_text(texts["scales.csv"], encoding="utf-8")
        for stem, table in tables.items():
            table.to_csv(raw / f"{stem}.csv", sep=";", index=False)
        (raw / "extract.toml").write_text(facts, encoding="utf-8")
        register_extract(raw, config, RECEIVED, mended=True)
        texts["extract.toml"] = (raw / "extract.toml").read_text(encoding="utf-8")
        parsed = parse_settings(texts, name)
        own = {name: parsed[name] for name in ("extract", "study", "benefit_codes", "scales")}
        made = ingest.run(**with_register({**own, **{stem: load_input(raw / f"{stem}.csv") for stem in tables}}))
        made = stems(made)
        derived = stems(sample.run(made["trial"], made["register_columns"], parsed["study"], parsed["extract"]))
        derived |= stems(survey.run(made["baseline_items"], made["followup_items"], parsed["scales"]))
        derived |= stems(
            outcomes.run(derived["sample"], made["register_weeks"], parsed["outcomes"], parsed["study"],
                         derived["baseline"], parsed["benefit_codes"])
        )  # fmt: skip
    inputs = Inputs({name: made[name] for name in TABLES}, parsed, parsed["extract"])
    return Built(name, "config", inputs.tables, {n: derived[n] for n in DERIVED}, texts, parsed, {}, estimate(inputs))


def stems(tables):
    return {name.removesuffix(".parquet"): table for name, table in tables.items()}


def only_models(text):
    """The tables of MODELS alone: of each kind of estimate enough, in a tenth of the time."""
    blocks = text.split("\n[")
    return "\n[".join([blocks[0], *(block for block in blocks[1:] if block.partition("]")[0] in MODELS)])


def only_scales(text):
    """The head and the lines of SCALES alone."""
    return "".join(line for line in text.splitlines(keepends=True) if line.split(",")[0] in ("variable", *SCALES))


def drop_person(tables, number="3"):
    for stem in ("allocation", "baseline_survey", "followup_survey"):
        tables[stem] = tables[stem][tables[stem]["LOEBENR"] != number]


def drop_weeks(tables, count=80):
    weeks = [column for column in tables["dream"] if column.startswith("Y_")]
    tables["dream"] = tables["dream"].drop(columns=weeks[-count:])


def drop_month(tables):
    """The last week, and the last month of wages: five weeks before it lose theirs."""
    drop_weeks(tables, 1)
    register = tables["dream"]
    last = max(column for column in register if column.startswith("GRAD_"))
    tables["dream"] = register.drop(columns=[last, last.replace("GRAD", "BRANCHE")])


def recode(tables):
    cells = tables["dream"][WEEK]
    tables["dream"][WEEK] = cells.where(cells != "890", "")


def stop_wages(tables):
    tables["dream"].loc[::5, [MONTH, MONTH.replace("BRANCHE", "GRAD")]] = ""


def answer_otherwise(tables):
    answers = tables["baseline_survey"]
    answers.loc[answers["TILBAGE_VARIGHED"] == "3", "TILBAGE_VARIGHED"] = "2"


def move_team(tables):
    """Four persons of a team are drawn a week later: other waits, for all of the team."""
    people = tables["allocation"]
    members = people.index[people["HOLD"] == people["HOLD"].iloc[0]][2:6]
    dates = pd.to_datetime(people.loc[members, "ALLOKERINGSDATO"]) + pd.Timedelta(days=7)
    people.loc[members, "ALLOKERINGSDATO"] = dates.dt.strftime("%Y-%m-%d")


def change_team(tables):
    """Two persons are in the other team of their municipality."""
    people = tables["allocation"]
    teams = people.groupby("KOMMUNE")["HOLD"].unique()
    first, second = teams[teams.map(len) > 1].iloc[0][:2]
    people.loc[people.index[people["HOLD"] == first][:2], "HOLD"] = second


def rename_team(tables):
    people = tables["allocation"]
    people["HOLD"] = people["HOLD"].replace({people["HOLD"].iloc[0]: "Another name"})


CONSENT = {'consent = "SAMTYKKE"\n': "", "withdrawn = true": 'absent = "baseline_survey"'}
DROPPED = cache(lambda: received()[0]["allocation"].set_index("LOEBENR")["PNR"]["3"])
FIRST = cache(lambda: build(name="earlier"))
WITHOUT_MONTH = cache(lambda: build(drop_month))


def lose_row(tables):
    """The row of a person in the register, who stays in the allocation file."""
    tables["dream"] = tables["dream"].drop(index=tables["dream"].index[4])


SINGLE = {
    "persons": (drop_person, None),
    "weeks": (drop_weeks, None),
    "codes": (recode, None),
    "wages": (stop_wages, None),
    "answers": (answer_otherwise, None),
    "names": (change_team, None),
    "draws": (move_team, None),
    "settings": (None, {"study.toml": {"level = 0.95": "level = 0.9"}}),
}


@cache
def single(cause):
    """The synthetic trial with one thing changed."""
    return build(*SINGLE[cause])


def explained(old, new):
    common = link_persons(old.tables, new.tables).common
    changes = find_moves(old, new).changes
    told = []
    found = explain(old, new, common, changes.assign(address=changes["estimate_id"]), told.append)
    assert len(told) == 2 + len(found.causes)
    return found


@cache
def explained_single(cause):
    return explained(FIRST(), single(cause))


def numeric(found):
    """The moves of a number that both extracts know."""
    moves = found.moves
    known = (moves["kind"] == "moved") & np.isfinite(moves["size"]) & (moves["column"] != "note")
    return moves[known]


def moved(found, old, new):
    """The moves that both know, with the difference of the stored numbers."""
    rows = numeric(found)
    ends = [built.estimates.set_index("estimate_id") for built in (old, new)]
    pairs = zip(rows["estimate_id"], rows["column"], strict=True)
    return rows.assign(
        move=[float(ends[1].loc[place, name]) - float(ends[0].loc[place, name]) for place, name in pairs]
    )


@pytest.mark.parametrize("cause", SINGLE)
def test_a_single_cause_gets_the_whole_move(cause):
    old, new = FIRST(), single(cause)
    found = explained_single(cause)
    assert found.causes == (cause,)
    rows = moved(found, old, new)
    assert len(rows) > 0
    assert rows["move"].abs().max() > 0
    np.testing.assert_array_equal(rows[cause], rows["move"])
    assert not rows[[CODE, TOGETHER]].to_numpy().any()
    assert found.exact == found.compared == len(new.estimates)


def test_a_row_that_the_register_lost_is_a_person_who_is_gone():
    old, new = FIRST(), build(lose_row)
    found = explained(old, new)
    assert found.causes == ("persons",)
    rows = moved(found, old, new)
    np.testing.assert_array_equal(rows["persons"], rows["move"])
    assert found.exact == found.compared == len(new.estimates)


@pytest.mark.parametrize("is_dropped", [True, False], ids=["dropped", "added"])
def test_a_month_of_wages_that_one_extract_lacks_is_weeks_more_or_fewer(is_dropped):
    ends = (FIRST(), WITHOUT_MONTH())
    old, new = ends if is_dropped else ends[::-1]
    found = explained(old, new)
    assert found.causes == ("weeks",)
    rows = moved(found, old, new)
    np.testing.assert_array_equal(rows["weeks"], rows["move"])
    assert found.exact == found.compared
    _, lines, _ = say(old, new)
    assert {"weeks: 1 differ, of 297 weeks", "weeks of wages: 5 differ, of 296 weeks"} <= set(lines)
    assert any(line.startswith("wages: 0 differ, of ") for line in lines)


def test_a_person_who_comes_brings_no_month_that_the_earlier_lacks():
    old, new = WITHOUT_MONTH(), FIRST()
    absent = replace(old, tables={**old.tables, "trial": old.tables["trial"].iloc[1:]})
    common = link_persons(absent.tables, new.tables).common
    register = swap(absent, new, common, ("persons",)).tables["register_weeks"]
    newcomer = register["person"] == old.tables["trial"]["person"].iloc[0]
    last = register["week"] > register["week"].max() - 5
    assert newcomer.sum() == 296
    assert register.loc[newcomer & ~last, "wage"].notna().any()
    assert last.sum() == 5 * PERSONS
    assert register.loc[last, "wage"].isna().all()


def several(tables):
    drop_person(tables)
    drop_weeks(tables)
    recode(tables)
    answer_otherwise(tables)
    move_team(tables)


LATER = cache(lambda: build(several, SINGLE["settings"][1]))


def test_causes_and_what_they_do_together_add_up_and_all_of_them_give_the_later_estimates_to_the_bit():
    old, new = FIRST(), LATER()
    found = explained(old, new)
    assert found.causes == ("persons", "weeks", "codes", "answers", "draws", "settings")
    rows = moved(found, old, new)
    parts = rows[[*found.causes, CODE, TOGETHER]].sum(axis=1)
    np.testing.assert_allclose(parts, rows["move"], rtol=0, atol=1e-12 * rows["move"].abs().max())
    assert rows[TOGETHER].abs().max() > 1e-6
    common = link_persons(old.tables, new.tables).common
    everything = estimate(swap(old, new, common, CAUSES))
    assert count_equal(everything, new.estimates) == len(everything) == len(new.estimates)
    assert everything["note"].tolist() == new.estimates["note"].tolist()


def test_a_renamed_team_has_estimates_of_its_own_which_the_names_bring():
    found = explained(FIRST(), build(rename_team))
    alone = found.moves[found.moves["kind"] != "moved"]
    assert set(alone["kind"]) == {"new", "vanished"}
    assert set(alone.loc[alone["new"] != "unknown", "appears"]) >= {"names"}


TRIAL = ("estimate", "se", "p_value", "n", "n_clusters")


def rename(tables):
    """Every person of a municipality and of a team of it is under a new name."""
    people = tables["allocation"]
    town, team = people.loc[people["HOLD"].duplicated(), ["KOMMUNE", "HOLD"]].iloc[0]
    people["KOMMUNE"] = people["KOMMUNE"].replace({town: f"Zz {town}"})
    people["HOLD"] = people["HOLD"].replace({team: f"Zz {team}"})


def others(tables):
    """Of one team some come who were not there, and others of it are gone."""
    for number in ("4", "5"):
        drop_person(tables, number)


@pytest.mark.parametrize("names", [(), ("names",)], ids=["before the rename", "after it"])
def test_persons_who_come_and_go_are_in_the_team_that_has_a_new_name(names):
    def renamed_others(tables):
        others(tables)
        rename(tables)

    old = single("persons")  # whom the later have
    plain, renamed = build(others), build(renamed_others)
    common = link_persons(old.tables, renamed.tables).common
    assert len(common) == PERSONS - 3
    for persons, plain_causes in (((), ()), (("persons",), ("persons",))):
        expected = estimate(swap(old, plain, common, plain_causes))
        found = estimate(swap(old, renamed, common, (*persons, *names)))
        known = expected[~expected["estimate_id"].str.startswith("municipality")].merge(found, on="estimate_id")
        assert len(known) > 100
        for column in TRIAL:
            first, second = (known[f"{column}_{side}"].to_numpy(float, na_value=np.nan) for side in "xy")
            np.testing.assert_allclose(first, second, rtol=1e-9, atol=1e-11)
    everything = estimate(swap(old, renamed, common, CAUSES))
    assert count_equal(everything, renamed.estimates) == len(renamed.estimates)


def test_estimates_of_other_code_are_told_apart_from_those_of_the_extract():
    new = single("codes")
    old = FIRST()
    place = old.estimates.index[old.estimates["estimate_id"] == "itt/all/employment/81/treated"]
    stored = old.estimates.copy()
    stored.loc[place, "estimate"] += 0.5
    found = explained(replace(old, estimates=stored), new)
    row = found.moves.set_index("estimate_id").loc["itt/all/employment/81/treated"]
    assert row[CODE] == pytest.approx(-0.5, abs=1e-12)
    assert abs(row[TOGETHER]) < 1e-12


def say(old, new):
    linked = link_persons(old.tables, new.tables)
    sections = list(compare_inputs(old, new, linked.common))
    return linked, [line for section in sections for line in say_section(section)], list(say_linked(old, new, linked))


def test_the_words_count_what_differs_and_what_was_compared():
    old = FIRST()
    linked, lines, heading = say(old, LATER())
    assert heading[1:] == [
        "  another study: study.toml differs, see the settings below",
        f"persons are matched by trial number: {PERSONS - 5} of the {PERSONS - 1} trial numbers in both have the same "
        f"{', '.join(linked.compared)}",
    ]
    recoded = int((received()[0]["dream"].loc[lambda rows: rows["PNR"] != DROPPED(), WEEK] == "890").sum())
    assert recoded > 5
    text = "\n".join(lines)
    for said in (
        f"persons: 1 differ, of {PERSONS} persons\n  randomised: analysed -> not there",
        "weeks: 80 differ, of 297 weeks",
        f"codes: {recoded} differ, of ",
        "890 -> no code",
        "wages: 0 differ, of ",
        "  TILBAGE_VARIGHED: answered -> another answer",
        "  date of the draw: as it was -> another  (4)",
        "  study.toml: inference.level: 0.95 -> 0.9",
        f"names: 0 differ, of {2 * (PERSONS - 1)} names of {PERSONS - 1} persons",
    ):
        assert said in text


def test_persons_who_are_others_are_not_linked_and_nothing_is_said_to_be_the_same():
    def shuffle(tables):
        numbers = tables["allocation"]["LOEBENR"].tolist()
        others = dict(zip(numbers, numbers[70:] + numbers[:70], strict=True))
        for stem in ("allocation", "baseline_survey", "followup_survey"):
            tables[stem]["LOEBENR"] = tables[stem]["LOEBENR"].map(others)

    old, new = FIRST(), build(shuffle)
    linked, lines, heading = say(old, new)
    assert linked.common == frozenset()
    assert heading[-1].startswith("persons are not matched: ")
    assert "codes: nothing was compared (cells of 0 persons)" in lines
    found = explained(old, new)
    assert found.causes == ("persons",)
    assert found.exact == found.compared


def test_numbers_that_are_shifted_from_a_person_on_name_others_from_there():
    first = PERSONS - 35

    def shift(tables):
        numbers = tables["allocation"]["LOEBENR"].tolist()
        drop_person(tables, numbers[first])
        others = dict(zip(numbers[first + 1 :], numbers[first:], strict=False))
        for stem in ("allocation", "baseline_survey", "followup_survey"):
            tables[stem]["LOEBENR"] = tables[stem]["LOEBENR"].map(lambda number: others.get(number, number))

    old, new = FIRST(), build(shift)
    linked, _, heading = say(old, new)
    shifted = PERSONS - 1 - first
    assert {
        twins()[str(number)] for number in range(1, first + 1)
    } <= linked.common  # those of the trial are 1, 2, 3, ...
    assert 0.9 * shifted < linked.others <= shifted  # two neighbours can be alike in a team, a draw and most codes
    assert heading[-1].startswith(f"  but {linked.others} numbers name another person in each")
    everything = estimate(swap(old, new, linked.common, CAUSES))
    assert count_equal(everything, new.estimates) == len(new.estimates)


def test_a_cause_that_cannot_be_applied_alone_is_told_with_its_reason():
    old = single("persons")
    new = build(None, {"study.toml": CONSENT})
    found = explained(old, new)
    assert list(found.refused) == ["persons"]
    assert found.refused["persons"].startswith("column consent of the allocation")
    assert found.exact == found.compared


def test_nobody_need_know_whether_a_person_came():
    old = pd.DataFrame({"person": [1, 2], "attended": pd.array([3, pd.NA], dtype="Int64")})
    new, later = old.assign(attended=pd.array([pd.NA, 2], dtype="Int64")), {"attended": np.array([True, False])}
    found = merged_trial(old, new, np.array([1, 2]), later, {"attended": "Int64"})
    assert found["attended"].isna().all()
    lacking, consent = {"consent": np.array([True, True])}, new.assign(consent=[1, None])
    with pytest.raises(InputError, match="column consent of the allocation"):
        merged_trial(old, consent, np.array([1, 2]), lacking, {"consent": "Int64"})


def test_the_columns_compared_are_those_that_are_stored():
    assert list(FIRST().estimates.columns) == list(COLUMNS)
    said = next(iter(say_explanation(explained_single("codes"))))
    assert said == "why: 1 cause differs (codes), each applied alone"


MOVE = {
    "kind": "moved",
    "column": "estimate",
    "old": "-0.0134",
    "new": "-0.0135",
    "size": 0.005,
    "unit": "standard errors",
    "se": 0.02,
    "value": -0.0134,
    "appears": "",
    "persons": -0.0001,
    "codes": 0.0,
}
COUNT = {"column": "n", "old": "10", "new": "9", "size": 0.1, "unit": "", "value": 10, "persons": -1.0}
SAID = [
    ({}, "estimate -1.34 -> -1.35 percentage points, -0.005 standard errors: persons -0.005"),
    (COUNT, "n 10 -> 9, -0.1 of it: persons -1"),
    ({"new": "unknown", "size": np.inf, "appears": "codes"}, "estimate -1.34 -> unknown percentage points, by codes"),
    ({"column": "note", "old": "no note", "new": "other", "size": 0.0}, "note no note -> other"),
]


@pytest.mark.parametrize(("change", "said"), SAID, ids=[said[:12] for _, said in SAID])
def test_a_main_result_is_told_in_its_unit_and_its_move_with_a_sign(change, said):
    assert say_move(MOVE | change, ("persons", "codes"), "percentage_points") == said


def test_what_moved_is_counted_apart_from_other_notes_and_counts_and_what_one_extract_lacks():
    changes = (
        {},
        {"column": "n"},
        {"column": "note", "old": "no note"},
        {"new": "unknown"},
        {"kind": "new", "old": ""},
    )
    moves = pd.DataFrame([MOVE | change for change in changes])
    assert say_kinds(moves) == (
        "1 moved, 1 have another count alone, 1 have another note alone, 1 are known in one alone, 1 are new"
    )
    assert both_known(moves).tolist() == [True, True, False, False, False]


def test_upper_case_is_no_difference_and_no_more_differs_than_was_compared():
    old = single("weeks")
    columns = FIRST().tables["register_columns"]
    lower = columns.assign(week_column=columns["week_column"].str.lower())
    new = replace(old, tables={**old.tables, "register_columns": lower})
    section = next(s for s in compare_derived(old, new, {1}) if s.subject == "table register_columns")
    assert (section.differ, section.compared) == (80, 2 * (297 - 80) + 80)
    assert [row.item for row in section.differences] == ["rows"]


def test_a_file_that_one_lacks_is_one_line_and_a_tab_is_seen():
    old = FIRST()
    facts = old.texts["extract.toml"]
    texts = {**old.texts, "extract.toml": facts + '\n[files.more]\nrows = 1\nkey = "PNR"\nseparator = "\\t"\n'}
    new = replace(old, texts=texts)
    assert [row[:4] for row in compare_files(old, new).differences] == [("more", "", "not there", "there")]
    other = replace(old, texts={**texts, "extract.toml": texts["extract.toml"].replace("\\t", ";")})
    assert [row[2:4] for row in compare_files(new, other).differences] == [("'\\t'", ";")]
