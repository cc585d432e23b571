"""What a witness's page says: the outcome of every file, the packages really imported, in both languages."""

import datetime
import hashlib
import re
import sys
import types

import pytest

from pipeline.release.imports import compare_imports
from pipeline.release.outcomes import by_exhibit, compare_files, count_outcomes
from pipeline.release.repository import Commit
from pipeline.release.witness import DOCUMENTS, STAGE, Run, write_page
from pipeline.release.witness_words import WORDS
from pipeline.runner.imported import imported_packages, imported_places, note_imports, stages_without_note

BEFORE = {
    "index.html": "a",
    "tables/table_1.csv": "b",
    "tables/table_1.html": "c",
    "report.docx": "d",
    "da/index.html": "e",
    "population/weekly_shares.csv": "h",
    "tables/table_9.csv": "i",
}
AFTER = {"index.html": "A", "tables/table_1.csv": "b", "tables/table_1.html": "C", "figures/figure_1.svg": "j"}
OUTCOMES = {
    "index.html": ("differs", "other_commit"),
    "tables/table_1.csv": ("same", None),
    "tables/table_1.html": ("differs", None),
    "figures/figure_1.svg": ("new", None),
    "report.docx": ("not_made", "outdated"),
    "da/index.html": ("not_made", "outdated"),
    "population/weekly_shares.csv": ("not_made", "outdated"),
    "tables/table_9.csv": ("not_made", "not_of_this_commit"),
}


def files():
    return compare_files(BEFORE, AFTER, DOCUMENTS, ["index.html"])


def test_every_file_that_stood_or_was_made_has_an_outcome_and_one_not_made_again_a_reason():
    assert {file.path: (file.outcome, file.why) for file in files()} == OUTCOMES
    assert count_outcomes(files()) == {"same": 1, "differs": 2, "new": 1, "not_made": 4}


def test_an_exhibit_is_its_files_in_one_language_with_the_hash_of_sha256sum():
    exhibits = {exhibit.name: exhibit for exhibit in by_exhibit(files())}
    assert {"index", "da/index", "table_1", "figure_1"} <= set(exhibits)
    lines = b"b  tables/table_1.csv\nC  tables/table_1.html\n"
    assert exhibits["table_1"].sha256 == hashlib.sha256(lines).hexdigest()
    assert exhibits["report"].sha256 == ""


@pytest.mark.parametrize("stage", ["sample", "estimates-1", "shown-da", "report-da-population"])
def test_a_line_of_a_stage_is_told_from_any_other(stage):
    assert STAGE.fullmatch(f"{stage:<12}   0.42 s  1 of 2 files changed").groups() == (stage, "0.42")
    assert not STAGE.fullmatch("register: data_raw/x/register.csv: 6 other columns are not read")


def test_the_packages_imported_are_those_whose_files_were_with_their_versions(tmp_path):
    site, record = tmp_path / "site", tmp_path / "runs/sample.json"
    for package, listed in {"Odd_Name-1.2": "oddly/__init__.py,,\n", "same-3.0": "same.py,,\nother/x.py,,\n"}.items():
        (site / f"{package}.dist-info").mkdir(parents=True)
        (site / f"{package}.dist-info/RECORD").write_text(listed, encoding="utf-8")
    note = record.parent / ".imported/sample"
    note.parent.mkdir(parents=True)
    note.write_text("".join(f"{site}/{name}\n" for name in ("oddly", "same.py", "stray.py")), encoding="utf-8")
    assert imported_packages([record]) == {"odd-name": "1.2", "same": "3.0", "stray": ""}
    assert stages_without_note([record, record.with_stem("survey")]) == ["survey"]


def test_a_stage_notes_what_lies_outside_python_and_the_project_wherever_that_is(tmp_path, monkeypatch):
    stray = types.ModuleType("stray")
    stray.__file__ = str(tmp_path / "stray.py")
    monkeypatch.setitem(sys.modules, "stray", stray)
    note_imports(tmp_path / "sample.json")
    places = (tmp_path / ".imported/sample").read_text(encoding="utf-8").splitlines()
    assert places == imported_places()
    assert stray.__file__ in places
    names = {place.rpartition("/")[2] for place in places}
    assert {"pytest", "msgspec"} <= names
    assert not names & {"pipeline", "tests", "json", "os.py", "site-packages"}
    assert imported_packages([tmp_path / "sample.json"])["msgspec"]


IMPORTED = {"pandas": "2.3", "numpy": "2.0", "secret": "0.1", "stray": ""}
PINNED = {"pandas": "2.3", "numpy": "2.4", "pytest": "9.2", "ruff": "0.17", "colorama": "0.4"}


def test_what_was_imported_is_set_beside_the_lock():
    found = compare_imports(IMPORTED, PINNED, {"pandas": "2.3", "numpy": "2.0", "pytest": "9.2", "ruff": "0.16"})
    assert found.as_pinned == {"pandas": "2.3"}
    assert found.other == {"numpy": ("2.0", "2.4")}
    assert found.unpinned == {"secret": "0.1", "stray": ""}
    assert found.idle == {"pytest": "9.2", "ruff": "0.17", "colorama": "0.4"}
    assert found.installed_other == {"ruff": ("0.16", "0.17")}


def page(language, stood, imported=IMPORTED, untold=()):
    instant = datetime.datetime(2026, 11, 26, tzinfo=datetime.UTC)
    return write_page({
        "extract": "x",
        "language": language,
        "commit": Commit("c0ffee", "2026-11-26T00:00:00+00:00"),
        "lock": "10c4",
        "machine": {"system": "Linux", "python": "CPython 3.11", "cores": "2", "host": "ab"},
        "run": Run(["all", "report"], [("sample", "0.42")], 3, instant, instant),
        "stood": stood,
        "received": [("register.csv", "a", "a"), ("draw.csv", "b", "c"), ("late.csv", "", "d"), ("lost.csv", "e", "")],
        "files": files(),
        "head": "4ead",
        "warnings": [],
        "imports": compare_imports(imported, PINNED, {}),
        "untold": untold,
    })  # fmt: skip


@pytest.mark.parametrize("language", WORDS)
def test_the_page_says_in_its_language_what_is_not_the_same_and_what_is_suspicious(language):
    words, other = WORDS[language], WORDS["da" if language == "en" else "en"]
    made = page(language, {"head": "4ead", "commit": "", "is_clean": None}, untold=["survey"])
    assert f'<html lang="{language}">' in made
    assert "make all, make report" in made
    for key in ("head_same", "no_commit", "outdated", "not_of_this_commit", "gone", "not_there"):
        assert words[key] in made
    for key, named in (
        ("other_version", {"name": "numpy", "version": "2.0", "pinned": "2.4"}),
        ("unpinned", {"name": "secret", "version": "0.1"}),
        ("unowned", {"name": "stray"}),
        ("untold", {"stages": "survey"}),
    ):
        assert words[key].format(**named) in made
    assert "{" not in re.sub(r"<style>.*</style>", "", made, flags=re.DOTALL), "a placeholder is not filled in"
    shared = {"commit", "lock", "files"} | {key for key in words if words[key] == other[key]}
    own = [other[key].partition("{")[0] for key in set(words) - shared]
    assert not [text for text in own if len(text) > 12 and text in made], "words of the other language"


def test_the_page_says_that_nothing_is_suspicious_and_which_head_stood():
    words = WORDS["en"]
    made = page("en", {"head": "01d", "commit": "c0ffee", "is_clean": False}, {"pandas": "2.3"})
    assert words["suspicious_none"] in made
    assert f"{words['head_other']} <code>01d</code>" in made
    assert words["not_clean"] in made
    assert words["head_none"] in page("en", {})
