"""Who is analysed: the exclusions in their order, the week of the draw, and the waiting time."""

import pandas as pd
import pytest

from pipeline.errors import InputError
from pipeline.register.calendar import week_of_iso
from pipeline.stages.sample import run
from tests.small_study import extract, study

EXCLUDED = {"closed": ["Ærø"], "alone": ["Øst 2"]}
REGISTER_COLUMNS = pd.DataFrame({"week": range(week_of_iso(2012, 1), week_of_iso(2017, 37))})

# district, class, arm, date, consent, in the register, in the baseline survey, expected reason
PERSONS = [
    ("Køge", "Nord", 1, "2015-02-06", 1, True, True, "analysed"),
    ("Køge", "Nord", 0, "2015-02-20", 1, True, True, "analysed"),
    ("Køge", "Nord", 1, "2015-02-25", 1, True, False, "unasked"),
    ("Køge", "Nord", 1, "2015-02-10", 0, True, True, "left"),
    ("Køge", "Nord", 0, "2015-02-10", 1, False, True, "unmatched"),
    ("Ærø", "Syd", 0, "2015-02-10", 0, False, False, "closed"),
    ("Køge", "Øst 2", 1, "2015-02-10", 1, False, True, "alone"),
    ("Køge", "Nord", 0, "2015-02-10", 0, False, False, "unasked"),
]


def trial(rows: list = PERSONS) -> pd.DataFrame:
    names = ["district_name", "class_name", "treated", "allocation_date", "consent", "register", "baseline", "reason"]
    frame = pd.DataFrame(rows, columns=names)
    line = pd.Series(range(2, len(frame) + 2), dtype="Int64")
    return frame.assign(
        person=range(1, len(frame) + 1),
        allocation_date=pd.to_datetime(frame["allocation_date"]),
        register_line=line.where(frame["register"]),
        baseline_line=line.where(frame["baseline"]),
        followup_line=line.where(frame.index == 1),
    )


def sampled(trial: pd.DataFrame, columns=REGISTER_COLUMNS, excluded=None, settings=None) -> dict[str, pd.DataFrame]:
    return run(trial, columns, settings or study(), extract(excluded=EXCLUDED if excluded is None else excluded))


def test_the_first_reason_in_the_order_of_the_study_holds():
    exclusions = sampled(trial())["exclusions.parquet"]
    assert exclusions["reason"].tolist() == [row[-1] for row in PERSONS]


@pytest.mark.parametrize("spelt", ["ærø", "ÆRØ ", "Ærø"])
def test_an_exclusion_is_found_in_whatever_case_either_file_has_it(spelt):
    exclusions = sampled(trial(), excluded={"closed": [spelt]})["exclusions.parquet"]
    assert (exclusions.loc[exclusions["district_name"] == "Ærø", "reason"] == "closed").all()


def test_the_wait_runs_to_the_last_draw_of_an_analysed_member_of_the_cluster():
    sample = sampled(trial())["sample.parquet"]
    assert sample["wait_days"].tolist() == [14, 0]
    assert sample["allocation_week"].tolist() == [week_of_iso(2015, 6), week_of_iso(2015, 8)]
    assert sample[["district", "class"]].iloc[0].tolist() == ["koege", "nord"]


def test_who_answered_afterwards_is_told_of_everybody_and_unknown_where_nobody_was_asked():
    file = {"rows": 2, "sha256": "0" * 64, "key": "id", "path": "file.csv", "separator": ";", "decimal": ","}
    asked = dict.fromkeys(("allocation", "followup_survey"), file)
    sample = run(trial(), REGISTER_COLUMNS, study(), extract(excluded=EXCLUDED, files=asked))["sample.parquet"]
    assert sample["answered_followup"].tolist() == [0.0, 1.0]
    unasked = {"allocation": asked["allocation"]}
    sample = run(trial(), REGISTER_COLUMNS, study(), extract(excluded=EXCLUDED, files=unasked))["sample.parquet"]
    assert sample["answered_followup"].isna().all()


def test_a_design_without_dates_counts_from_allocation_and_has_no_waits():
    sample = sampled(trial().drop(columns="allocation_date"), settings=study(design={"date": None}))
    assert sample["sample.parquet"]["allocation_week"].tolist() == [0, 0]
    assert "wait_days" not in sample["sample.parquet"]


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({"treated": 1}, 2),
        ({"allocation_date": [pd.Timestamp("2012-01-03"), pd.Timestamp("2015-02-06")]}, 2),
        ({"allocation_date": [pd.Timestamp("2010-01-03"), pd.Timestamp("2015-02-06")]}, 2),
    ],
    ids=["one arm only", "no weeks before the draw", "a draw before the register"],
)
def test_what_is_unusual_but_not_certainly_wrong_is_analysed(change, kept):
    assert len(sampled(trial(PERSONS[:2]).assign(**change), excluded={})["sample.parquet"]) == kept


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"allocation_date": pd.Timestamp("2010-06-01")},
            "all 2 lie outside the weeks .*: 2 before its first, 0 after",
        ),
        (
            {"allocation_date": pd.Timestamp("2018-06-01")},
            "all 2 lie outside the weeks .*: 0 before its first, 2 after",
        ),
        ({"consent": 0}, r"no person is left to analyse \(2 left\)"),
    ],
)
def test_a_trial_that_cannot_be_analysed_is_refused(change, message):
    with pytest.raises(InputError, match=message):
        sampled(trial(PERSONS[:2]).assign(**change), excluded={})


@pytest.mark.parametrize(
    ("excluded", "message"),
    [
        ({"closed": ["Æro"]}, r"\[excluded\] closed: Æro \(1 names\) is not in column DISTRICT .*Near 'Æro': Ærø"),
        ({"alone": ["Øst 3"]}, r"\[excluded\] alone: Øst 3 \(1 names\) is not in column CLASS .*Near 'Øst 3': Øst 2"),
        ({"shut": ["Ærø"]}, r"\[excluded\]: shut is no exclusion by name of study.toml. Those are: closed, alone"),
    ],
)
def test_an_exclusion_that_names_nothing_is_refused(excluded, message):
    with pytest.raises(InputError, match=message):
        sampled(trial(), excluded=excluded)
