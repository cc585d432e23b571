"""A record describes the files that were read: one that changes while its stage runs ends the stage."""

import json
from pathlib import Path

import pytest

from pipeline import storage
from pipeline.errors import InputError
from pipeline.register.receive import register_extract
from pipeline.runner import stage
from pipeline.stages import ingest
from tests.delivery import DAY, inputs, write_delivery


@pytest.mark.parametrize("largest", [storage.LARGE, 0], ids=["hashed again", "told by size and times"])
@pytest.mark.parametrize("changes", [False, True])
def test_an_input_that_changes_while_the_stage_runs_ends_it_and_writes_nothing(tmp_path, monkeypatch, largest, changes):
    given, output, record = tmp_path / "benefit_codes.csv", tmp_path / "settings.txt", tmp_path / "settings.json"
    given.write_bytes(Path("config/benefit_codes.csv").read_bytes())
    call = stage._call

    def run_and_change(*arguments):
        results = call(*arguments)
        if changes:
            given.write_bytes(given.read_bytes() + b"\n")
        return results

    monkeypatch.setattr(storage, "LARGE", largest)
    monkeypatch.setattr(stage, "_call", run_and_change)
    if changes:
        with pytest.raises(InputError, match="stage settings: an input or the code changed while the stage ran"):
            stage.run_stage("settings", [given], [], [output], record)
        assert not output.exists()
        assert not record.exists()
    else:
        stage.run_stage("settings", [given], [], [output], record)
        assert json.loads(record.read_text())["inputs"] == {str(given): storage.digest(given)}


def test_received_files_are_told_by_their_roles_whatever_their_names_and_no_record_keeps_one(tmp_path):
    read = {}
    for name, names in {"plain": {}, "odd": {"allocation": "outcomes", "followup_survey": "scales"}}.items():
        (tmp_path / name).mkdir()
        folder = write_delivery(tmp_path / name)
        for old, new in names.items():
            (folder / f"{old}.csv").rename(folder / f"{new}.csv")
        register_extract(folder, folder.parent / "config", DAY)
        allocation, asked, kept = (
            folder / f"{names.get('allocation', 'allocation')}.csv",
            tmp_path / name / "request.json",
            tmp_path / "register.parquet",
        )
        given = [folder / "extract.toml", allocation, folder.parent / "config/study.toml"]
        stage.run_stage("request", given, [], [asked], tmp_path / "record.json")
        stage.run_stage("register", [asked, folder / "register.csv"], [], [kept], tmp_path / "register.json")
        assert not [path for path in json.loads((tmp_path / "record.json").read_text())["settings"] if ".csv" in path]
        files = [path for path in inputs(folder) if path.name != "register.csv"]
        read[name] = stage._call(ingest.run, [*files, kept], {})
    for table in ("trial", "register_weeks", "baseline_items", "followup_items"):
        assert read["odd"][f"{table}.parquet"].equals(read["plain"][f"{table}.parquet"])
        assert len(read["odd"][f"{table}.parquet"])
