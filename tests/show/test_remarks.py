"""What the notes of estimates become under an exhibit, in the words of any study."""

from pathlib import Path

import pandas as pd
import pytest

from pipeline.audit.compare import read_estimates
from pipeline.show.kinds_of_reasons import REASONS
from pipeline.show.numbers import ABSENT
from pipeline.show.remarks import gather_remarks, reason_of

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
        "In 1–2 schools only one of the two groups was left, so nothing about the effect comes from there "
        "(all estimates shown). The answers of 13 persons who are not analysed are left out.",
        "I 1–2 skoler var kun den ene af de to grupper tilbage, så derfra kommer intet om effekten "
        "(alle viste estimater). "
        "Svar fra 13 personer, der ikke er analyseret, er udeladt.",
    ),
    (
        ["left out of the average, one arm only: lejre, egedal"],
        "The average leaves out 2 schools where only one of the two groups was left.",
        "Gennemsnittet er uden 2 skoler, hvor kun den ene af de to grupper var tilbage.",
    ),
    (
        ["dropped school lejre (person-weeks: 164, classes: 1)"],
        "Left out: 164 person-weeks of periods or schools in which nobody or everybody left, which say nothing about "
        "the effect.",
        "Udeladt: 164 personuger fra perioder eller skoler, hvor ingen eller alle afgik, og som intet siger om "
        "effekten.",
    ),
    (
        [
            "dropped weeks 29 (person-weeks: 374); dropped weeks 41 (person-weeks: 347)",
            "dropped weeks 29 (person-weeks: 370)",
            "",
        ],
        "Left out: 370–721 person-weeks of periods or schools in which nobody or everybody left, which say nothing "
        "about the effect (2 of 3 estimates shown).",
        "Udeladt: 370–721 personuger fra perioder eller skoler, hvor ingen eller alle afgik, og som intet siger om "
        "effekten (2 af 3 viste estimater).",
    ),
    (
        ["left out 31 persons without every covariate; left out 2 persons without the variable that makes the groups"],
        "Left out, since a background variable of the model is unknown: 31 persons. "
        "Left out, since it is unknown to which of the groups they belong: 2 persons.",
        "Udeladt, da en af modellens baggrundsvariable er ukendt: 31 personer. "
        "Udeladt, da det er ukendt, hvilken af grupperne de hører til: 2 personer.",
    ),
    (
        [
            "left out 1 persons without a known week at risk",
            "followed 3 persons for fewer weeks, to one that is unknown",
        ],
        "Left out, since no week is known in which they could leave: 1 person (1 of 2 estimates shown). "
        "Followed for fewer weeks than the others, up to one that is unknown: 3 persons (1 of 2 estimates shown).",
        "Udeladt, da ingen uge kendes, hvor de kunne afgå: 1 person (1 af 2 viste estimater). "
        "Fulgt i færre uger end de andre, indtil en der er ukendt: 3 personer (1 af 2 viste estimater).",
    ),
    (["of a kind unknown"], "of a kind unknown", "of a kind unknown"),
    (
        ["no estimate: nobody is in the sample", "no estimate: nobody is in the sample"],
        "– no estimate could be made, since nobody is in the sample (all estimates shown).",
        "– intet estimat kunne laves, da ingen er i stikprøven (alle viste estimater).",
    ),
    (
        ["no estimate: no school has both arms in the group low; left out 3 persons whose outcome is unknown"],
        "Left out, since the outcome is unknown: 3 persons. "
        "– no estimate could be made, since no school has both groups.",
        "Udeladt, da udfaldet er ukendt: 3 personer. – intet estimat kunne laves, da ingen skole har begge grupper.",
    ),
    (
        ["no estimate: the cat ate it"],
        "– no estimate could be made, since the cat ate it.",
        "– intet estimat kunne laves, da the cat ate it.",
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
    return pd.DataFrame(columns).assign(text="", status="pass", reason="")


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
    assert danish.startswith("– intet estimat kunne laves, da ")
    assert reason not in danish
    assert "{" not in danish


def test_a_number_without_a_reason_is_said_to_be_undefined():
    bare = shown(["", "the outcome is fitted exactly: no standard error"]).assign(value=float("nan"))
    said = gather_remarks(bare, WORDS["en"], "en")
    assert said == (
        "The model hits the outcome exactly, so no standard error can be computed (1 of 2 estimates shown). "
        "– not defined (1 of 2 estimates shown)."
    )


def test_every_note_of_the_synthetic_trial_is_of_a_known_kind():
    made = read_estimates(Path("data_derived/twin/estimates"))
    said = gather_remarks(made.assign(value=made["estimate"], text="", status="pass", reason=""), WORDS["en"], "en")
    assert "only one of the two groups was left" in said
    begins = [sentence[0] for sentence in said.rstrip(".").split(". ")]
    assert all(first.isupper() or first.isdigit() or first == ABSENT for first in begins)
