"""Stored tables of the fit that were damaged: one message with the place, and no value of a person."""

import shutil

import pytest

from pipeline.errors import InputError
from pipeline.twin import frame
from pipeline.twin.scores import BASELINE, FOLLOWUP, read_scores

PERSONS = 657
DAMAGES = [
    ("nothing in it", lambda text: "", "line 1: not a table of the columns person"),
    ("no text", lambda text: text + "\udcff", "not a text in UTF-8"),
    ("a word for a number", lambda text: text.replace("\n1,", "\none,", 1), r"line 2, column person: not a value"),
    ("a person of nobody", lambda text: text.replace("\n1,", "\n658,", 1), r"line 2, column person: not a value"),
]


@pytest.mark.parametrize("path", [BASELINE, FOLLOWUP], ids=lambda path: path.stem)
@pytest.mark.parametrize(("damage", "message"), [pytest.param(*one[1:], id=one[0]) for one in DAMAGES])
def test_damaged_scores_are_refused(tmp_path, path, damage, message):
    target = tmp_path / path.name
    text = path.read_text(encoding="utf-8")
    target.write_bytes(damage(text).encode("utf-8", "surrogateescape"))
    if damage(text) == text:
        pytest.fail("the damage does nothing")
    with pytest.raises(InputError, match=message):
        read_scores(target, PERSONS)


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [(",2014-10-31", ",2014-13-31", "allocation_date"), ("1,Rebild 1,1", "1,Rebild 9,1", "team_name"),
     ("1,Rebild 1,1", "1,Rebild 1,2", "treated"), ("1,Rebild 1,1", "99999999999999999999,Rebild 1,1", "person")],
)  # fmt: skip
def test_damaged_dates_are_refused(tmp_path, monkeypatch, old, new, column):
    target = tmp_path / "dates.csv"
    shutil.copy(frame.DATES, target)
    monkeypatch.setattr(frame, "DATES", target)
    frame.build_frame()
    target.write_text(target.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match=rf"dates\.csv, line 2, column {column}: not a value of that column"):
        frame.build_frame()
