"""What the notes of estimates become under an exhibit, in the words of any study."""

from pathlib import Path

import pandas as pd
import pytest

from pipeline.audit.compare import read_estimates
from pipeline.show.remarks import REASONS, gather_remarks, reason_of

ARMS = "one arm only, so no comparison, in "
WORDS = {
    "en": {"stratum": "school", "strata": "schools", "cluster": "class", "clusters": "classes"},
    "da": {"stratum": "skole", "strata": "skoler", "cluster": "klasse", "clusters": "klasser"},
}
CASES = [
    ([], "", ""),
    (["bandwidth 1.35"], "", ""),
    (
        [f"{ARMS}lejre", f"{ARMS}lejre, egedal; left out the answers of 13 persons who are not analysed"],
        "Schools with one arm only, which say nothing about the effect: 1–2, in 2 estimates. "
        "The answers of 13 persons who are not analysed are left out.",
        "Skoler med kun den ene gruppe, som intet siger om effekten: 1–2, i 2 estimater. "
        "Svar fra 13 personer, der ikke er analyseret, er udeladt.",
    ),
    (
        ["left out of the average, one arm only: lejre, egedal"],
        "Schools with one arm only, which are left out of the average: 2, in 1 estimate.",
        "Skoler med kun den ene gruppe, som er udeladt af gennemsnittet: 2, i 1 estimat.",
    ),
    (
        ["dropped school lejre (person-weeks: 164, classes: 1)"],
        "From 1 estimate 164 person-weeks are dropped with an indicator that predicts perfectly.",
        "Fra 1 estimat udgår 164 personuger med en indikator, der forudsiger perfekt.",
    ),
    (
        [
            "dropped weeks 29 (person-weeks: 374); dropped weeks 41 (person-weeks: 347)",
            "dropped weeks 29 (person-weeks: 370)",
        ],
        "From 2 estimates 370–721 person-weeks are dropped with an indicator that predicts perfectly.",
        "Fra 2 estimater udgår 370–721 personuger med en indikator, der forudsiger perfekt.",
    ),
    (
        ["left out 31 persons without every covariate; left out 2 persons without the variable that makes the groups"],
        "From 1 estimate 31 persons without every covariate are left out. "
        "From 1 estimate 2 persons without the variable that makes the groups are left out.",
        "Fra 1 estimat er 31 personer, som ikke har alle kovariater, udeladt. "
        "Fra 1 estimat er 2 personer uden den variabel, der danner grupperne, udeladt.",
    ),
    (
        [
            "left out 4 persons without a known week at risk",
            "followed 3 persons for fewer weeks, to one that is unknown",
        ],
        "From 1 estimate 4 persons without a known week at risk are left out. "
        "In 1 estimate 3 persons are followed for fewer weeks than the others, since a later one is unknown.",
        "Fra 1 estimat er 4 personer uden en kendt uge i risiko udeladt. "
        "I 1 estimat er 3 personer fulgt i færre uger end de andre, da en senere er ukendt.",
    ),
    (["of a kind unknown"], "of a kind unknown", "of a kind unknown"),
    (
        ["no estimate: nobody is in the sample", "no estimate: nobody is in the sample"],
        "– no estimate, since nobody is in the sample: 2 estimates.",
        "– intet estimat, da ingen er i stikprøven: 2 estimater.",
    ),
    (
        ["no estimate: no school has both arms in the group low; left out 3 persons whose outcome is unknown"],
        "From 1 estimate 3 persons whose outcome is unknown are left out. "
        "– no estimate, since no school has both arms: 1 estimate.",
        "Fra 1 estimat er 3 personer med ukendt udfald udeladt. "
        "– intet estimat, da skoler med begge grupper ikke findes: 1 estimat.",
    ),
    (
        ["no estimate: the cat ate it"],
        "– no estimate, since the cat ate it: 1 estimate.",
        "– intet estimat, da the cat ate it: 1 estimat.",
    ),
]
REASONS_SAID = [
    "nobody has a known outcome and every covariate",
    "nobody is in the sample",
    "nobody in the group low:high_peers",
    "one arm only",
    "one arm only in the group low",
    "no school has both arms",
    "no school has both arms in the group high",
    "3 observations are too few for 5 coefficients",
    "3 observations are too few for 5 coefficients and a variance",
    "the column age is determined by the others",
    "fewer than two clusters",
    "the likelihood has no maximum",
    "nobody leaves in the 12 person-weeks of the treated group",
    "nobody of the control group is at risk",
    "everybody leaves in the first week of the control group",
    "nobody or everybody leaves in every interval or stratum of the 12 person-weeks",
    "all values are equal",
    "nobody has the variable age",
    "nobody is at risk",
    "nobody is counted",
]


def shown(notes):
    values = [float("nan") if "no estimate" in note else 1.0 for note in notes]
    columns = {"estimate_id": map(str, range(len(notes))), "note": pd.Series(notes, dtype=object), "value": values}
    return pd.DataFrame(columns)


@pytest.mark.parametrize(("notes", "english", "danish"), CASES)
def test_notes_are_gathered_into_one_remark_a_kind(notes, english, danish):
    twice = pd.concat([shown(notes)] * 2)  # every estimate is shown by its number and its error
    assert gather_remarks(twice, WORDS["en"], "en") == english
    assert gather_remarks(twice, WORDS["da"], "da") == danish


@pytest.mark.parametrize("reason", REASONS_SAID)
def test_every_reason_for_a_missing_estimate_has_words_in_both_languages(reason):
    kind, said = reason_of(f"no estimate: {reason}; left out 3 persons whose outcome is unknown")
    assert kind in {remark.pattern for remark in REASONS}
    assert said == f"no estimate: {reason}"
    danish = gather_remarks(shown([f"no estimate: {reason}"]), WORDS["da"], "da")
    assert danish.startswith("– intet estimat, da ")
    assert reason not in danish
    assert "{" not in danish


def test_a_number_without_a_reason_is_said_to_be_undefined():
    bare = shown(["", "the outcome is fitted exactly: no standard error"]).assign(value=float("nan"))
    said = gather_remarks(bare, WORDS["en"], "en")
    assert (
        said == "The outcome is fitted exactly, so there is no standard error: 1 estimate. – not defined: 1 estimate."
    )


def test_every_note_of_the_synthetic_trial_is_of_a_known_kind():
    made = read_estimates(Path("data_derived/twin/estimates"))
    said = gather_remarks(made.assign(value=made["estimate"])[["estimate_id", "note", "value"]], WORDS["en"], "en")
    assert "one arm only" in said
    assert all(sentence[0].isupper() or sentence[0].isdigit() for sentence in said.rstrip(".").split(". "))
