"""The report's settings are told from others by what they say, not by how they say it."""

import pytest

from tests.report_settings import ESTIMATES, meaning, strangers

TOML = '[time]\nhorizon_weeks = 81\n[samples.all]\nlabel_en = "Everybody"\nlimits = [0, 1]\n'
CODES = "code,group,label_en\n111,benefit,In the week\n"


@pytest.mark.parametrize(
    ("name", "text", "old", "new", "is_strange"),
    [
        ("study.toml", TOML, "= 81", "= 60", True),
        ("study.toml", TOML, "[0, 1]", "[0, 2]", True),
        ("study.toml", TOML, "[samples.all]", "[samples.some]", True),
        ("study.toml", TOML, "Everybody", "All", False),
        ("study.toml", TOML, "[time]", "# A comment.\n[time]", False),
        ("codes.csv", CODES, "111,benefit", "111,job", True),
        ("codes.csv", CODES, "In the week", "Wholly", False),
    ],
)
def test_a_changed_definition_is_strange_and_other_words_are_not(tmp_path, name, text, old, new, is_strange):
    (tmp_path / name).write_text(text)
    before = meaning(tmp_path / name)
    (tmp_path / name).write_text(text.replace(old, new))
    assert (meaning(tmp_path / name) != before) == is_strange


def test_a_file_that_is_absent_is_strange(tmp_path):
    assert strangers(ESTIMATES, tmp_path) == list(ESTIMATES)
