"""The Makefile itself: determinism, what runs again after which change, and interruption."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.projects import environment
from pipeline.runner.compared import compare_build
from tests.build.conftest import STAGES, Project, none_is_left_in, processes_in, stages_in

RUNS = Path("data_derived/twin/runs")
ESTIMATING = {"estimates-1", "estimates-2"}
UP_TO_SHOWN = {"ingest", "sample", "outcomes", *ESTIMATING, "shown", "panels"}
SHOWING = {"shown", "tables", "figures-1", "figures-2", "panels", "report", "published"}
HEADED = {"provenance", "report"}  # whatever runs again for another reason has another head, which the page prints


def test_a_second_build_runs_nothing(built_project):
    before = built_project.hashes()
    assert built_project.built("all") == {}
    assert built_project.hashes() == before


# What is edited, from, to, and the stages that read it.
EDITS = [
    ("config/study.toml", "# What an analyst", "# All that an analyst", UP_TO_SHOWN),
    ("config/models.toml", "# The models:", "# The models of the study:", {*ESTIMATING, "shown", "panels"}),
    ("config/exhibits.toml", 'title_en = "Learning', 'title_en = "Edited: learning', SHOWING),
    ("data_derived/twin/language.toml", '"en"', '"da"', SHOWING),
    ("pipeline/stats/density.py", '"""Gaussian', '"""Normal', ESTIMATING),
    ("pipeline/register/spells.py", '"""From weekly', '"""Out of weekly', {"outcomes"}),
    ("pipeline/show/tables.py", '"""', '"""A table. ', {"tables", "panels", "report", "published"}),
]


@pytest.mark.parametrize(("name", "before", "after", "stages"), EDITS, ids=[edit[0] for edit in EDITS])
def test_an_edit_is_seen_by_the_stages_that_read_it_and_by_no_other(
    built_project, monkeypatch, name, before, after, stages
):
    monkeypatch.chdir(built_project.folder)
    content, dates = Path(name).read_bytes(), Path(name).stat()
    built_project.edit(name, before, after)
    again = {path.stem for path in compare_build(str(RUNS)).again}
    Path(name).write_bytes(content)
    os.utime(name, ns=(dates.st_atime_ns, dates.st_mtime_ns))
    assert again & {*STAGES} == stages


def test_what_is_deleted_damaged_or_edited_is_made_again_and_only_what_reads_it_looks_again(built_copy):
    """Each change has stages of its own, so that none hides another's."""
    before, folder = built_copy.hashes(), built_copy.folder
    (folder / "data_derived/twin/baseline_items.parquet").unlink()
    (folder / "data_derived/twin/followup_items.parquet").write_bytes(b"PAR1 and no more")
    (folder / "reports/twin/checks.csv").write_bytes(b"")
    (folder / "reports/twin/tables/table_3_2.html").unlink()
    (folder / RUNS / "published.json").unlink()
    built_copy.edit(*next(edit[:3] for edit in EDITS if edit[0] == "pipeline/register/spells.py"))
    result = built_copy.make("all")
    assert result.returncode == 0, result.stderr
    for name, stage in (("followup_items.parquet", "ingest"), ("checks.csv", "report")):
        assert f"{name}: not the file that stage {stage} made. It is made again" in result.stderr
    assert set(stages_in(result.stdout)) == {"ingest", "survey", "tables", "published", "outcomes"} | HEADED
    changed = {Path(name) for name, sha256 in built_copy.hashes().items() if before[name] != sha256}
    heads = {Path("data_derived/twin/provenance.json"), Path("reports/twin/index.html")}
    assert {path for path in changed if path.parent != RUNS} == heads, "records name those before them"


def test_a_language_that_is_not_offered_is_refused_and_nothing_is_lost(built_project):
    before = built_project.hashes()
    refused = built_project.make("all", "LANGUAGE=xx")
    assert refused.returncode == 2
    assert "the exhibits of config are written in en da. Say one of these" in refused.stderr
    assert built_project.built("all") == {}
    assert built_project.hashes() == before


def test_a_change_in_a_received_file_is_refused_and_nothing_is_lost(built_project):
    before = built_project.hashes()
    path = built_project.folder / "data_raw/twin/dream.csv"
    content = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(content + b"\n")
    result = built_project.make("all")
    assert result.returncode == 2
    assert "WRONG: stops the build" in result.stdout
    assert "its SHA-256 is" in result.stdout
    assert "Traceback" not in result.stderr
    path.write_bytes(content)
    built_project.built("all")
    assert built_project.hashes() == before


def start(folder: Path) -> subprocess.Popen[bytes]:
    """A build in a group of processes of its own."""
    command = ["make", "-j2", "all", f"PYTHON={sys.executable}"]
    nowhere = subprocess.DEVNULL
    return subprocess.Popen(
        command, cwd=folder, env=environment(), stdout=nowhere, stderr=nowhere, start_new_session=True
    )


def test_a_clean_build_with_one_job_that_was_interrupted_has_the_bytes_of_the_tree(built_project, tmp_path):
    project = Project(tmp_path)
    # What lies beside the Makefile by the name of a library or of its settings is neither imported nor read.
    (tmp_path / "tomllib.py").write_text("raise ImportError", encoding="utf-8")
    (tmp_path / "matplotlibrc").write_text("axes.facecolor: red", encoding="utf-8")
    generator = random.Random(20141031)
    for blow in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        run = start(tmp_path)
        time.sleep(generator.uniform(1, 4))
        os.killpg(run.pid, blow)
        run.wait()
        assert none_is_left_in(tmp_path), processes_in(tmp_path)
        leftovers = [path for path in Path(tmp_path).rglob("*.parquet") if path.stat().st_size == 0]
        assert not leftovers
    project.built("all", "-j1")
    assert project.hashes() == built_project.hashes()
    assert none_is_left_in(tmp_path), processes_in(tmp_path)
    assert not list(tmp_path.rglob(".warm.*"))


def test_a_make_that_is_killed_alone_leaves_no_process(tmp_path):
    Project(tmp_path)
    run = start(tmp_path)
    while not any("ask.py" in process for process in processes_in(tmp_path)):
        time.sleep(0.02)
    time.sleep(1)
    assert any("warm.py" in process for process in processes_in(tmp_path))
    run.kill()
    run.wait()
    assert none_is_left_in(tmp_path), processes_in(tmp_path)


def test_a_stage_that_is_killed_is_one_message(built_project):
    before, name = built_project.hashes(), "pipeline/stages/sample.py"
    ends, kills = (
        '    """Apply the exclusions',
        '    __import__("os").kill(__import__("os").getpid(), 9)\n    """Apply the exclusions',
    )
    built_project.edit(name, ends, kills)
    result = built_project.make("all")
    built_project.edit(name, kills, ends)
    assert result.returncode == 2
    assert result.stderr.count("\n") == 2, "the message, and that of make"
    assert "error: stage sample: it was killed" in result.stderr
    built_project.built("all")
    assert built_project.hashes() == before


def test_a_stage_runs_by_itself_where_there_is_no_warm_process(built_project):
    before = built_project.hashes()
    (built_project.folder / "data_derived/twin/runs/survey.json").unlink()
    said = built_project.make("data_derived/twin/runs/survey.json", "--dry-run").stdout
    (command,) = [line for line in said.splitlines() if " survey --in " in line]
    subprocess.run(["sh", "-c", command], cwd=built_project.folder, env=environment(), check=True)
    assert built_project.hashes() == before


def test_the_record_of_a_stage_that_is_none_any_more_goes(built_project):
    built_project.built("all")
    old = built_project.folder / "data_derived/twin/runs/old.json"
    old.write_text("{}", encoding="utf-8")
    assert built_project.built("all") == {}
    assert not old.exists()
