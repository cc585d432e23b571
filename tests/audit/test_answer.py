"""The answer to the data owner: what came, what is wrong and what is asked, in both languages, and nobody's data."""

from __future__ import annotations

import pytest

from pipeline.audit.answer import write_answer
from pipeline.audit.check_extract import check_extract
from tests.checks.crowd import write_crowd
from tests.checks.malformed import fill, register_again
from tests.commands import PERSON_NUMBER
from tests.delivery import replace

SAID = {
    "en": (
        "What came",
        "register.csv, column BRANCHE_2015_01: nobody has a wage in",
        "What is to be done: The columns",
    ),
    "da": ("Hvad der kom", "register.csv, kolonne BRANCHE_2015_01: ingen har løn i", "Hvad der skal gøres: Kolonnerne"),
}


@pytest.mark.parametrize("language", SAID)
def test_the_answer_names_files_and_faults_and_leaves_the_settings_out(tmp_path, language):
    raw, config = write_crowd(tmp_path), tmp_path / "config"
    register_again(raw / "register.csv", lambda: fill(raw / "register.csv", "(BRANCHE|GRAD)_2015_01", ""))
    replace(config / "municipalities.csv", "147", "101")
    text = write_answer(raw, check_extract(raw, config), language)
    for said in SAID[language]:
        assert said in text
    assert "municipalities" not in text
    assert str(tmp_path) not in text
    assert not PERSON_NUMBER.search(text)
