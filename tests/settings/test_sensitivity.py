"""What a variable describes decides where its values may stand; what is declared nowhere is a person's."""

from pathlib import Path

import pandas as pd
import pytest

from pipeline.checks.sensitivity import check_sensitivity
from pipeline.errors import InputError
from pipeline.register.shown import show_value
from pipeline.runner.stage import _require_nobody
from pipeline.settings.sensitivity import may_enter, sensitivity_of

ROWS = [{"name": "age", "sensitivity": "person"}, {"name": "team", "sensitivity": "group"}]


@pytest.mark.parametrize("place", ["trace", "report", "error"])
@pytest.mark.parametrize(("name", "open_to_all"), [("age", False), ("team", True), ("declared_nowhere", False)])
def test_a_person_is_in_a_trace_alone(place, name, open_to_all):
    assert may_enter(place, sensitivity_of(name, ROWS)) == (open_to_all or place == "trace")
    assert may_enter(place, "nonsense") == (place == "trace")


@pytest.mark.parametrize(
    ("value", "shown"),
    [("41", "'xx'"), ("2015-01-02", "'xxxx-xx-xx'"), ("Anna", "'AAAA'"), ("", "''"), ("Ib Ibsen", "(2 words hidden)")],
)
def test_an_error_shows_how_a_value_of_a_person_is_written_and_not_what_it_is(value, shown):
    assert show_value(value) == shown
    assert show_value("North", "group") == "'North'"
    assert show_value("0113501234", "group") == "(digits hidden)"


@pytest.mark.parametrize(
    ("sensitivity", "message"), [("persons", "the sensitivity of team is none of group, none, person")]
)
def test_a_sensitivity_that_is_none_is_an_error(sensitivity, message):
    rows = pd.DataFrame([{"name": "team", "sensitivity": sensitivity}])
    with pytest.raises(InputError, match=message):
        check_sensitivity({"variables": rows}, [])


def test_a_table_with_a_row_a_person_never_lies_under_reports():
    _require_nobody(Path("reports/x/tables/a.csv"), "row,treated\n")
    _require_nobody(Path("data_derived/x/a.csv"), "person,age\n")
    with pytest.raises(InputError, match="a row a person never lies under reports/"):
        _require_nobody(Path("reports/x/a.csv"), b"person,age\n")
