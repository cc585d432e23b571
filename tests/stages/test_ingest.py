"""A delivery as it should be is read; a broken one gets one message that says where, what and what to do."""

import re

import pandas as pd
import pytest

from pipeline.errors import InputError
from pipeline.pseudonyms.linkage import renamed
from pipeline.register.calendar import week_of_iso
from pipeline.runner.inputs import load_input
from tests.commands import PERSON_NUMBER
from tests.delivery import (
    NUMBERS,
    append_cell,
    break_encoding,
    change_cell,
    copy_line,
    drop_column,
    ingested,
    read_lines,
    replace,
    write_delivery,
    write_lines,
)
from tests.linked import persons_of
from tests.small_study import write_settings

# file, how it is broken, its arguments, what the message says
RECEIVED = [
    (
        "register",
        change_cell,
        (3, "CPR", ""),
        r"register\.csv, line 3, column CPR: the person key is missing \(1 lines",
    ),
    ("register", copy_line, (5, 3), r"column CPR: .* more than once \(2 lines, the first 3, 5\)"),
    ("register", change_cell, (3, "Y_1502", "472"), r"line 3, column Y_1502: unknown benefit code; .*'xxx' \(1 cells"),
    ("register", change_cell, (3, "Y_1502", "x"), r"column Y_1502: unknown benefit code; .*'A' \(1 cells\)"),
    ("register", drop_column, ("Y_1503",), r"a gap in the weeks: 1 missing between Y_1449 and Y_1512: Y_1503"),
    ("register", append_cell, (4,), r"register\.csv, line 4: 26 cells, the header has 25 \(1 such lines\)"),
    ("register", break_encoding, (6,), r"register\.csv, line 6: not UTF-8"),
    ("register", replace, ("Y_1512", "Y_201512"), r"column Y_201512 names no week"),
    ("allocation", copy_line, (2, 3), r"column ID: .* more than once"),
    ("allocation", change_cell, (4, "CPR", ""), r"line 4, column CPR: the person key is missing"),
    ("allocation", change_cell, (4, "ARM", "both"), r"line 4, column ARM: the value 'AAAA' is none of new, usual"),
    ("allocation", change_cell, (4, "DRAWN", "06-01-2015"), r"line 4, column DRAWN: .* is no date of the form"),
    ("allocation", change_cell, (4, "DRAWN", "2051-01-06"), r"line 4, column DRAWN: .* later than the extract was re"),
    (
        "allocation",
        drop_column,
        ("CLASS",),
        r"line 1: columns missing: CLASS .*the file calls them under columns in ext",
    ),
    (
        "baseline_survey",
        change_cell,
        (4, "HOPE_3", "5"),
        r"line 4, column HOPE_3: the value 'x' is off the scale 0 to 4",
    ),
    ("baseline_survey", change_cell, (4, "PAIN", "2,5"), r"column PAIN: the value 'x,x' is no whole number, as"),
    ("baseline_survey", change_cell, (4, "PAIN", "７"), r"column PAIN: the value 'x' is no whole number"),
    ("baseline_survey", change_cell, (4, "ID", "900"), r"line 4, column ID: .* is of nobody in the allocation"),
    ("followup_survey", change_cell, (3, "PAIN", "11"), r"followup_survey\.csv, line 3, column PAIN: the value 'xx'"),
    # wages: an industry code, and a degree of employment
    ("register", change_cell, (3, "BRANCHE_2015_03", "ja"), r"column BRANCHE_2015_03: the value 'AA' is no industry"),
    ("register", change_cell, (3, "BRANCHE_2015_03", "12"), r"the value 'xx' is no industry code \(1 cells\)"),
    ("register", change_cell, (3, "GRAD_2015_03", "1,5"), r"column GRAD_2015_03: the value 'x,x' is no degree"),
    ("register", change_cell, (3, "GRAD_2015_03", "0.5"), r"the value 'x\.x' is no degree .* decimal mark ','"),
    # the months, as the weeks
    ("register", drop_column, ("BRANCHE_2015_02",), r"a gap in the months: none between BRANCHE_2015_01 and BRANCHE_2"),
    ("register", drop_column, ("GRAD_2015_02",), r"a gap in the months: none between GRAD_2015_01 and GRAD_2015_03"),
    (
        "register",
        drop_column,
        ("BRANCHE_2014_12",),
        r"4 weeks, the first of them Y_1449, have no wage column of their m",
    ),
    ("register", replace, ("BRANCHE_2015_02", "BRANCHE_2015_13"), r"column BRANCHE_2015_13 names no month"),
    ("register", replace, ("BRANCHE_2015_02", "BR_2015_01"), r"BRANCHE_2015_01 and BR_2015_01 are the same month"),
    # names, and persons' numbers where none should be
    ("allocation", change_cell, (4, "DISTRICT", ""), r"line 4, column DISTRICT: the value '' is no name \(1 cells\)"),
    (
        "allocation",
        change_cell,
        (4, "DISTRICT", "0113501234"),
        r"column DISTRICT: the value 'xxxxxxxxxx' is no na",
    ),
    (
        "allocation",
        change_cell,
        (4, "CLASS", "01-1350-1234 Ib"),
        r"column CLASS: the value 'xx-xxxx-xxxx AA' is no name",
    ),
    ("allocation", change_cell, (4, "ARM", "0113-50-1234"), r"column ARM: the value 'xxxx-xx-xxxx' is none of"),
    ("allocation", change_cell, (4, "DISTRICT", "Utopia"), r"line \d, .*B 1 lies in more than one DISTRICT: .*Utopia"),
    ("allocation", change_cell, (4, "DISTRICT", "NORTH"), r"line 4, column DISTRICT: 'NORTH' .1 lines. beside 'North'"),
    (
        "allocation",
        change_cell,
        (4, "CLASS", "B-1"),
        r"line 5, column CLASS: .*put 'B 1' = 'B-1' under .spellings.CLASS",
    ),
    # the same person in two ways
    ("baseline_survey", change_cell, (3, "ID", "0001"), r"baseline_survey\.csv, column ID: .* more than once"),
    ("allocation", change_cell, (3, "ID", "001"), r"allocation\.csv, column ID: .*\(2 lines, the first 2, 3"),
    ("allocation", change_cell, (3, "ID", "2x"), r"line 3, column ID: the value 'xA' is no whole number, as the other"),
    (
        "register",
        replace,
        (r"(?m)^(\d{6})(\d{4});", r"\1-\2;"),
        r"line 2, column CPR: 5 .* as x{6}-x{4}, most .* x{10}",
    ),
    (
        "allocation",
        replace,
        (r"(?m)^(3;\d{6})(\d{4});", r"\1-\2;"),
        r"line 4, column CPR: 1 of 6 persons' numbers are written",
    ),
    (
        "allocation",
        replace,
        (r"(?m)^3;0", "3;O"),
        r"line 4, column CPR: 1 of 6 persons' numbers are written as Axxxxxxxxx",
    ),
    (
        "allocation",
        replace,
        (r"(?m)^3;0", "3;٠"),
        r"line 4, column CPR: 1 of 6 persons' numbers are written as Axxxxxxxxx",
    ),
    # lines that are no person's, and no codes
    (
        "register",
        replace,
        ("(?s)^(CPR.*?\n)(.*?\n)", r"\1\2\1"),
        r"line 3, column CPR: the line repeats the names of the columns \(1 such lines\)",
    ),
    ("register", change_cell, (4, "CPR", "Total"), r"line 4, column CPR: no digit of a key, as in a line of totals"),
    ("allocation", change_cell, (4, "ID", "I alt"), r"line 4, column ID: no digit of a key, as in a line of totals"),
    ("followup_survey", change_cell, (3, "ID", "id"), r"line 3, column ID: the line repeats the names of the columns"),
    ("register", change_cell, (3, "Y_1502", "syg"), r"'AAA' \(1 cells\)\. If .* A code has three digits: ask for the"),
    ("register", change_cell, (3, "BRANCHE_2015_03", "000000"), r"the value 'xxxxxx' is no industry code \(1 cells\)"),
    ("register", replace, ("Y_1502", "Y_1515955592"), r"column Y_\(digits hidden\) names no week as Y_yyww does"),
    (
        "register",
        replace,
        ("Y_1502;Y_1503", "0113501234;0113501234"),
        r"columns that occur twice: '\(digits hidden\)'\.",
    ),
    (
        "baseline_survey",
        change_cell,
        (3, "ANSWERED", "2015-01-02T12:30"),
        r"line 3, column ANSWERED: the value 'xxxx-xx-xxAxx:xx' has a time of day or a zone, .* plain dates yyyy-mm-dd",
    ),
    ("register", replace, (r"(?m)^(\d{8})\d\d;", r"\g<1>00;"), r"column CPR: 5 of 5 persons' numbers end in 00"),
    ("register", replace, (r"(?m)^(\d{6})\d(\d{3});", r"\g<1>9\2;"), r"of the 6 persons .* nobody is in it"),
    # the date of an answer
    (
        "followup_survey",
        change_cell,
        (3, "ANSWERED", "9/4/2015"),
        r"line 3, column ANSWERED: .* is no date of the form",
    ),
    ("followup_survey", change_cell, (3, "ANSWERED", "2013-01-01"), r"'xxxx-xx-xx' is before the person's draw"),
    ("baseline_survey", change_cell, (3, "ANSWERED", "2015-12-01"), r"'xxxx-xx-xx' is after the person's draw"),
    ("baseline_survey", change_cell, (3, "ANSWERED", "2099-01-01"), r"is later than the extract was received"),
    ("baseline_survey", drop_column, ("ANSWERED",), r"baseline_survey\.csv, line 1: columns missing: ANSWERED"),
]


@pytest.fixture
def folder(tmp_path):
    return write_delivery(tmp_path)


@pytest.mark.parametrize(
    ("name", "breaks", "arguments", "message"),
    RECEIVED,
    ids=[f"{name}-{breaks.__name__}-{'-'.join(map(str, arguments))}" for name, breaks, arguments, _ in RECEIVED],
)
def test_a_broken_file_is_refused(folder, name, breaks, arguments, message):
    breaks(folder / f"{name}.csv", *arguments)
    with pytest.raises(InputError) as error:
        ingested(folder)
    assert re.search(message, str(error.value)), error.value
    assert "\n" not in str(error.value)
    assert not PERSON_NUMBER.search(str(error.value))


# what extract.toml says, from, to, what the message says
DECLARED = [
    ("dream_wide", "spss_long", r"extract\.toml, line \d: Invalid enum value 'spss_"),
    ('"201503"', '"DREAM1802"', r"extract\.toml, line \d: .* - at `\$\.register_version`"),
    (
        '"201503"',
        '"201602"',
        r"column Y_1505: unknown benefit code; .* not valid in version 201602: 'xxx' \(20 cells\)",
    ),
    ('decimal = ","', 'decimal = "comma"', r"extract\.toml, line 30: Invalid enum value 'comma'"),
    ("synthetic = true", "synthetic = false", r"synthetic = false, but 6 of 6 persons' numbers .* month field from 13"),
    ('name = "raw"', 'name = "spring"', r'name = "spring" is not the name of its folder: .* EXTRACT=raw'),
    (
        "[excluded]",
        '[spellings.HOUSE]\n"a" = "A"\n[excluded]',
        r"\[spellings\]: HOUSE is no column of names.*: DISTRICT, CLA",
    ),
    ("[files.allocation]", "[files.lots]", r"\[files\.lots\] is of no role\. The roles are register, allocation"),
]


@pytest.mark.parametrize(("before", "after", "message"), DECLARED, ids=[case[1] for case in DECLARED])
def test_what_extract_toml_says_must_be_so(folder, before, after, message):
    ingested(folder)
    path = folder / "extract.toml"
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        ingested(folder)


@pytest.mark.parametrize(
    ("month", "is_synthetic"), [("01", False), ("77", False), ("13", True)], ids=["real", "stand-ins", "invented"]
)
def test_numbers_that_no_real_person_has_make_an_extract_synthetic(folder, month, is_synthetic):
    for name in ("allocation", "register"):
        replace(folder / f"{name}.csv", r"(?m)^((?:\d;)?0\d)13", rf"\g<1>{month}")
    ingested(folder)
    assert load_input(folder / "extract.toml").synthetic == is_synthetic
    if month == "77":
        replace(folder / "extract.toml", "synthetic = false", "synthetic = true")
        with pytest.raises(InputError, match=r"numbers in the allocation file do not show it.* Say synthetic = false"):
            ingested(folder)


def test_a_real_number_among_invented_ones_is_refused_whatever_is_declared(folder):
    replace(folder / "allocation.csv", r"(?m)^3;0313", "3;0301")
    with pytest.raises(InputError, match=r"synthetic = false, but 5 of 6 persons' numbers"):
        ingested(folder)
    replace(folder / "extract.toml", "synthetic = false", "synthetic = true")
    with pytest.raises(InputError, match=r"synthetic = true, but 1 of 6 persons' numbers"):
        ingested(folder)


def test_every_person_has_the_lines_of_their_files_and_weeks_their_cells(folder):
    tables = ingested(folder)
    trial = tables["trial.parquet"].fillna(0)
    assert trial["register_line"].tolist() == [2, 3, 4, 5, 6, 0]
    assert trial["baseline_line"].tolist() == [2, 3, 4, 0, 5, 0]
    assert trial["followup_line"].tolist() == [2, 0, 0, 3, 0, 0]
    persons = persons_of(tables["linkage.csv"])
    weeks = tables["register_weeks.parquet"].query(f"person == {persons['1']}")
    assert weeks["code"].tolist() == ["890"] * 8 + ["651"] * 4 + [""] * 4
    assert weeks["wage"].tolist() == [True] * 4 + [False] * 5 + [True] * 7
    items = tables["baseline_items.parquet"].set_index("person")
    assert items.loc[persons["3"], "HOPE_3"] == 4
    assert items.loc[[persons[number] for number in "1235"], "PAIN"].isna().tolist() == [False, False, True, False]


@pytest.mark.parametrize("blank", ["", ".", "0", "NaN"])
def test_a_blank_month_is_no_wage_however_it_is_written(folder, blank):
    for column in ("BRANCHE_2015_03", "GRAD_2015_03"):
        change_cell(folder / "register.csv", 3, column, blank)
    tables = ingested(folder)
    persons, weeks = persons_of(tables["linkage.csv"]), tables["register_weeks.parquet"]
    weeks = weeks.set_index(["person", "week"])["wage"]
    march = [week_of_iso(2015, number) for number in range(10, 13)]  # their Thursdays lie in March
    assert [weeks[persons["2"], week] for week in march] == [False] * 3
    assert [weeks[persons["1"], week] for week in march] == [True] * 3


def test_a_row_without_an_answer_is_no_answer(folder, capsys):
    for name, row in (("baseline", ["4", "2015-01-02", "", "", "", ""]), ("followup", ["2", "", ""])):
        path = folder / f"{name}_survey.csv"
        write_lines(path, [*read_lines(path), row])
    tables = ingested(folder)
    assert tables["trial.parquet"]["baseline_line"].isna().tolist() == [False, False, False, True, False, True]
    persons = persons_of(tables["linkage.csv"])
    assert set(tables["followup_items.parquet"]["person"]) == {persons["1"], persons["4"]}
    assert capsys.readouterr().out.count("1 rows hold no answer") == 2


def test_an_extract_without_surveys_is_read_if_the_study_leaves_nobody_out_for_it(folder):
    for name in ("baseline", "followup"):
        (folder / f"{name}_survey.csv").unlink()
    with pytest.raises(InputError, match=r"no person is left to analyse \(6 unasked\)"):
        ingested(folder)
    replace(folder.parent / "config" / "study.toml", '{"reason" = "unasked", "absent" = "baseline_survey"}, ', "")
    tables = ingested(folder)
    assert tables["trial.parquet"][["baseline_line", "followup_line"]].isna().all(axis=None)
    assert [len(tables[f"{name}_items.parquet"]) for name in ("baseline", "followup")] == [0, 0]


def test_keys_that_are_no_numbers_link_the_files_as_numbers_do(folder):
    plain = ingested(folder)
    (folder / "extract.toml").unlink()
    for name in ("allocation", "baseline_survey", "followup_survey"):
        replace(folder / f"{name}.csv", r"(?m)^(\d);", r"P-\1;")
    tables = ingested(folder)
    assert tables.pop("checks.csv") == plain.pop("checks.csv")
    before, after = persons_of(plain.pop("linkage.csv")), persons_of(tables.pop("linkage.csv"))
    others = {after[f"P-{number}"]: person for number, person in before.items()}
    for name, table in renamed({name: tables[name] for name in plain}, others).items():
        if name.endswith("_items.parquet"):  # in the order of their pseudonyms
            table = table.sort_values("person", ignore_index=True)
        pd.testing.assert_frame_equal(table, plain[name])


def test_the_key_of_the_register_may_be_the_trial_number_with_zeros_in_front(folder):
    replace(folder.parent / "config" / "study.toml", '"register_key" = "CPR"', '"register_key" = "ID"')
    for number, key in zip(NUMBERS, range(1, 7), strict=True):
        replace(folder / "register.csv", f"(?m)^{number}", f"{key:03d}")
    replace(folder / "register.csv", "^CPR", "ID")
    assert ingested(folder)["trial.parquet"]["register_line"].notna().tolist() == [True] * 5 + [False]


def test_names_are_stored_in_their_one_form_and_declared_spellings_are_that_name(folder):
    change_cell(folder / "allocation.csv", 2, "CLASS", '" a "')
    change_cell(folder / "allocation.csv", 4, "CLASS", "B\u00a0 1")
    with pytest.raises(InputError, match=r"line 2, column CLASS: .*put 'a' = 'A' under \[spellings.CLASS\]"):
        ingested(folder)
    path = folder / "extract.toml"
    path.write_text(path.read_text(encoding="utf-8") + '\n[spellings.CLASS]\na = "A"\n', encoding="utf-8")
    assert ingested(folder)["trial.parquet"]["class_name"].tolist() == ["A", "A", "B 1", "B 1", "C", "C"]


UNDATED = {"register_key": "CPR", "date": None, "answered": None}


def test_a_design_without_dates_takes_a_register_of_weeks_counted_from_allocation_and_no_calendar(folder):
    write_settings(folder.parent / "config", design=UNDATED)
    with pytest.raises(InputError, match=r'format = "dream_wide" needs .* the date of allocation'):
        ingested(folder)
    (folder / "extract.toml").unlink()
    rows = [["CPR", "WEEK", "STATE"], *([number, str(week), "890"] for number in NUMBERS[:5] for week in (-1, 0, 3))]
    write_lines(folder / "register.csv", rows)
    tables = ingested(folder)
    assert tables["register_columns.parquet"]["week"].tolist() == [-1, 0, 1, 2, 3]
    assert tables["trial.parquet"]["register_line"].fillna(0).tolist() == [2, 5, 8, 11, 14, 0]
    assert "allocation_date" not in tables["trial.parquet"]
    assert tables["register_weeks.parquet"]["code"].isna().sum() == 2 * 5
