"""Who is analysed: the exclusions in their order, the week of the draw, and the waiting time."""

from pathlib import Path

import msgspec
import pandas as pd
import pytest

from pipeline.errors import InputError
from pipeline.names import slug
from pipeline.register.calendar import week_of_iso
from pipeline.runner.inputs import load_input
from pipeline.settings.study import Exclusions, Study
from pipeline.stages.sample import run

STUDY = load_input(Path("config/study.toml"))
EXCLUSIONS = {"closed_municipalities": ["Ærø"], "teams_without_control": ["Frederiksberg"]}
REGISTER_COLUMNS = pd.DataFrame({"week": range(week_of_iso(2012, 1), week_of_iso(2017, 37))})

# municipality, team, arm, date, consent, in the register, in the baseline survey, expected reason
PERSONS = [
    ("Køge", "Køge", 1, "2015-02-06", 1, True, True, "analysed"),
    ("Køge", "Køge", 0, "2015-02-20", 1, True, True, "analysed"),
    ("Køge", "Køge", 1, "2015-02-25", 1, True, False, "no_baseline"),
    ("Køge", "Køge", 1, "2015-02-10", 0, True, True, "withdrawn"),
    ("Køge", "Køge", 0, "2015-02-10", 1, False, True, "no_register_match"),
    ("Ærø", "Ærø", 0, "2015-02-10", 0, False, False, "closed_municipality"),
    ("Frederiksberg", "Frederiksberg", 1, "2015-02-10", 1, False, True, "no_control_group"),
    ("Køge", "Køge", 0, "2015-02-10", 0, False, False, "no_baseline"),
]


def study(**changes) -> Study:
    """The settings with the exclusions that concern PERSONS."""
    return msgspec.structs.replace(STUDY, sample=Exclusions(**{**EXCLUSIONS, **changes}))


def nobody_excluded() -> Study:
    return study(closed_municipalities=[], teams_without_control=[])


def trial(rows: list = PERSONS) -> pd.DataFrame:
    names = [
        "municipality_name",
        "team_name",
        "treated",
        "allocation_date",
        "consent",
        "register",
        "baseline",
        "reason",
    ]
    frame = pd.DataFrame(rows, columns=names)
    line = pd.Series(range(2, len(frame) + 2), dtype="Int64")
    return frame.assign(
        person=range(1, len(frame) + 1),
        allocation_date=pd.to_datetime(frame["allocation_date"]),
        register_line=line.where(frame["register"]),
        baseline_line=line.where(frame["baseline"]),
    )


def test_the_first_reason_in_the_order_of_the_report_holds():
    exclusions = run(trial(), REGISTER_COLUMNS, study())["exclusions.parquet"]
    assert exclusions["reason"].tolist() == [row[-1] for row in PERSONS]


def test_the_wait_runs_to_the_last_draw_of_an_analysed_member_of_the_team():
    sample = run(trial(), REGISTER_COLUMNS, study())["sample.parquet"]
    assert sample["wait_days"].tolist() == [14, 0]
    assert sample["allocation_week"].tolist() == [week_of_iso(2015, 6), week_of_iso(2015, 8)]
    assert sample[["municipality", "team"]].iloc[0].tolist() == ["koege", "koege"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"treated": 1}, r"1 team\(s\) with one arm only after the exclusions: Køge \(2 persons\)"),
        ({"allocation_date": pd.Timestamp("2012-06-01")}, "2 have fewer than 104 weeks before them, 0 none after"),
        ({"allocation_date": pd.Timestamp("2018-06-01")}, "0 have fewer than 104 weeks before them, 2 none after"),
        ({"consent": 0}, "no person is left"),
    ],
)
def test_a_trial_that_cannot_be_analysed_is_refused(change, message):
    with pytest.raises(InputError, match=message):
        run(trial(PERSONS[:2]).assign(**change), REGISTER_COLUMNS, nobody_excluded())


@pytest.mark.parametrize(
    ("key", "name"), [("closed_municipalities", "Æro"), ("teams_without_control", "Frederiksborg")]
)
def test_an_exclusion_that_names_nothing_is_refused(key, name):
    near = EXCLUSIONS[key][0]
    with pytest.raises(InputError, match=rf"\[sample\] {key}: {name} \(1 names\) is not in column .*Near.*: {near}"):
        run(trial(), REGISTER_COLUMNS, study(**{key: [name]}))


def test_an_extract_that_ends_before_the_horizon_of_everybody_is_refused_with_the_longest_horizon():
    early = REGISTER_COLUMNS[REGISTER_COLUMNS["week"] <= week_of_iso(2015, 48)]
    with pytest.raises(InputError, match=r"horizon_weeks = 81: .* each of the 2 analysed .* It has 40 weeks after"):
        run(trial(PERSONS[:2]), early, nobody_excluded())
    shorter = msgspec.structs.replace(nobody_excluded(), time=msgspec.structs.replace(STUDY.time, horizon_weeks=40))
    assert len(run(trial(PERSONS[:2]), early, shorter)["sample.parquet"]) == 2


@pytest.mark.parametrize(
    ("name", "short"),
    [("Gladsaxe og Lyngby-Taarbæk", "gladsaxe_og_lyngby_taarbaek"), ("Køge", "koege"), ("Esbjerg 1", "esbjerg_1")],
)
def test_short_names(name, short):
    assert slug(name) == short
