"""A delivery is registered by what is in its files; what is left is said, and what was declared is kept."""

import datetime
import json
import shutil
from pathlib import Path

import msgspec
import pandas as pd
import pytest

from pipeline.errors import InputError
from pipeline.register import receive as receive_module
from pipeline.register.delivery import FOUND
from pipeline.register.readers import read_file, read_received
from pipeline.register.receive import register_extract, say_built, take_over
from pipeline.register.recognise import Signs, find_role
from pipeline.runner.inputs import load_input
from pipeline.settings.extract import Extract, RawFile
from pipeline.settings.reading import read_settings
from pipeline.storage import digest
from tests.small_study import study, write_settings

TAKEN = ("first.csv", "lots.csv", "second.csv", "weeks.csv")
TODAY = datetime.date(2026, 1, 2)
SIGNS = Signs(study().design, frozenset(["HOPE_1", "HOPE_2", "HOPE_3", "PAIN"]), frozenset(["PAIN"]))
ALLOCATION = "ID;ARM;DRAWN;CONSENT;DISTRICT;CLASS"
FILES = {
    "lots 2026.csv": "other;columns\n1;2\n",
    "lots.csv": f"{ALLOCATION}\n1;new;2015-01-05;1;North;A\n2;usual;2015-01-05;1;North;A\n",
    "first.csv": "ID,HOPE_1,HOPE_2,HOPE_3,PAIN\n1,1,1,1,3\n",
    "second.csv": "ID;PAIN\n2;3\n",
    "weeks.csv": "ID\tWEEK\tSTATE\n1\t2015-W01\t890\n1\t2015-W02\t\n",
    "letter.txt": "Dear all",
    "note.docx": "",
}

# the columns, the name of the file, its role
ROLES = [
    ({"ID", "Y_1501", "BRANCHE_2015_01"}, "x", "register"),
    ({"ID", "week", "state", "wage"}, "x", "register"),
    ({"ID", "First_Week", "Last_Week", "State"}, "x", "register"),
    ({"ID", "ARM"}, "x", "allocation"),
    ({"ID", "HOPE_1", "HOPE_2"}, "x", "baseline_survey"),
    ({"ID", "ARM", "HOPE_1", "HOPE_2", "HOPE_3", "PAIN"}, "x", "baseline_survey"),
    ({"ID", "PAIN"}, "x", "followup_survey"),
    ({"ID", "PAIN"}, "allocation", "followup_survey"),
    ({"exhibit", "panel", "row", "column", "statistic", "role"}, "x", "targets"),
    ({"nr", "arm"}, "allocation", "allocation"),
    ({"nr", "uge"}, "DREAM", "register"),
    ({"ID", "HOPE_1"}, "x", None),
    ({"Y_1501", "BRANCHE_2015_01"}, "x", None),
]


@pytest.mark.parametrize(("columns", "stem", "role"), ROLES, ids=[f"{stem}-{role}" for _, stem, role in ROLES])
def test_a_file_is_what_its_columns_say_and_else_what_it_is_named(columns, stem, role):
    assert find_role(stem, columns, SIGNS) == role


def test_surveys_that_ask_all_twice_are_told_by_their_names():
    signs = Signs(SIGNS.design, SIGNS.asked_again, SIGNS.asked_again)
    assert [find_role(stem, {"ID", "PAIN"}, signs) for stem in ("followup_survey", "x")] == ["followup_survey", None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "spring"
    folder.mkdir()
    write_settings(tmp_path / "config")
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def receive(folder: Path, *, mended: bool = False) -> str:
    return "\n".join(register_extract(folder, folder.parent / "config", TODAY, mended=mended))


def test_files_are_registered_by_their_columns_and_the_others_are_left_with_the_reason(folder):
    said = receive(folder)
    for part in (
        "the register has the form weekly_states",
        "weeks.csv is register: 2 rows, key ID, separator tab, decimal ','",
        "lots.csv is allocation: 2 rows, key ID, separator ';'",
        "first.csv is baseline_survey: 1 rows",
        "second.csv is followup_survey",
        "lots 2026.csv is left: its name has blanks",
        "letter.txt is left: its columns are those of no file of the study",
        "note.docx is left: no file of .csv, .txt",
    ):
        assert part in said
    extract = read_settings(folder / "extract.toml")
    assert (extract.name, extract.format, extract.received) == ("spring", "weekly_states", TODAY)
    assert extract.excluded == {"closed": [], "alone": []}
    assert [file.rows for file in extract.files.values()] == [2, 2, 1, 1]


def test_a_study_needs_no_follow_up_and_says_that_there_is_none(folder):
    (folder / "second.csv").unlink()
    assert "no followup_survey: what it would tell is missing" in receive(folder)
    assert "followup_survey" not in read_settings(folder / "extract.toml").files


def declare(folder: Path) -> None:
    path = folder / "extract.toml"
    text = path.read_text(encoding="utf-8").replace("closed = []", 'closed = ["North"]')
    text = text.replace('label = "Extract spring"', 'label = "The \\"spring\\" of 2015"').replace(
        "# label_da", "label_da"
    )
    text = text.replace('label_da = ""', 'label_da = "Foråret"').replace('"unknown"', '"none"', 1)
    text = text.replace("# published = true", "published = true") + '\n[spellings.CLASS]\n"a" = "A"\n'
    text += '\n[attended]\ncolumn = "CAME"\n'
    path.write_text(
        text.replace("[files.allocation]", '[files.allocation]\ncolumns = { CLASS = "group" }'), encoding="utf-8"
    )


def test_registering_again_keeps_what_was_declared(folder):
    lots = folder / "lots.csv"
    lots.write_text(FILES["lots.csv"].replace("CLASS", "group"), encoding="utf-8")
    receive(folder)
    declare(folder)
    before = read_settings(folder / "extract.toml")
    assert receive(folder).endswith("the 4 files are those that were registered; nothing to do")
    lots.write_text(lots.read_text(encoding="utf-8") + "3;new;2015-01-05;1;North;a\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"lots\.csv is not the file .* restore it, .* EXTRACT=spring AGAIN=yes"):
        receive(folder)
    receive(folder, mended=True)
    after = read_settings(folder / "extract.toml")
    assert after.files["allocation"].rows == 3
    assert after.files["allocation"].columns == {"CLASS": "group"}
    kept = ("label", *(name for name in Extract.__struct_fields__ if name not in FOUND))
    assert {"attended", "excluded", "uncovered"} < set(kept)
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]
    assert before.label_da == "Foråret"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda folder: (folder / "second.csv").unlink(), r"second\.csv is missing \(1 files\)"),
        (lambda folder: (folder / "second.csv").rename(folder / "third.csv"), r"third\.csv is not listed|is missing"),
    ],
)
def test_what_differs_from_the_registered_files_is_said(folder, change, message):
    receive(folder)
    change(folder)
    with pytest.raises(InputError, match=message):
        receive(folder)


def test_a_file_that_comes_later_is_said_to_be_new(folder):
    text = (folder / "second.csv").read_bytes()
    (folder / "second.csv").unlink()
    receive(folder)
    (folder / "second.csv").write_bytes(text)
    with pytest.raises(InputError, match=r"second\.csv is new \(followup_survey\)"):
        receive(folder)
    receive(folder, mended=True)
    assert "followup_survey" in read_settings(folder / "extract.toml").files


def test_a_copied_extract_takes_the_name_of_its_folder_and_keeps_the_date(folder):
    receive(folder)
    declared = (folder / "extract.toml").read_text(encoding="utf-8").replace("2026-01-02", "2025-05-05")
    (folder / "extract.toml").write_text(declared, encoding="utf-8")
    copy = shutil.copytree(folder, folder.parent / "autumn")
    assert "of the name spring" in receive(copy)
    extract = read_settings(copy / "extract.toml")
    assert (extract.name, extract.label, extract.received.year) == ("autumn", "Extract autumn", 2025)


REFUSED = [
    (
        {"weeks.csv": None},
        r"no register file .*note\.docx: no file of \.csv.* The register has the columns ID and weeks",
    ),
    ({"lots.csv": None, "weeks.csv": None}, "no register and no allocation file"),
    ({"more.csv": "ID;FIRST_WEEK;LAST_WEEK;STATE\n"}, r"more\.csv and weeks\.csv are both register"),
    ({"weeks.csv": None, "register.csv": "ID;week\n1;1\n"}, "no form of a register"),
    ({"weeks.csv": None, "w.csv": "ID;Y_1501\n1;\n"}, "no month columns"),
    ({"lots.csv": FILES["lots.csv"] + "1;new;;1;N;A\n"}, "a person key occurs more than once"),
    (
        {"notes.csv": "", "list.xlsx": "x"},
        r"2 faults:\n.*list\.xlsx: no workbook of Excel .* no part of the delivery, move it out of the folder\.\n"
        r".*notes\.csv: the file is empty.* move it out of the folder\.",
    ),
    ({"lots.csv": "1;1;new;2015-01-05;1;1\n"}, r"lots\.csv, line 1: most cells are numbers: it is no line of names"),
    ({"lots.csv": FILES["lots.csv"] + '3;"new\n'}, r"line 4: a cell begins with a quotation mark that does not close"),
]


@pytest.mark.parametrize(("files", "message"), REFUSED, ids=[case[-1] for case in REFUSED])
def test_what_cannot_be_read_is_not_registered(folder, files, message):
    for name, text in files.items():
        if text is None:
            (folder / name).unlink()
        else:
            (folder / name).write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        receive(folder)
    assert not (folder / "extract.toml").exists()


def test_answers_that_are_all_off_their_scale_are_no_codes_for_none_and_a_birth_date_is_not_shown(folder):
    (folder / "second.csv").write_text("ID;PAIN\n2;261490\n1;150377\n", encoding="utf-8")
    said = receive(folder)
    assert "2 of 2 answers off the scale 0 to 10; all lie from 'xxxxxx' to 'xxxxxx'. Another coding?" in said
    assert "no_answer = { PAIN" not in said + (folder / "extract.toml").read_text(encoding="utf-8")
    assert "261490" not in said + (folder / "extract.toml").read_text(encoding="utf-8")


def test_an_extract_that_lies_in_another_folder_is_named_when_a_file_is_read(folder):
    receive(folder)
    copy = shutil.copytree(folder, folder.parent / "autumn")
    with pytest.raises(InputError, match=r'name = "spring" is not the name of its folder.* EXTRACT=autumn'):
        read_received(copy / "lots.csv", read_settings(copy / "extract.toml"))


QUOTED = '"ID";"ARM"\r\n1;"new ""one"""\r\n2;"a;b\nc"\r\n3;"x"\r\n\r\n'


def test_quoted_cells_are_read_and_lines_counted_as_in_the_file(tmp_path):
    path = tmp_path / "file.csv"
    path.write_bytes(("\ufeff" + QUOTED).encode())
    facts = RawFile(path.name, rows=3, sha256="0" * 64, key="ID", separator=";", decimal=",", columns={"GROUP": "ARM"})
    frame = read_file(path, facts)
    expected = pd.DataFrame({"ID": ["1", "2", "3"], "GROUP": ['new "one"', "a;b\nc", "x"]}, index=[2, 3, 5])
    pd.testing.assert_frame_equal(frame, expected, check_names=False)
    with pytest.raises(InputError, match=r"columns of file\.csv: GROUP = 'ARMS'.* lacks the one name"):
        read_file(path, msgspec.structs.replace(facts, columns={"GROUP": "ARMS"}))


def test_a_new_extract_takes_the_files_of_the_study_and_leaves_the_others_and_links_what_is_large(folder, monkeypatch):
    monkeypatch.setattr(receive_module, "LARGE", 45)
    target = folder.parent / "autumn"
    said = "\n".join(take_over(folder, target, folder.parent / "config", TODAY))
    assert sorted(path.name for path in target.iterdir()) == sorted([*TAKEN, "extract.toml"])
    assert [path.name for path in target.iterdir() if path.is_symlink()] == ["lots.csv"]
    assert "lots.csv is linked, not copied" in said
    assert "letter.txt is left" in said
    assert "nothing to do" in receive(target)
    assert read_received(target / "lots.csv", read_settings(target / "extract.toml")).shape == (2, 6)
    with pytest.raises(InputError, match="holds files already"):
        take_over(folder, target, folder.parent / "config", TODAY)


def test_of_a_new_extract_that_cannot_be_registered_nothing_is_left_half_done(folder):
    (folder / "lots.csv").write_text(FILES["lots.csv"] + "1;new;;1;N;A\n", encoding="utf-8")
    before = sorted(folder.parent.iterdir())
    with pytest.raises(InputError, match=r"spring/lots\.csv, column ID: a person key occurs more than once"):
        take_over(folder, folder.parent / "autumn", folder.parent / "config", TODAY)
    assert sorted(folder.parent.iterdir()) == before
    (folder / "lots.csv").write_text(FILES["lots.csv"], encoding="utf-8")
    take_over(folder, folder.parent / "autumn", folder.parent / "config", TODAY)
    assert read_settings(folder.parent / "autumn" / "extract.toml").label == "Extract autumn"


def test_a_link_to_nothing_is_left_and_a_number_among_the_names_of_columns_is_not_shown(folder):
    (folder / "gone.csv").symlink_to(folder / "nowhere.csv")
    lots = FILES["lots.csv"].replace("CLASS", "1515955592")
    (folder / "lots.csv").write_text(lots, encoding="utf-8")
    said = receive(folder)
    assert "gone.csv is left: a link to a file that is not there" in said
    assert "Its other columns: (digits hidden)." in said
    assert "1515955592" not in said + (folder / "extract.toml").read_text(encoding="utf-8")


def test_it_is_asked_what_a_week_without_a_spell_is_until_it_is_said_to_be_none(folder):
    (folder / "weeks.csv").write_text("ID;FIRST_WEEK;LAST_WEEK;STATE\n1;2015-W01;2015-W02;890\n", encoding="utf-8")
    assert "? weeks.csv: what is a week that no spell of a person covers?" in receive(folder)
    text = (folder / "extract.toml").read_text(encoding="utf-8")
    (folder / "extract.toml").write_text(text.replace('= "unknown"', '= "none"'), encoding="utf-8")
    assert "no spell" not in receive(folder, mended=True)


def test_what_the_files_do_not_say_is_asked_in_extract_toml_and_its_answer_ends_the_question(folder):
    lots = FILES["lots.csv"].replace("CLASS", "group").replace("2015-01-05", "05-01-2015")
    (folder / "lots.csv").write_text(lots, encoding="utf-8")
    (folder / "second.csv").write_text("ID;PAIN\n2;99\n1;4\n", encoding="utf-8")
    said = receive(folder)
    text = (folder / "extract.toml").read_text(encoding="utf-8")
    for question in (
        "lots.csv has no column CLASS. What does the file call it? Its other columns: group. Say columns = { CLASS = ",
        'lots.csv, column DRAWN: 2 cells are dates like 31-01-2015. Day or month first? Say dates = "dd-mm-yyyy"',
        "second.csv, column PAIN: 1 of 2 answers off the scale 0 to 10; all lie from 'x' to 'xx'. Another coding? Say "
        'offset = { PAIN = -1 }. Codes for no answer? Say no_answer = { PAIN = ["99"] }',
        "first.csv has no column ANSWERED",
    ):
        assert f"  ? {question}" in said
        assert f"# ? {question}" in text
    read_settings(folder / "extract.toml")
    text = text.replace("[files.allocation]", '[files.allocation]\ncolumns = { CLASS = "group" }\ndates = "dd-mm-yyyy"')
    (folder / "extract.toml").write_text(text, encoding="utf-8")
    assert "? lots.csv" not in receive(folder, mended=True)


def test_an_extract_that_was_built_of_another_registration_says_so(folder):
    receive(folder)
    target, runs = folder / "extract.toml", folder.parent / "runs"
    runs.mkdir()
    (runs / "ingest.json").write_text(json.dumps({"inputs": {str(target): digest(target)}}), encoding="utf-8")
    (runs / "sample.json").write_text("damaged", encoding="utf-8")
    assert say_built(folder, runs) == []
    target.write_text(
        target.read_text(encoding="utf-8").replace("label = ", "label = 'Other'  # ", 1), encoding="utf-8"
    )
    (said,) = say_built(folder, runs)
    assert "was built of other files of these names: extract.toml. It was registered before" in said


@pytest.mark.parametrize(("end", "is_said"), [("\n", False), ("\r\n", False), ("", True)])
def test_a_file_that_may_have_been_cut_off_is_told_by_the_end_of_its_last_line(folder, end, is_said):
    lots = folder / "lots.csv"
    lots.write_bytes(lots.read_bytes().rstrip() + end.encode())
    assert ("? lots.csv: its last line has no end, as in a file that was cut off" in receive(folder)) == is_said


def test_a_row_that_was_lost_on_the_way_is_told_by_the_count_of_the_sender(folder):
    said = receive(folder)
    assert "? weeks.csv, lots.csv, first.csv, second.csv: how many rows did the sender count?" in said
    target = folder / "extract.toml"
    described = target.read_text(encoding="utf-8")
    target.write_text(described.replace("rows = 2\n", "rows = 2\nrows_sent = 2\n", 1), encoding="utf-8")
    assert load_input(target).files["register"].rows_sent == 2
    target.write_text(described.replace("rows = 2\n", "rows = 2\nrows_sent = 3\n", 1), encoding="utf-8")
    with pytest.raises(InputError, match=r"weeks\.csv has 2 rows, rows_sent = 3: rows were lost or added on the way"):
        load_input(target)
    receive(folder, mended=True)
    assert "rows_sent = 3" in target.read_text(encoding="utf-8"), "a mended file is held against the same count"
