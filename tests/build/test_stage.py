"""A record describes the files that were read: one that changes while its stage runs ends the stage."""

import contextlib
import functools
import json
import os
import warnings
from pathlib import Path

import pytest

from pipeline import storage
from pipeline.errors import InputError
from pipeline.register.receive import register_extract
from pipeline.runner import stage
from pipeline.runner.records import read_record, require_as_verified, seal, seal_of, write_record
from pipeline.stages import ingest, settings
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


@pytest.fixture
def made(tmp_path, monkeypatch) -> Path:
    """A file that a stage made, with its record, in an extract called x."""
    path, runs = Path("data_derived/x/benefit_codes.csv"), Path("data_derived/x/runs")
    content = Path("config/benefit_codes.csv").read_bytes()
    monkeypatch.chdir(tmp_path)
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    body = {"stage": "maker", "extract": "x", "inputs": {}, "code": {}, "outputs": {str(path): storage.digest(path)}}
    write_record(runs / "maker.json", seal(body, {}))
    return path


def run_reader(made: Path) -> Path:
    record = made.parent / "runs" / "settings.json"
    stage.run_stage("settings", [made], [], [made.parent / "settings.txt"], record)
    return record


def test_a_record_holds_the_seal_of_the_one_it_rests_on_and_what_it_ran_with(made):
    record, maker = read_record(run_reader(made)), read_record(made.parent / "runs" / "maker.json")
    assert record["rests_on"] == {"maker": {"cause": maker["cause"], "seal": maker["seal"]}}
    assert set(record["ran"]) == {"commit", "is_clean", "python", "platform", "packages", "warnings"}
    changed = record | {"rests_on": {}}
    write_record(made.parent / "runs" / "settings.json", changed)
    with pytest.raises(InputError, match=r"settings\.json: .* does not match its seal"):
        read_record(made.parent / "runs" / "settings.json")


@pytest.mark.parametrize("forged", ["second.parquet", "verified.json", None])
def test_a_stage_reads_nothing_of_the_second_route_that_make_verify_did_not_seal(tmp_path, forged):
    table, told = tmp_path / "second.parquet", tmp_path / "verified.json"
    table.write_bytes(b"agrees")
    facts = {"disagreed": 0, "files": {table.name: storage.digest(table)}}
    told.write_text(json.dumps(facts | {"seal": seal_of(facts)}))
    if forged:
        path = tmp_path / forged
        path.write_bytes(path.read_bytes().replace(b"agrees", b"AGREES").replace(b'"disagreed": 0', b'"disagreed": 1'))
    hashes = {str(path): storage.digest(path) for path in (table, told)}
    refused = pytest.raises(InputError, match=f"{forged}: not the file that make verify wrote. Delete the folder")
    with refused if forged else contextlib.nullcontext():
        require_as_verified(hashes)


@pytest.mark.parametrize("fails", [False, True])
def test_a_warning_is_shown_and_kept_in_the_record_without_long_numbers(made, monkeypatch, fails):
    @functools.wraps(settings.run)
    def warning_run(**given):
        warnings.warn("person 123456 is odd, 12 times", RuntimeWarning, stacklevel=1)
        if fails:
            raise InputError("it cannot go on")
        return run(**given)

    run = settings.run
    monkeypatch.setattr(settings, "run", warning_run)
    ends = pytest.raises(InputError, match="cannot go on") if fails else contextlib.nullcontext()
    with pytest.warns(RuntimeWarning, match="person 123456"), ends:
        run_reader(made)
    record = made.parent / "runs" / "settings.json"
    assert record.exists() is not fails
    assert fails or read_record(record)["ran"]["warnings"] == ["RuntimeWarning: person ... is odd, 12 times"]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda made: made.write_bytes(made.read_bytes() + b"\n"), "not the file that stage maker made and recorded"),
        (lambda made: (made.parent / "runs" / "maker.json").unlink(), "no record in .* says which stage made it"),
        (lambda made: (made.parent / "runs" / "maker.json").write_text(""), "no record in .* says which stage made it"),
    ],
    ids=["other bytes", "no record", "an empty record"],
)
@pytest.mark.parametrize("largest", [storage.LARGE, 0], ids=["hashed before", "hashed while it is read"])
def test_a_stage_reads_nothing_that_is_not_as_its_own_stage_recorded(made, monkeypatch, largest, spoil, message):
    monkeypatch.setattr(storage, "LARGE", largest)
    spoil(made)
    with pytest.raises(InputError, match=rf"benefit_codes\.csv: {message}.*run make all"):
        run_reader(made)
    assert not (made.parent / "settings.txt").exists()


@pytest.mark.parametrize("ahead", ["benefit_codes.csv", "runs/maker.json"])
def test_what_is_made_is_dated_after_an_input_or_record_of_the_future_so_that_the_order_is_kept(made, ahead):
    path, old = made.parent / ahead, made.parent / "settings.txt"
    date = path.stat().st_mtime_ns + 2 * 86_400 * 10**9
    os.utime(path, ns=(date, date))
    record = run_reader(made)
    assert record.stat().st_mtime_ns == old.stat().st_mtime_ns == date + stage.TICK
    run_reader(made)
    assert (record.stat().st_mtime_ns, old.stat().st_mtime_ns) == (date + 2 * stage.TICK, date + stage.TICK)
