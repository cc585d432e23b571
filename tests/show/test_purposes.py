"""What an analysis is for: every word there is, and an estimand filled in."""

from typing import get_args

import pytest

from pipeline.errors import InputError
from pipeline.settings.models import Purpose, Reason
from pipeline.settings.study import Estimand, Estimands
from pipeline.show.purposes import HEADINGS, PURPOSES, REASONS, estimand_lines

ESTIMANDS = Estimands(
    population_en="{sample}, drawn by lot.",
    population_da="{sample}, trukket ved lod.",
    treatment_en="The course against none.",
    treatment_da="Kurset over for intet.",
    of={
        "share": Estimand(
            outcome_en="{outcome} in {weeks}.",
            outcome_da="{outcome} i {weeks}.",
            events_en="Nobody is left out.",
            events_da="Ingen udgår.",
            summary_en="A difference.",
            summary_da="En forskel.",
        ),
        "wrong": Estimand(outcome_en="{shoe}", events_en="", summary_en=""),
    },
)


@pytest.mark.parametrize("language", ["en", "da"])
def test_every_reason_and_purpose_has_words(language):
    assert set(REASONS[language]) == set(get_args(Reason))
    assert set(PURPOSES[language]) == set(get_args(Purpose))


@pytest.mark.parametrize(
    ("language", "sample", "outcome", "weeks", "first", "third"),
    [
        ("en", "Everybody", "Work", "weeks 1 to 9", "Everybody, drawn by lot.", "Work in weeks 1 to 9."),
        ("da", "Alle", "Arbejde", "uge 1 til 9", "Alle, trukket ved lod.", "Arbejde i uge 1 til 9."),
    ],
)
def test_an_estimand_is_five_lines(language, sample, outcome, weeks, first, third):
    lines = estimand_lines(ESTIMANDS, "share", sample, outcome, weeks, language)
    assert [heading for heading, _ in lines] == list(HEADINGS[language].values())
    assert (lines[0][1], lines[2][1]) == (first, third)


def test_a_placeholder_of_an_estimand_that_is_none_is_named():
    with pytest.raises(InputError, match=r"study\.toml: nothing is known to fill in for \{shoe\}"):
        estimand_lines(ESTIMANDS, "wrong", "", "", "", "en")
