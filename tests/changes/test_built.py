"""What cannot be compared is told in one sentence, and settings are compared key by key."""

import json
import shutil
import subprocess

import pandas as pd
import pytest

from pipeline.audit.lineage import digest
from pipeline.changes.built import DERIVED, TABLES, Built, read_built
from pipeline.changes.linked import link_persons, translated
from pipeline.changes.settings import read_keys
from pipeline.changes.words import say_linked
from pipeline.errors import InputError
from tests.small_study import write_settings


def write_build(folder, **record):
    """A build of empty tables, recorded as the runner records them, with changes of the record."""
    (folder / "estimates").mkdir(parents=True)
    (folder / "runs").mkdir()
    (folder / "study.txt").write_text("config\n")
    for name in (*TABLES, *DERIVED):
        pd.DataFrame({"person": [1]}).to_parquet(folder / f"{name}.parquet")
    outputs = {str(path): digest(path) for path in folder.glob("*.parquet")}
    study = write_settings(folder.parent / "settings") / "study.toml"
    settings = {str(study): study.read_text(encoding="utf-8")}
    body = {"stage": "x", "inputs": {str(study): digest(study)}, "outputs": outputs, "settings": settings} | record
    text = json.dumps({key: value for key, value in body.items() if value is not None})
    (folder / "runs" / "x.json").write_text(text, encoding="utf-8")
    return folder


def test_an_extract_that_is_not_there_and_one_that_is_not_built(tmp_path):
    with pytest.raises(InputError, match=r"raw/gone: no such extract\. Put its files there, or name another"):
        read_built(tmp_path / "derived" / "gone", tmp_path / "raw" / "gone")
    (tmp_path / "raw" / "here").mkdir(parents=True)
    with pytest.raises(
        InputError, match=r"derived/here: not built, so nothing is compared\. Say make all EXTRACT=here"
    ):
        read_built(tmp_path / "derived" / "here", tmp_path / "raw" / "here")


BROKEN = [
    ({"settings": None}, r"hold no settings, since it was built by an earlier version\. Say make all EXTRACT=first"),
    ({"outputs": {}}, r"trial\.parquet: not the file that its record holds"),
    ({"settings": {"config/study.toml": "[time"}}, r"the settings that first was built with: study\.toml: not valid"),
    ({}, r"estimates: no estimates\. Make them: make all EXTRACT=first"),
]


@pytest.mark.parametrize(("record", "says"), BROKEN, ids=[says[:20] for _, says in BROKEN])
def test_a_build_that_cannot_be_compared_says_why(tmp_path, record, says):
    with pytest.raises(InputError, match=says):
        read_built(write_build(tmp_path / "first", **record))


def test_two_versions_of_a_settings_file_in_one_build_are_an_interrupted_build(tmp_path):
    folder = write_build(tmp_path / "first")
    other = {"outputs": {}, "inputs": {}, "settings": {"config/study.toml": "other"}}
    (folder / "runs" / "y.json").write_text(json.dumps(other), encoding="utf-8")
    with pytest.raises(InputError, match=r"run with two versions of config/study.toml, for a build was interrupted"):
        read_built(folder)


@pytest.mark.parametrize("text", ["", "[]", "{}"])
def test_a_damaged_record_is_named(tmp_path, text):
    folder = write_build(tmp_path / "first")
    (folder / "runs" / "y.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"y\.json: no record as make writes it.*Delete it"):
        read_built(folder)


KEYS = [
    ("a.toml", "[x]\ny = 1\nz = [1, 2]\n", {"x.y": "1", "x.z": "[1, 2]"}),
    ("a.toml", "[[x]]\ny = 1\n[[x]]\ny = 2\n", {"x.1.y": "1", "x.2.y": "2"}),
    ("a.csv", "code,group\n1,a\n1,b\n", {"1, code": "1", "1, group": "a", "1 (2), code": "1", "1 (2), group": "b"}),
    ("a.csv", "", {}),
]


@pytest.mark.parametrize(("name", "text", "keys"), KEYS, ids=str)
def test_the_keys_of_a_settings_file(name, text, keys):
    assert read_keys(name, text) == keys


def arms(count, shift, first=1):
    """Tables of persons of whom only the arm is known."""
    persons = range(first, count + first)
    trial = pd.DataFrame({"person": persons, "treated": [int((number + shift) % 3 > 0) for number in persons]})
    return {"trial": trial, "register_weeks": pd.DataFrame({"person": [], "week": [], "code": []})}


@pytest.mark.parametrize(("shift", "linked"), [(0, 60), (1, 0)])
def test_numbers_whose_arms_agree_no_more_than_by_chance_name_no_person(shift, linked):
    assert len(link_persons(arms(60, 0), arms(60, shift)).common) == linked


def test_no_number_in_both_links_nobody_and_the_words_say_so():
    found = link_persons(arms(3, 0), arms(3, 0, 7))
    assert (found.both, found.common, found.others) == (0, frozenset(), 0)
    build = Built("first", "config", {}, {}, {}, {}, {}, pd.DataFrame())
    *_, said = say_linked(build, build, found)
    assert said == "persons are not matched: no trial number is in both, so all are other persons"


NAMED = [
    # names to translate, names before, names after, expected
    ("A1 B2", "A1 A1 B2", "X1 X1 B2", "X1 B2"),  # a new name
    ("A1 B2", "A1 A1 B2 B2", "B2 B2 A1 A1", "B2 A1"),  # two names that changed places
    ("C1 C2", "C1 C1 C2", "A1 A1 B2", "A1 B2"),  # one stratum that is two
    ("A9 C9", "A1 A1 B2", "X1 X1 B2", "X9 C9"),  # a cluster that nobody else is in, in a renamed stratum and a new one
    ("A1 A2", "A1 A1 A2 A2", "A1 A2 A2 A1", "A1 A2"),  # as many are elsewhere as stay
    ("A1", "", "", "A1"),
]


@pytest.mark.parametrize(("names", "before", "after", "expected"), NAMED)
def test_names_are_translated_as_those_of_most_who_have_them(names, before, after, expected):
    tables = [
        pd.DataFrame([list(name) for name in text.split()], columns=["s", "c"]) for text in (names, before, after)
    ]
    found = translated(*tables)
    assert " ".join("".join(row) for row in found.itertuples(index=False)) == expected


def test_an_extract_is_compared_with_the_study_that_it_was_built_with(tmp_path):
    shutil.copy("Makefile", tmp_path)
    recorded = tmp_path / "data_derived" / "later" / "study.txt"
    recorded.parent.mkdir(parents=True)
    recorded.write_text("other\n")

    def say():
        command = ["make", "-n", "diff", "EXTRACT=later", "PYTHON=python"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False).stderr

    assert "later was built with the settings other, and there is no other/study.toml. Put it back" in say()
    write_settings(tmp_path / "other")
    assert "no other/study.toml" not in say()
    assert " config/" not in say()
