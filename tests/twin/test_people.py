"""The survey files of the twin against tables 2.2 and 2.3, from the answers up, and the persons' numbers."""

from __future__ import annotations

import io
from datetime import date

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from pipeline.twin.files import twin_files
from pipeline.twin.frame import build_frame
from pipeline.twin.histories import Histories
from pipeline.twin.weeks import MONTHS, WEEKS

TABLES = "data_raw/published/tables.csv"
CORRECTIONS = "calibration/printed/corrections.csv"
EPOCH = date(1970, 1, 1)
PRINTED = 1e-9  # what separates a value from its printed interval is the arithmetic of sums of whole numbers


def placeholder() -> Histories:
    """Empty histories: these tests look at persons and answers."""
    persons = np.arange(1, 658)
    return Histories(
        persons,
        np.zeros((657, WEEKS), np.int16),
        np.zeros((657, MONTHS), np.int16),
        np.zeros((657, MONTHS), np.int32),
    )


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return twin_files(placeholder())


def read(files: dict[str, bytes], name: str) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(files[name]), sep=";", dtype=str, keep_default_na=False)


def score(items: pd.DataFrame, followup: bool) -> pd.DataFrame:
    """Scores by the rules of scales.csv, written anew for this test."""
    scales = pd.read_csv("config/scales.csv", dtype=str, keep_default_na=False)
    numbers = items.drop(columns="SVARDATO").replace("", np.nan).astype(float).set_index("LOEBENR")
    scores = pd.DataFrame(index=numbers.index)
    for scale in scales[scales["followup"] == "1"].itertuples() if followup else scales.itertuples():
        stem, _, last = scale.items.partition("..")
        names = [f"{stem[:-1]}{k}" for k in range(1, int(last) + 1)] if last else [stem]
        answers = numbers[names]
        assert answers.stack().between(float(scale.item_minimum), float(scale.item_maximum)).all()
        if scale.scoring == "sum":
            enough = answers.count(axis=1) >= int(scale.minimum_answered)
            scores[scale.variable] = (answers.mean(axis=1) * len(names)).where(enough)
        elif scale.scoring == "indicator":
            wanted = [float(value) for value in scale.indicator_values.split()]
            scores[scale.variable] = answers[stem].isin(wanted).where(answers[stem].notna()).astype(float)
        else:
            scores[scale.variable] = answers[stem]
    return scores


@pytest.fixture(scope="module")
def trial(files: dict[str, bytes]) -> pd.DataFrame:
    """The analysed persons with their baseline scores, from the files."""
    frame = build_frame()
    persons = pd.DataFrame(
        {"treated": frame.treated, "municipality": frame.municipality, "team": frame.team, "wait_days": frame.wait_days,
         "allocation_day": frame.allocation_date.astype(np.int64)}, index=frame.person.astype(float),
    )[frame.analysed]  # fmt: skip
    return persons.join(score(read(files, "baseline_survey.csv"), followup=False))


@pytest.fixture(scope="module")
def targets() -> pd.DataFrame:
    """Rows of tables 2.2 and 2.3 that the frame and the survey decide, with the corrected value."""
    printed = pd.read_csv(TABLES, dtype=str, keep_default_na=False)
    printed = printed[printed["exhibit"].isin(["table_2_2", "table_2_3"])]
    printed = printed[~printed["name"].str.contains("_pre_") & (printed["statistic"] != "n")]
    used = pd.read_csv(CORRECTIONS, dtype=str).set_index(["exhibit", "row", "column"])["used"]
    printed["value"] = [
        used.get(key, value)
        for key, value in zip(printed[["exhibit", "name", "column"]].itertuples(index=False, name=None),
                              printed["value"], strict=True)
    ]  # fmt: skip
    return printed


def samples(trial: pd.DataFrame) -> dict[str, pd.Series]:
    return {
        "all": trial["treated"] >= 0,
        "control": trial["treated"] == 0,
        "ltjs": trial["treated"] == 1,
        "short_wait": trial["wait_days"] < 7,
        "long_wait": trial["wait_days"] >= 7,
        "low_self_efficacy": trial["self_efficacy"] <= 10,
        "high_self_efficacy": trial["self_efficacy"] >= 11,
    }


def prints_as(value: float, row: pd.Series) -> bool:
    if row["statistic"] == "date":
        day = (date.fromisoformat(row["value"]) - EPOCH).days
        return day <= value < day + 1
    scaled = value * 100 if row["unit"] == "percent" else value
    return abs(scaled - float(row["value"])) <= 0.5 * 10.0 ** -int(row["decimals"]) + PRINTED


def test_group_means_are_those_of_table_2_2(trial: pd.DataFrame, targets: pd.DataFrame) -> None:
    rows = targets[targets["exhibit"] == "table_2_2"].copy()
    assert len(rows) == 66 * 6
    is_share = rows["name"].map(lambda name: set(trial[name].dropna().unique()) <= {0.0, 1.0})
    rows["unit"] = np.where(is_share & rows["row"].str.contains("%"), "percent", "")
    means = {column: trial[inside].mean(numeric_only=True) for column, inside in samples(trial).items()}
    missed = [row["row"] + " " + row["column"] for _, row in rows.iterrows()
              if not prints_as(means[row["column"]][row["name"]], row)]  # fmt: skip
    assert not missed


def test_balance_coefficients_are_those_of_table_2_3(trial: pd.DataFrame, targets: pd.DataFrame) -> None:
    rows = targets[targets["exhibit"] == "table_2_3"].assign(unit="")
    assert len(rows) == 66 * 5
    dummies = pd.get_dummies(trial["municipality"], dtype=float)
    missed = []
    for _, row in rows.iterrows():
        inside = samples(trial)[row["column"]] & trial[row["name"]].notna()
        design = pd.concat([trial.loc[inside, "treated"].astype(float), dummies[inside]], axis=1)
        fit = sm.OLS(trial.loc[inside, row["name"]], design.loc[:, (design != 0).any()]).fit()
        if not prints_as(fit.params["treated"], row):
            missed.append(f"{row['name']} {row['column']}")
    assert not missed


def test_groups_of_self_efficacy(trial: pd.DataFrame) -> None:
    own = trial["self_efficacy"]
    assert [(own <= 10).sum(), (own >= 11).sum(), own.notna().sum(), (own == 10.5).sum()] == [263, 303, 567, 1]
    printed = {6: 19, 7: 24, 8: 31, 9: 38, 10: 46, 11: 55, 12: 62, 13: 68, 14: 73}  # table 3.3
    assert {cut: round(100 * (own <= cut).sum() / 567) for cut in printed} == printed
    cells = trial.groupby(["municipality", "treated"])["self_efficacy"]
    is_spread = (cells.min() <= 6) & (cells.max() >= 15)  # both arms in both groups at every cut-off
    assert is_spread.all()
    assert trial[trial["wait_days"] < 21]["self_efficacy"].count() == 403  # table 3.4
    share = (own < 12).where(own.notna()).groupby(trial["team"]).mean()
    assert round(share.median(), 2) == 0.54  # report note 13


def test_complete_cases(trial: pd.DataFrame) -> None:
    controls = trial[trial["treated"] == 0]
    assert controls.notna().all(axis=1).sum() == 188  # table 6.3
    always = ["bipq_treatment_control", "expected_time_to_return", "ordinary_job", "female", "age"]
    assert trial[always].notna().all().all()
    assert (trial["age"].min(), trial["age"].max()) == (21, 71)


def test_followup_has_the_observations_of_table_3_5(files: dict[str, bytes], trial: pd.DataFrame) -> None:
    scores = score(read(files, "followup_survey.csv"), followup=True)
    printed = pd.read_csv(TABLES, dtype=str).query("exhibit == 'table_3_5' and statistic == 'n'")
    names = pd.read_csv(TABLES, dtype=str).query("exhibit == 'table_2_2'").drop_duplicates("row")
    by_label = {label.split(" (")[0].strip(): name for label, name in zip(names["row"], names["name"], strict=True)}
    found = scores.reindex(trial.index).count()
    assert {row.row: str(found[by_label[row.row]]) for row in printed.itertuples()} == dict(
        zip(printed["row"], printed["value"], strict=True)
    )


def test_numbers_are_nobodys_and_agree_with_the_survey(files: dict[str, bytes]) -> None:
    allocation, register = read(files, "allocation.csv"), read(files, "dream.csv")
    numbers = allocation["PNR"]
    assert numbers.str.fullmatch(r"\d{10}").all()
    assert numbers.nunique() == len(numbers) == 657
    assert numbers.str[2:4].astype(int).between(13, 24).all()  # no month of a CPR number
    merged = allocation.merge(register[["PNR", "KON", "FOEDDT"]], on="PNR", how="left", indicator=True)
    assert (merged["_merge"] == "both").sum() == len(register) == 645
    merged = merged.merge(read(files, "baseline_survey.csv")[["LOEBENR", "KOEN", "ALDER"]], on="LOEBENR")
    merged = merged[merged["_merge"] == "both"]
    assert (merged["KON"].map({"M": "1", "K": "2"}) == merged["KOEN"]).all()
    assert (merged["PNR"].str[-1].astype(int) % 2 == (merged["KON"] == "M")).all()
    born = pd.to_datetime(
        "19" + merged["PNR"].str[4:6] + (merged["PNR"].str[2:4].astype(int) - 12).map("{:02d}".format)
        + merged["PNR"].str[:2], format="%Y%m%d",
    )  # fmt: skip
    assert (born.dt.strftime("%Y-%m-01") == merged["FOEDDT"]).all()
    at = pd.to_datetime(merged["ALLOKERINGSDATO"])
    had_birthday = (at.dt.month * 100 + at.dt.day) >= (born.dt.month * 100 + born.dt.day)
    assert (at.dt.year - born.dt.year - (~had_birthday).astype(int) == merged["ALDER"].astype(int)).all()


def test_surveys_are_dated_around_the_course(files: dict[str, bytes]) -> None:
    allocation = read(files, "allocation.csv").set_index("LOEBENR")["ALLOKERINGSDATO"].pipe(pd.to_datetime)
    for name, low, high in (("baseline_survey.csv", -9, 0), ("followup_survey.csv", 49, 300)):
        survey = read(files, name).set_index("LOEBENR")
        days = (pd.to_datetime(survey["SVARDATO"]) - allocation.reindex(survey.index)).dt.days
        assert days.between(low, high).all()
    assert len(read(files, "baseline_survey.csv")) == 644


def test_files_are_the_same_on_every_run(files: dict[str, bytes]) -> None:
    assert twin_files(placeholder()) == files


@pytest.mark.report
def test_the_questionnaires_that_were_sent_are_those_that_the_study_scores():
    sent, scored = (
        pd.read_csv(path, dtype=str, keep_default_na=False)
        for path in ("pipeline/twin/data/scales.csv", "config/scales.csv")
    )
    pd.testing.assert_frame_equal(sent, scored.drop(columns="rule_source"))
