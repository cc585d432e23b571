"""A record describes the files that were read: one that changes while its stage runs ends the stage."""

import json
from pathlib import Path

import pytest

from pipeline import storage
from pipeline.errors import InputError
from pipeline.runner import stage


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
