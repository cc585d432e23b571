"""The last extract is set beside this one only if it was built, and it is said whether its persons are the same."""

from __future__ import annotations

import datetime

import pandas as pd
import pytest

from pipeline.audit.check_extract import describe_beside, read_last
from pipeline.checks.finding import Last
from pipeline.errors import InputError
from pipeline.settings.extract import Extract

EXTRACT = Extract("new", "", True, "dream_wide", datetime.date(2026, 1, 1), {}, public_key="ab" * 32)
TRIAL = pd.DataFrame({"person": [1, 2, 3, 4], "treated": [1, 0, 1, 0], "allocation_date": list("aabb")})


@pytest.mark.parametrize("built", [(), ("register_weeks.parquet",)])
def test_an_extract_that_was_not_built_whole_is_said_to_be_none(tmp_path, built):
    for name in built:
        TRIAL.to_parquet(tmp_path / name)
    with pytest.raises(InputError, match=r"not built, so nothing can be set beside it\. Say make all"):
        read_last(tmp_path, EXTRACT)


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (TRIAL, "4 of its 4 persons are here by their numbers, 4 of them with the same arm and draw"),
        (TRIAL[1:], "3 of its 4 persons are here by their numbers, 3 of them with the same arm and draw"),
        (
            TRIAL.assign(treated=[1, 1, 0, 1]),
            "4 of its 4 persons are here by their numbers, 1 of them with the same arm and draw. "
            "The persons are others: name the last extract of this trial",
        ),
    ],
)
def test_it_is_said_whether_the_persons_of_the_last_extract_are_those_of_this(now, told):
    assert describe_beside(Last("spring", TRIAL, pd.DataFrame()), now) == f"beside spring: {told}"
