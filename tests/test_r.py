"""What becomes of a test in R where there is no R."""

import pandas as pd
import pytest

from tests.r import NEEDED, r_script, require_r


@pytest.mark.parametrize(("demanded", "outcome"), [("", pytest.skip.Exception), ("1", pytest.fail.Exception)])
def test_a_missing_r_is_a_named_skip_and_a_failure_where_it_is_demanded(demanded, outcome, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("NOTHING_SKIPPED", demanded)
    with pytest.raises(outcome, match=NEEDED):
        require_r()


def test_a_script_reads_its_tables_and_says_what_it_finds():
    require_r()
    told = r_script('cat(sum(read.csv("weeks.csv")$known))', weeks=pd.DataFrame({"known": [3, 4]}))
    assert (told.stdout, told.stderr) == ("7", "")
