"""The words of the exhibits follow the settings of the study, and the description of the variables the dictionary."""

import copy
import csv
import io
import re
import tomllib
from pathlib import Path

import msgspec
import pandas as pd
import pytest

from pipeline.errors import InputError
from pipeline.settings.base import convert
from pipeline.settings.outcomes import Exit
from pipeline.settings.study import Study
from pipeline.show.words import study_words
from tests.show.conftest import (
    CONFIG,
    LANGUAGES,
    OUTCOMES,
    alone,
    draw,
    invent_estimates,
    made_in,
    make_shown,
    page_with,
    reported,
    write,
)

STUDY = CONFIG["study"]
SETTINGS = tomllib.loads(Path("config/study.toml").read_text(encoding="utf-8"))


def study_with(**tables):
    """The study with keys of some tables changed: study_with(time={"horizon_weeks": 60})."""
    settings = copy.deepcopy(SETTINGS)
    for table, keys in tables.items():
        settings[table] = {**settings[table], **keys}
    return convert(settings, Study, "study.toml")


WAIT = {**SETTINGS["splits"]["wait"], "below": 14}
SAMPLES = {"wait_under_21_days": {**SETTINGS["samples"]["wait_under_21_days"]}}
SAMPLES["wait_under_21_days"]["conditions"] = [{"variable": "wait_days", "below": 28}]
CHANGED = study_with(
    outcomes={"hazard_interval_weeks": 3},
    samples=SAMPLES,
    splits={
        "wait": WAIT,
        "self_efficacy_8": {"variable": "self_efficacy", "below": 18},
        "age_50": {"variable": "age", "below": 45},
        "employment_pre_share": {"variable": "employment_pre_share", "at_most": 0.4},
    },
    peers={"below": 17, "exceeds": 0.6},
)
# exhibit, what it says in English and in Danish after the change
SAID = [
    ("table_3_1", "intervals of 3 weeks", "intervaller på 3 uger"),
    ("table_3_2", "less than 14 days and at least 14 days", "mindre end 14 dage og mindst 14 dage"),
    ("table_3_3", "0–17", "18–24"),
    ("table_3_4", "Wait less than 28 days", "Ventetid mindre end 28 dage"),
    ("table_3_5", "0–17", "0–17"),
    ("table_3_6", "0 to 17 before the course; high: 18 to 24", "0 til 17 før kurset; høj: 18 til 24"),
    ("table_3_6", "more than 60% of its other members have a score under 17", "mere end 60 % af de andre"),
    ("table_6_1", "Age less than 45", "Alder mindst 45"),
    ("table_6_1", "Employment in the 104 weeks before: more than 0.4", "Beskæftigelse i de 104 uger før: højst 0,4"),
]


def written(language, study):
    return write(language, made_in(language).shown, study=study)


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_follow_the_settings(language):
    before, after = made_in(language).tables, written(language, CHANGED)
    for exhibit, english, danish in SAID:
        text = {"en": english, "da": danish}[language]
        page = after[f"{exhibit}.html"].replace("\N{NO-BREAK SPACE}", " ")
        assert text in page, exhibit
        assert text not in before[f"{exhibit}.html"].replace("\N{NO-BREAK SPACE}", " "), exhibit
    assert "{" not in re.sub(r"<(style|script)>.*?</\1>", "", after["table_3_6.html"], flags=re.DOTALL)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_shorter_follow_up_is_said_everywhere_and_nothing_later_is_shown(language):
    shorter = study_with(time={"horizon_weeks": 60})
    estimates = invent_estimates()
    week = pd.to_numeric(estimates["week"]).astype("float64")
    estimates = estimates[~(week > 60)].copy()
    last = invent_estimates()[week == 81]
    last = last.assign(estimate_id=last["estimate_id"].str.replace("/81/", "/60/"))
    estimates = pd.concat([estimates, last]).drop_duplicates("estimate_id", keep="last")
    shown = make_shown(language, estimates, study=shorter)
    rows = pd.to_numeric(shown.loc[shown["exhibit"].str.match(r"figure_(3|4|6)"), "row"])
    assert rows.max() == 60
    made = write(language, shown, study=shorter)
    page = page_with(language, shown, made_in("en").pictures, study=shorter)
    words = re.sub(r"<(style|data|svg|a)\b.*?</\1>", "", page, flags=re.DOTALL)
    assert not re.search(r"(?<![.,\d])81\b", words)  # a week, not the end of a number
    assert {"en": "weeks 1 to 60", "da": "uge 1 til 60"}[language] in made["table_3_3.html"]
    assert {"en": "up to 60 weeks", "da": "op til 60 uger"}[language] in words
    section = page.split('<section id="figure_3_2"')[1].split("</section>")[0]
    assert re.findall(r'<th scope="row">(\d+)</th>', section) == ["1", "13", "26", "39", "52", "60"]


@pytest.mark.report
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_share_of_the_known_weeks_is_said_to_be_one(language):
    known = study_with(outcomes={"unknown_weeks": "known"})
    said = {"en": "Share of the known of weeks 1 to 81", "da": "Andel af de kendte af uge 1 til 81"}[language]
    assert said in written(language, known)["table_3_3.html"]
    assert said not in made_in(language).tables["table_3_3.html"]
    page = page_with(language, made_in(language).shown, made_in("en").pictures, study=known, exhibits=alone(3))
    for text in {"en": ["of the known of the 81 weeks"], "da": ["af de kendte af de 81 uger"]}[language]:
        assert text in page


def test_the_ends_of_a_scale_are_those_of_the_dictionary():
    variables = CONFIG["variables"].copy()
    variables.loc[variables["name"] == "self_efficacy", ["minimum", "maximum"]] = "6", "30"
    made = write("en", made_in("en").shown, variables=variables)
    for text in ("6–8", "9–30"):
        assert text in made["table_3_3.html"]
    assert "9 to 30" in made["table_3_6.html"]
    drawn = draw("en", made_in("en").shown, ["figure_2_3"], variables=variables)
    assert "Points, 6 (low) to 30 (high)" in drawn["figure_2_3.svg"]


def test_arms_and_groups_are_called_as_the_study_calls_them():
    design = copy.deepcopy(SETTINGS["design"])
    design["treated"]["label_en"], design["cluster"]["plural_en"] = "lessons", "classes"
    renamed = study_with(design=design)
    drawn = draw("en", made_in("en").shown, ["figure_3_2", "figure_2_1"], study=renamed)
    assert re.search(r"[\d,]+ lessons, [\d,]+ control", drawn["figure_3_2.svg"])
    assert re.search(r"[\d,]+ classes, n = ", drawn["figure_2_1.svg"])


def test_the_files_of_a_build_are_the_pages_and_what_is_missing():
    written = reported("en", made_in("en").shown, made_in("en").pictures)
    assert set(written) == {"index.html", "missing.txt", "robust.html"}


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
    study = study_with(outcomes={"hazard_interval_weeks": weeks})
    exits = {"employment_exit": Exit("employment", "in", weeks)}
    words = study_words(study, msgspec.structs.replace(OUTCOMES, exits=exits), language)
    assert (words["employment_exit_run"], words["hazard_interval"]) == (run, interval)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_bound_has_words_and_the_first_and_last_point_inside(language):
    words = study_words(CHANGED, OUTCOMES, language)
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
        make_shown("en", pd.concat([estimates, extra], ignore_index=True))


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
        entry = variables.loc[name]
        written = entry["definition" if language == "en" else "definition_da"]
        assert line["definition"] == written.format(minimum=entry["minimum"], maximum=entry["maximum"])
        assert line["definition"] in made["table_6_4.tex"].replace(r"\_", "_").replace(r"\%", "%")
        assert all((line["values"], line["source"], line["panel"]))
