"""The words of the exhibits follow study.toml, and the description of the variables the dictionary."""

import csv
import io
import re

import msgspec
import pandas as pd
import pytest

from pipeline.errors import InputError
from pipeline.settings.extract import Language
from pipeline.settings.study import Condition, Peers, Sample, Split
from pipeline.show.words import study_words
from pipeline.stages import tables
from tests.models import STUDY as FILE_STUDY
from tests.models import run
from tests.show.conftest import CONFIG, LANGUAGES, extract, invent_estimates, made_in, make_cells

STUDY = CONFIG["study"]
CHANGED = msgspec.structs.replace(
    STUDY,
    outcomes=msgspec.structs.replace(STUDY.outcomes, employment_run_weeks=6, hazard_interval_weeks=3),
    samples={
        **STUDY.samples,
        "short_wait": Sample("Short", "Kort", [Condition("wait_days", at_most=13)]),
        "wait_under_21_days": Sample("Wait", "Ventetid", [Condition("wait_days", below=28)]),
    },
    splits={
        **STUDY.splits,
        "self_efficacy_8": Split("self_efficacy", below=18),
        "age_50": Split("age", below=45),
        "employment_pre_share": Split("employment_pre_share", at_most=0.4),
    },
    peers=Peers("self_efficacy", 17, 0.6),
)
# exhibit, what it says in English and in Danish after the change
SAID = [
    ("table_3_1", "intervals of 3 weeks", "intervaller på 3 uger"),
    ("table_3_2", "at most 13 days", "højst 13 dage"),
    ("table_3_3", "0–17", "18–24"),
    ("table_3_4", "Wait less than 28 days", "Ventetid mindre end 28 dage"),
    ("table_3_5", "0–17", "0–17"),
    ("table_3_6", "0 to 17 before the course; high: 18 to 24", "0 til 17 før kurset; høj: 18 til 24"),
    ("table_3_6", "more than 60% of its other members have a score under 17", "mere end 60 % af dets andre"),
    ("table_6_1", "Age less than 45", "Alder mindst 45"),
    ("table_6_1", "Employment in the 104 weeks before: more than 0.4", "Beskæftigelse i de 104 uger før: højst 0,4"),
]


def written(language, study):
    shown = {**CONFIG, "study": study}
    return tables.run(made_in(language).cells, **shown, extract=extract(), language=Language(language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_follow_the_settings(language):
    before, after = written(language, STUDY), written(language, CHANGED)
    for exhibit, english, danish in SAID:
        text = {"en": english, "da": danish}[language]
        page = after[f"{exhibit}.html"].replace("\N{NO-BREAK SPACE}", " ")
        assert text in page, exhibit
        assert text not in before[f"{exhibit}.html"].replace("\N{NO-BREAK SPACE}", " "), exhibit
    assert "{" not in re.sub(r"<style>.*?</style>", "", after["table_3_6.html"], flags=re.DOTALL)


def test_numbers_follow_the_same_settings():
    name = "self_efficacy/self_efficacy_8/employment/81/size:low"
    changed = msgspec.structs.replace(FILE_STUDY, splits=CHANGED.splits)
    assert run("subgroups", study=changed).loc[name, "estimate"] > run("subgroups").loc[name, "estimate"]


@pytest.mark.parametrize(
    ("weeks", "language", "run", "interval"),
    [
        (4, "en", "the first of at least 4 weeks in a row", "4 weeks"),
        (4, "da", "den første af mindst 4 uger i træk", "4 uger"),
        (1, "en", "the first week", "1 week"),
        (1, "da", "den første uge", "1 uge"),
    ],
)
def test_a_run_and_an_interval_of_one_week_are_said_in_the_singular(weeks, language, run, interval):
    outcomes = msgspec.structs.replace(STUDY.outcomes, employment_run_weeks=weeks, hazard_interval_weeks=weeks)
    words = study_words(msgspec.structs.replace(STUDY, outcomes=outcomes), language)
    assert (words["employment_run"], words["hazard_interval"]) == (run, interval)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_bound_has_words_and_the_first_and_last_point_inside(language):
    words = study_words(CHANGED, language)
    assert (words["self_efficacy_8_last"], words["self_efficacy_8_first"]) == ("17", "18")
    assert (words["self_efficacy_9_last"], words["self_efficacy_9_first"]) == ("9", "10")
    assert words["high_self_efficacy_first"] == "11"
    assert (
        words["sickness_benefit_pre_share_high"] == {"en": "more than the median", "da": "mere end medianen"}[language]
    )


def test_a_follow_up_score_without_a_row_is_not_left_out_in_silence():
    estimates = invent_estimates()
    extra = estimates[estimates["estimate_id"] == "survey/self_efficacy_6/pain//treated:low"]
    extra = extra.assign(estimate_id="survey/self_efficacy_6/appetite//treated:low")
    with pytest.raises(InputError, match=r"\[table_3_5\]: 1 estimates .* survey/self_efficacy_6/appetite"):
        make_cells("en", pd.concat([estimates, extra], ignore_index=True))


@pytest.mark.parametrize("language", LANGUAGES)
def test_table_6_4_describes_the_variables_as_the_dictionary_has_them(language):
    made = made_in(language).tables
    rows = {line["row"]: line for line in csv.DictReader(io.StringIO(made["table_6_4.csv"]))}
    variables = CONFIG["variables"].set_index("name")
    assert set(rows) == set(variables.index[variables["described"] != ""])
    assert set(variables.index[variables["risk_factor"] != ""]) <= set(rows)
    assert rows["self_efficacy"]["values"] == "0–24"
    assert rows["cmdq_physical_symptoms"]["values"] == "0–48"
    assert rows["public_sector_job"]["source"] == "EPoS"
    assert not re.search("guidance|vejledning", rows["workplace_activation"]["definition"], re.IGNORECASE)
    for name, line in rows.items():
        assert line["definition"] == variables.loc[name, "definition" if language == "en" else "definition_da"]
        assert line["definition"] in made["table_6_4.tex"].replace(r"\_", "_").replace(r"\%", "%")
        assert all((line["values"], line["source"], line["panel"]))
