"""What the notes of estimates become under an exhibit."""

from pathlib import Path

import pandas as pd
import pytest

from pipeline.audit.compare import read_estimates
from pipeline.show.remarks import gather_remarks

ARMS = "one arm only, so no comparison, in "
CASES = [
    ([], "", ""),
    (["bandwidth 1.35"], "", ""),
    (
        [f"{ARMS}lejre", f"{ARMS}lejre, egedal; left out the answers of 13 persons who are not analysed"],
        "Municipalities with one arm only, which say nothing about the effect: 1–2, in 2 estimates. "
        "The answers of 13 persons who are not analysed are left out.",
        "Kommuner med kun den ene gruppe, som intet siger om effekten: 1–2, i 2 estimater. "
        "Svar fra 13 personer, der ikke er analyseret, er udeladt.",
    ),
    (
        ["did not converge: no estimate"] * 2,
        "2 estimates did not converge and are not shown.",
        "2 estimater konvergerede ikke og vises ikke.",
    ),
    (
        ["dropped municipality lejre (person-weeks: 164, teams: 1)"],
        "From 1 estimates 164 person-weeks are dropped with an indicator that predicts perfectly.",
        "Fra 1 estimater udgår 164 personuger med en indikator, der forudsiger perfekt.",
    ),
    (["of a kind unknown"], "of a kind unknown", "of a kind unknown"),
]


def cells(notes):
    return pd.DataFrame({"estimate_id": map(str, range(len(notes))), "note": pd.Series(notes, dtype=object)})


@pytest.mark.parametrize(("notes", "english", "danish"), CASES)
def test_notes_are_gathered_into_one_remark_a_kind(notes, english, danish):
    twice = pd.concat([cells(notes)] * 2)  # every estimate is shown by its number and its error
    assert gather_remarks(twice, "en") == english
    assert gather_remarks(twice, "da") == danish


def test_every_note_of_the_synthetic_trial_is_of_a_known_kind():
    made = read_estimates(Path("data_derived/twin/estimates"))
    said = gather_remarks(made[["estimate_id", "note"]], "en")
    assert "one arm only" in said
    assert all(sentence[0].isupper() or sentence[0].isdigit() for sentence in said.rstrip(".").split(". "))
