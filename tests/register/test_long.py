"""The three forms of a register say the same of the same courses, and what a form cannot say is refused."""

import datetime
from itertools import groupby

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.register.calendar import iso_of_week, month_of_week, week_of_iso
from pipeline.register.long import find_form, read_long
from pipeline.register.weeks import RegisterWeeks
from pipeline.register.wide import read_wide
from pipeline.stages import outcomes
from tests.small_study import CODES, definitions, extract, received, study

FIRST = week_of_iso(2014, 50)
WEEKS = range(FIRST, FIRST + 16)  # over the turn of a year
KEYS = pd.Series(["a1", "b2", "c3"], name="ID")
PERSONS = pd.Series([1, 2, 3])
MONTHS = sorted({month_of_week(week) for week in WEEKS})
NOT_WIDE = {"format": "weekly_states"}, {"format": "spells"}

# For each of two persons a code a week, and the months with a wage; the third is not in the register.
courses = st.lists(
    st.tuples(
        st.lists(st.sampled_from(["", "890", "651"]), min_size=len(WEEKS), max_size=len(WEEKS)),
        st.sets(st.sampled_from(MONTHS)),
    ),
    min_size=2,
    max_size=2,
)


def iso(week: int) -> str:
    return "{}-W{:02d}".format(*iso_of_week(week))


def as_wide(courses: list) -> RegisterWeeks:
    columns = {"ID": list(KEYS[:2])}
    for place, week in enumerate(WEEKS):
        year, number = iso_of_week(week)
        columns[f"Y_{year % 100:02d}{number:02d}"] = [codes[place] for codes, _ in courses]
    for month in MONTHS:
        columns["BRANCHE_{}_{:02d}".format(*month)] = ["841100" if month in wages else "" for _, wages in courses]
    return read_wide(received(columns), KEYS, PERSONS, CODES, extract(format="dream_wide"))


def as_rows(courses: list) -> list[tuple[str, int, str, str]]:
    """Person, week, state and wage, a row a week."""
    return [
        (key, week, code, str(int(month_of_week(week) in wages)))
        for key, (codes, wages) in zip(KEYS, courses, strict=False)
        for week, code in zip(WEEKS, codes, strict=True)
    ]


def as_weekly(courses: list) -> RegisterWeeks:
    rows = as_rows(courses)[::-1]  # in any order
    columns = {"ID": [row[0] for row in rows], "week": [iso(row[1]) for row in rows]}
    return read(columns | {"state": [row[2] for row in rows], "WAGE": [row[3] for row in rows]}, "weekly_states")


def as_spells(courses: list) -> RegisterWeeks:
    spells = [
        (key, state, wage, [row[1] for row in rows])
        for (key, state, wage), rows in groupby(as_rows(courses), lambda row: (row[0], row[2], row[3]))
    ]
    columns = {
        "ID": [key for key, *_ in spells],
        "FIRST_WEEK": [iso(weeks[0]) for *_, weeks in spells],
        # The spell that the first person is in at the end is open; the second tells which week is the last.
        "LAST_WEEK": [
            "" if key == KEYS[0] and weeks[-1] == WEEKS[-1] else iso(weeks[-1]) for key, _, _, weeks in spells
        ],
        "STATE": [state for _, state, _, _ in spells],
        "WAGE": [wage for _, _, wage, _ in spells],
    }
    return read(columns, "spells")


def read(columns: dict, form: str, *, is_dated: bool = True, codes=CODES, **facts) -> RegisterWeeks:
    given = extract(format=form, **facts)
    return read_long(received(columns, "r.csv"), KEYS, PERSONS, codes, given, is_dated=is_dated)


@settings(max_examples=25, deadline=None)
@given(courses)
def test_the_same_courses_in_the_three_forms_give_the_same_outcomes(courses):
    sample = pd.DataFrame({"person": [1, 2, 3], "allocation_week": FIRST + 6})
    tables = []
    for register in (as_wide(courses), as_weekly(courses), as_spells(courses)):
        assert register.lines.isna().tolist() == [False, False, True]
        assert register.columns["week"].tolist() == list(WEEKS)
        weeks = register.weeks.astype({"code": object})
        tables.append((weeks, outcomes.run(sample, register.weeks, definitions(), study(), benefit_codes=CODES)))
    (weeks, wide), *others = tables
    assert weeks["wage"].notna().all()
    for other_weeks, other in others:
        pd.testing.assert_frame_equal(other_weeks.drop(columns="line"), weeks.drop(columns="line"))
        for name in ("shares.parquet", "durations.parquet", "background.parquet"):
            pd.testing.assert_frame_equal(other[name], wide[name])
        left, right = (table["weekly.parquet"].drop(columns=["line", "code"]) for table in (other, wide))
        pd.testing.assert_frame_equal(left, right)


def weeks_of(register: RegisterWeeks, person: int) -> list[str]:
    own = register.weeks[register.weeks["person"] == person]
    return own["code"].astype(object).where(own["code"].notna(), "?").tolist()


COUNTED = {"ID": ["a1", "a1", "b2"], "FIRST_WEEK": ["-1", "2", "0"], "LAST_WEEK": ["0", "", "4"]}
COUNTED |= {"STATE": ["sick", "", "work"]}


@pytest.mark.parametrize(("uncovered", "mark"), [("unknown", "?"), ("none", "")])
def test_weeks_counted_from_allocation_and_states_that_are_names(uncovered, mark):
    register = read(COUNTED, "spells", is_dated=False, codes=None, uncovered=uncovered)
    assert register.columns["week"].tolist() == [-1, 0, 1, 2, 3, 4]
    assert weeks_of(register, 1) == [
        "sick",
        "sick",
        mark,
        "",
        "",
        "",
    ]  # the open spell runs to the last week of any row
    assert weeks_of(register, 2) == [mark, "work", "work", "work", "work", "work"]
    lines = register.weeks.loc[register.weeks["person"] == 1, "line"]
    assert lines.isna().tolist() == [False, False, True, False, False, False]
    assert lines.dropna().tolist() == [2, 2, 3, 3, 3]
    assert register.weeks["wage"].isna().all()
    assert register.columns["week_column"].unique().tolist() == ["STATE"]
    assert register.columns["month_column"].isna().all()


def test_a_week_without_a_row_has_no_wage_where_it_is_said_to_be_none_and_the_file_tells_wages():
    columns = {"ID": ["a1", "a1"], "WEEK": ["1", "4"], "STATE": ["", ""], "WAGE": ["1", ""]}
    wages = {said: read(columns, "weekly_states", is_dated=False, codes=None, uncovered=said).weeks["wage"].tolist()
             for said in ("none", "unknown")}  # fmt: skip
    assert wages == {"none": [True, False, False, pd.NA], "unknown": [True, pd.NA, pd.NA, pd.NA]}


@pytest.mark.parametrize("week", ["2015-W07", "2015W07", "201507", "2015-w07", "2015-02-09", "2015-02-15"])
def test_every_way_to_write_a_week(week):
    columns = {"ID": ["a1"], "WEEK": [week], "STATE": ["890"]}
    assert read(columns, "weekly_states").columns["week"].tolist() == [week_of_iso(2015, 7)]


def test_spells_that_overlap_and_agree_are_one_and_the_first_line_stands_for_them():
    columns = {"ID": ["a1"] * 2, "FIRST_WEEK": ["1", "2"], "LAST_WEEK": ["3", "4"], "STATE": ["sick"] * 2}
    weeks = read(columns, "spells", is_dated=False, codes=None).weeks
    assert weeks["line"].tolist() == [2, 2, 2, 3]


WEEKLY = {"ID": ["a1", "a1", "b2"], "WEEK": ["2015-W07", "2015-W08", "2015-W07"], "STATE": ["890", "", "651"]}
SPELLS = {"ID": ["a1", "a1"], "FIRST_WEEK": ["2015-W07", "2015-W12"], "LAST_WEEK": ["2015-W10", "2015-W14"]}
SPELLS |= {"STATE": ["890", "651"]}

BROKEN = [
    (WEEKLY, "WEEK", 1, "2015-07", r"line 3, column WEEK: the value .* is no week of the form 2015-W07"),
    (WEEKLY, "WEEK", 1, "2014-W53", r"line 3, column WEEK: the value .* is no week .* \(1 cells\)"),
    (WEEKLY, "WEEK", 1, "0215-W07", r"line 3, column WEEK: the value .* is no week"),
    (WEEKLY, "WEEK", 1, "", r"line 3, column WEEK: the value '' is no week"),
    (WEEKLY, "WEEK", 1, "202002", r"line 3, column WEEK: the value 'xxxxxx' is later than the extract was received"),
    (WEEKLY, "WEEK", 1, "2015-W07", r"line 3, column WEEK: .* stands a second time for the person \(1 cells\)"),
    (WEEKLY, "STATE", 1, "891", r"line 3, column STATE: unknown benefit code; .*'xxx' \(1 cells\)"),
    (SPELLS, "FIRST_WEEK", 1, "", r"line 3, column FIRST_WEEK: the value '' is no week"),
    (SPELLS, "LAST_WEEK", 1, "2015-W11", r"line 3, column LAST_WEEK: .* is before the first week of the spell"),
    (SPELLS, "LAST_WEEK", 1, "9999-12-31", r"line 3, column LAST_WEEK: .* later .* had not ended has no last week"),
    (SPELLS, "FIRST_WEEK", 1, "2015-W09", r"line 3, column STATE: .* overlaps another of the person .* \(1 cells\)"),
]


@pytest.mark.parametrize(("columns", "column", "row", "value", "message"), BROKEN, ids=[case[-1] for case in BROKEN])
def test_what_no_register_can_say_is_refused(columns, column, row, value, message):
    cells = [value if place == row else cell for place, cell in enumerate(columns[column])]
    form = find_form(columns)
    read(columns, form)
    with pytest.raises(InputError, match=f"^r.csv, {message}"):
        read(columns | {column: cells}, form)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (WEEKLY | {"WAGE": ["1", "", "2"]}, "line 4, column WAGE: the value 'x' is none of 0, 1 or blank"),
        (WEEKLY | {"state": ["", "", ""]}, "line 1: 2 columns are called STATE"),
        ({name: [] for name in WEEKLY}, "no row"),
    ],
)
def test_a_file_that_cannot_be_laid_out_is_refused(columns, message):
    with pytest.raises(InputError, match=message):
        read(columns, "weekly_states")


def test_names_of_states_are_one_thing_too():
    columns = WEEKLY | {"STATE": ["sick", "Sick", "sick"]}
    with pytest.raises(InputError, match=r"line 3, column STATE: 'Sick' \(1 lines\) beside 'sick' \(2 lines\)"):
        read(columns, "weekly_states", codes=None)
    mended = read(columns, "weekly_states", codes=None, spellings={"STATE": {"Sick": "sick"}})
    assert set(mended.weeks["code"].dropna()) == {"sick"}


def test_columns_under_other_names_are_found_again_by_the_names_in_the_file():
    frame = received(WEEKLY)
    frame.attrs["names"] = {"STATE": "tilstand"}
    columns = read_long(frame, KEYS, PERSONS, CODES, extract(format="weekly_states"), is_dated=True).columns
    assert columns["week_column"].unique().tolist() == ["tilstand"]


def test_the_received_date_is_the_last_a_week_can_have():
    columns = WEEKLY | {"WEEK": ["2015-W07", "2015-W08", "2015-W09"]}
    with pytest.raises(InputError, match="line 4, column WEEK"):
        read(columns, "weekly_states", received=datetime.date(2015, 2, 22))
    assert np.isin([1, 2], read(columns, "weekly_states").weeks["person"]).all()
