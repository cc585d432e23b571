"""Every main result says what it is an effect of: whom, against what, which outcome, and what comes in between."""

import dataclasses

import pytest

from pipeline.settings.described import read_exhibits
from pipeline.show.effects import tell
from pipeline.show.estimands import estimand_of, gather_estimands
from pipeline.show.purposes import HEADINGS
from tests.show.conftest import CONFIG, LANGUAGES, made_in, words

FINDINGS = read_exhibits(CONFIG["exhibits"]).page.findings


def telling(language):
    return tell(read_exhibits(CONFIG["exhibits"]), made_in(language).shown, words(language), language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_main_result_has_the_five_lines_of_its_estimand(language):
    told, weeks = telling(language), words(language).texts["share_weeks"]
    for finding in FINDINGS:
        lines = dict(estimand_of(finding, told))
        assert list(lines) == list(HEADINGS[language].values())
        assert lines[HEADINGS[language]["population"]].startswith(f"{told.word(finding, 'group')}: ")
        assert weeks in lines[HEADINGS[language]["outcome"]]
        assert "{" not in "".join(lines.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_on_paper_the_lines_stand_once_with_every_group_and_outcome(language):
    told = telling(language)
    (lines,) = gather_estimands(told)
    for finding in FINDINGS:
        assert told.word(finding, "group") in dict(lines)[HEADINGS[language]["population"]]
    assert made_in(language).page.count(dict(lines)[HEADINGS[language]["population"]]) == 1


def test_a_result_of_a_model_without_an_estimand_has_no_lines():
    told = dataclasses.replace(telling("en"), models={})
    assert estimand_of(FINDINGS[0], told) == ()
    assert gather_estimands(told) == ()
