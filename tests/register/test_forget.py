"""At the end of a permit what must go goes, with counts; what may stay stays; and nothing else is touched."""

from __future__ import annotations

import json

import pytest

from pipeline.errors import InputError
from pipeline.pseudonyms.keys import make_key, place_of
from pipeline.register.forget import delete, find_all, main


@pytest.fixture
def folders(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "configuration"))
    monkeypatch.delenv("SURE", raising=False)
    made = {
        "data_raw/x": ["allocation.csv", "extract.toml"],
        "data_derived/x": ["linkage.csv", "trial.parquet", "provenance.json", "trace/person_1.html",
                           "verified/differences.csv", "runs/ingest.json", "runs/.known"],
        "data_derived/releases": [f"x-{'a' * 16}.json", f"x-y-{'a' * 16}.json"],
        "reports/x": ["index.html"],
        "data_raw/y": ["allocation.csv"],
        "data_derived/y": ["earlier.json"],
        "data_derived/z": ["earlier.json"],
        "register": ["dream.csv"],
    }  # fmt: skip
    for folder, names in made.items():
        for name in names:
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("twelve bytes")
    for name, told in (("y", "x"), ("z", "x-y")):
        (tmp_path / f"data_derived/{name}/earlier.json").write_text(json.dumps([{"extract": told, "persons": [1]}]))
    (tmp_path / "data_raw/x/dream.csv").symlink_to(tmp_path / "register/dream.csv")
    (tmp_path / "data_derived/x/elsewhere").symlink_to(tmp_path / "register")
    make_key("x")
    return [tmp_path / name for name in ("data_raw/x", "data_derived/x", "reports/x")]


def run(monkeypatch, folders):
    monkeypatch.setattr("sys.argv", ["forget", *map(str, folders)])
    return main()


def left(tmp_path):
    return {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if not path.is_dir() or path.is_symlink()}


KEPT = {"data_raw/x/extract.toml", "data_derived/x/provenance.json", "data_derived/x/runs/ingest.json",
        "reports/x/index.html", "data_raw/y/allocation.csv", "register/dream.csv",
        f"data_derived/releases/x-y-{'a' * 16}.json", "data_derived/z/earlier.json"}  # fmt: skip


def test_it_lists_and_deletes_only_when_the_extract_is_named_a_second_time(folders, tmp_path, monkeypatch, capsys):
    before = left(tmp_path)
    assert run(monkeypatch, folders) == 0
    said = capsys.readouterr().out
    assert "to be deleted: 11 files" in said
    assert "kept, since it holds no person: 4 files, 48 bytes" in said
    assert said.count("left where it is: ") == 2
    assert "nothing was deleted. Say make forget EXTRACT=x SURE=x" in said
    monkeypatch.setenv("SURE", "y")
    assert run(monkeypatch, folders) == 2
    assert left(tmp_path) == before
    monkeypatch.setenv("SURE", "x")
    assert run(monkeypatch, folders) == 0
    assert "deleted: 11 files" in capsys.readouterr().out
    assert left(tmp_path) == KEPT
    assert not place_of("x").exists()
    assert run(monkeypatch, folders) == 0
    assert "deleted: 0 files" in capsys.readouterr().out


def test_interrupted_it_can_be_said_again(folders, tmp_path, monkeypatch):
    found = find_all(*folders)
    for path in found.goes[:4]:
        path.unlink()
    delete(found, *folders[:2])
    assert left(tmp_path) == KEPT


def test_an_extract_of_which_there_is_nothing_is_an_error(folders, tmp_path):
    with pytest.raises(InputError, match="EXTRACT=nosuch: there is nothing of such an extract"):
        find_all(*(tmp_path / folder / "nosuch" for folder in ("data_raw", "data_derived", "reports")))


def test_a_folder_that_is_a_link_is_left(folders, tmp_path):
    (tmp_path / "data_raw/z").symlink_to(folders[0])
    with pytest.raises(InputError, match=r"data_raw/z: a link, so nothing is deleted"):
        find_all(tmp_path / "data_raw/z", *folders[1:])
