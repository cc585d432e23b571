"""The Makefile itself: determinism, what runs again after which change, and interruption."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.build.conftest import Project, environment

ESTIMATION = {"balance", "itt", "hazard", "survival", "description"}
ESTIMATION |= {"subgroups", "mechanisms", "robustness", "prognosis"}
SHOWING = {"shown", "tables", "figures", "report", "published"}


def test_two_clean_builds_with_one_job_and_with_four_give_the_same_bytes(built_project, tmp_path):
    other = Project(tmp_path)
    other.built("all", "-j4")
    assert other.hashes() == built_project.hashes()


def test_a_second_build_runs_nothing(built_project):
    before = built_project.hashes()
    assert built_project.built("all") == {}
    assert built_project.hashes() == before


# what is edited, from, to, the stages that run, and those among them that change a file
EDITS = [
    ("config/models.toml", "# The models:", "# The models of the study:", ESTIMATION, set()),
    ("config/exhibits.toml", 'title_en = "Learning', 'title_en = "Edited: learning', SHOWING, {"report"}),
    ("pipeline/stats/density.py", '"""Gaussian', '"""Normal', {"description"}, set()),
    ("pipeline/register/spells.py", '"""From weekly', '"""Out of weekly', {"outcomes"}, set()),
    ("pipeline/show/tables.py", '"""', '"""A table. ', {"tables", "report", "published"}, set()),
]


@pytest.mark.parametrize(("name", "before", "after", "stages", "changed"), EDITS, ids=[edit[0] for edit in EDITS])
def test_an_edit_runs_what_depends_on_it_and_stops_where_nothing_changed(
    built_project, name, before, after, stages, changed
):
    built_project.edit(name, before, after)
    ran = built_project.built("all")
    built_project.edit(name, after, before)
    built_project.built("all")
    assert set(ran) == stages
    assert {stage for stage, said in ran.items() if said != "nothing changed"} == changed


@pytest.mark.parametrize(
    ("name", "stages"),
    [
        ("reports/twin/figures/figure_3_2.png", {"figures"}),
        ("data_derived/twin/shares.parquet", {"outcomes", "itt", "subgroups", "mechanisms", "robustness", "prognosis"}),
        ("data_derived/twin/runs/itt.json", {"itt"}),
    ],
)
def test_a_deleted_file_is_made_again_and_only_what_reads_it_looks_again(built_project, name, stages):
    before = built_project.hashes()
    (built_project.folder / name).unlink()
    assert set(built_project.built("all")) == stages
    assert built_project.hashes() == before


def test_the_language_of_the_exhibits_stays_until_another_is_asked_for(built_project):
    before = built_project.hashes()
    assert set(built_project.built("all", "LANGUAGE=da")) == SHOWING
    page = (built_project.folder / "reports/twin/index.html").read_text(encoding="utf-8")
    assert 'lang="da"' in page
    assert "yntetisk" in page
    danish = built_project.hashes()
    assert set(built_project.built("all")) == set()
    traced = built_project.make("trace", "ID=figure_3_2/all/employment/81")
    assert ("as shown" in traced.stdout, traced.returncode) == (True, 0)
    refused = built_project.make("all", "LANGUAGE=xx")
    assert refused.returncode == 2
    assert "Say LANGUAGE=en or LANGUAGE=da" in refused.stderr
    assert built_project.hashes() == danish
    assert set(built_project.built("all", "LANGUAGE=en")) == SHOWING
    assert built_project.hashes() == before


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("reports/twin/tables/table_3_1.html", "Delete it and run make all"),
        ("config/exhibits.toml", "Say touch config/exhibits.toml, then make all"),
    ],
)
def test_a_file_changed_behind_the_back_of_make_is_named_with_its_remedy(built_project, name, remedy):
    path, before = built_project.folder / name, built_project.hashes()
    content, date = path.read_bytes(), path.stat().st_mtime
    assert built_project.make("check").returncode == 0
    path.write_bytes(content + b"\n")
    os.utime(path, (date, date))
    assert built_project.built("all") == {}
    result = built_project.make("check")
    assert result.returncode == 2
    assert f"error: {name}: not the file that its record holds. {remedy}" in result.stderr
    path.unlink()
    if name.startswith("config"):
        path.write_bytes(content)
    built_project.built("all")
    assert built_project.make("check").returncode == 0
    assert built_project.hashes() == before


def test_a_change_in_a_received_file_is_refused_and_nothing_is_lost(built_project):
    before = built_project.hashes()
    path = built_project.folder / "data_raw/twin/dream.csv"
    content = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(content + b"\n")
    result = built_project.make("all")
    assert result.returncode == 2
    assert "its SHA-256 is" in result.stderr
    assert "Traceback" not in result.stderr
    path.write_bytes(content)
    built_project.built("all")
    assert built_project.hashes() == before


def test_an_interrupted_build_continues_to_the_same_bytes(built_project, tmp_path):
    project = Project(tmp_path)
    generator = random.Random(20141031)
    for blow in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL, signal.SIGKILL):
        command = ["make", "-j2", "all", f"PYTHON={sys.executable}"]
        run = subprocess.Popen(
            command,
            cwd=tmp_path,
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(generator.uniform(1, 6))
        os.killpg(run.pid, blow)
        run.wait()
        leftovers = [path for path in Path(tmp_path).rglob("*.parquet") if path.stat().st_size == 0]
        assert not leftovers
    project.built("all")
    assert project.hashes() == built_project.hashes()
