"""Every malformed input of malformed.csv gets the message that stands there, and nothing shows a person's number."""

from collections import Counter
from pathlib import Path

import pytest

from tests.checks.crowd import write_crowd
from tests.checks.malformed import read_cases, tell
from tests.commands import PERSON_NUMBER

CASES = read_cases()


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("crowd")
    write_crowd(folder)
    return folder


@pytest.mark.parametrize("case", CASES, ids=[f"{case['file']}-{case['what'][:60]}" for case in CASES])
def test_a_malformed_input_is_told_as_it_is_documented(crowd, tmp_path, case):
    state, told = tell(crowd, tmp_path / "copy", case)
    assert (state, told) == (case["state"], case["told"])
    assert not PERSON_NUMBER.search(told)


def test_the_cases_are_many_and_few_of_them_pass():
    states = Counter(case["state"] for case in CASES)
    assert len(CASES) >= 150
    assert states["passes"] <= 2  # a death to the last week, and codes with an empty fraction, are right
