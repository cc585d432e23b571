"""The Makefile itself: determinism, what runs again after which change, and interruption."""

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from benchmarks.projects import environment
from tests.build.conftest import Project

ESTIMATING = {"estimates-1", "estimates-2"}
UP_TO_SHOWN = {"ingest", "sample", "outcomes", *ESTIMATING, "shown", "panels"}
SHOWING = {"shown", "tables", "figures-1", "figures-2", "panels", "report", "published"}
HEADED = {"provenance", "report"}  # whatever runs again for another reason has another head, which the page prints


def test_a_second_build_runs_nothing(built_project):
    before = built_project.hashes()
    assert built_project.built("all") == {}
    assert built_project.hashes() == before


# what is edited, from, to, the stages that run, and those among them that change a file
EDITS = [
    ("config/study.toml", "# What an analyst", "# All that an analyst", UP_TO_SHOWN, set()),
    ("config/models.toml", "# The models:", "# The models of the study:", {*ESTIMATING, "shown", "panels"}, set()),
    ("config/exhibits.toml", 'title_en = "Learning', 'title_en = "Edited: learning', SHOWING, {"report"}),
    ("pipeline/stats/density.py", '"""Gaussian', '"""Normal', ESTIMATING, set()),
    ("pipeline/register/spells.py", '"""From weekly', '"""Out of weekly', {"outcomes"}, set()),
    ("pipeline/show/tables.py", '"""', '"""A table. ', {"tables", "panels", "report", "published"}, set()),
]


@pytest.mark.parametrize(("name", "before", "after", "stages", "changed"), EDITS, ids=[edit[0] for edit in EDITS])
def test_an_edit_runs_what_depends_on_it_and_stops_where_nothing_changed(
    built_copy, name, before, after, stages, changed
):
    built_copy.edit(name, before, after)
    ran = built_copy.built("all")
    assert set(ran) == stages | HEADED
    assert {stage for stage, said in ran.items() if said != "nothing changed"} == changed | HEADED
    assert built_copy.make("check").returncode == 0


@pytest.mark.parametrize(
    ("name", "stages"),
    [
        ("reports/twin/figures/figure_3_2.png", {"figures-1"}),
        ("data_derived/twin/shares.parquet", {"outcomes", *ESTIMATING}),
        ("data_derived/twin/runs/estimates-1.json", {"estimates-1"}),
    ],
)
def test_a_deleted_file_is_made_again_and_only_what_reads_it_looks_again(built_project, name, stages):
    before = built_project.hashes()
    (built_project.folder / name).unlink()
    assert set(built_project.built("all")) - {"provenance"} == stages
    assert built_project.hashes() == before


def test_the_language_of_the_exhibits_stays_until_another_is_asked_for(built_copy):
    assert set(built_copy.built("all", "LANGUAGE=da")) == SHOWING | HEADED
    page = (built_copy.folder / "reports/twin/index.html").read_text(encoding="utf-8")
    assert 'lang="da"' in page
    assert "yntetisk" in page
    danish = built_copy.hashes()
    assert set(built_copy.built("all")) == set()
    traced = built_copy.make("trace", "ID=figure_3_2/all/employment/81")
    assert ("as shown" in traced.stdout, traced.returncode) == (True, 0)
    refused = built_copy.make("all", "LANGUAGE=xx")
    assert refused.returncode == 2
    assert "the exhibits of config are written in en da. Say one of these" in refused.stderr
    assert built_copy.hashes() == danish
    assert "tables" in built_copy.built("data_derived/twin/runs/tables.json", "LANGUAGE=en")


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


def processes_in(folder: Path) -> list[str]:
    """The processes whose working directory is the folder; one that has ended has none."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (process / "cwd").readlink() == folder:
                found.append((process / "cmdline").read_text().replace("\0", " "))
    return found


def none_is_left_in(folder: Path) -> bool:
    """Whether every process in the folder ends within some seconds, as the last of them notice that make is gone."""
    return any(not processes_in(folder) or time.sleep(0.1) for _ in range(100))


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


@pytest.mark.parametrize("content", [b"", b"PAR1 and no more"])
def test_a_damaged_table_is_made_again(built_project, content):
    before, path = built_project.hashes(), built_project.folder / "data_derived/twin/baseline_items.parquet"
    path.write_bytes(content)
    result = built_project.make("all")
    assert result.returncode == 0, result.stderr
    assert "baseline_items.parquet: not the file that stage ingest made. It is made again" in result.stderr
    assert built_project.hashes() == before
