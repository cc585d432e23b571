"""A copy of the project in a folder of its own, built with the environment of the tests."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from benchmarks.projects import copy_working_tree, environment
from pipeline.runner.imported import NOTES
from pipeline.runner.records import read_record, write_record

STAGES = [
    "twin",
    "ingest",
    "sample",
    "survey",
    "outcomes",
    "estimates-1",
    "estimates-2",
    "shown",
    "tables",
    "figures-1",
    "figures-2",
]
STAGES += ["panels", "provenance", "report", "published"]
OF_THE_TIME = {"trace", ".known", NOTES}  # what tells when something was asked, written or imported
TELLING = ("provenance", "report")  # the stages that read records
FEW_DRAWS = "draws = 99"  # of the lot: what is tested here is the build, not what it draws


def stages_in(output: str) -> dict[str, str]:
    """The stages of which make told that they ran, and what it said of each."""
    lines = [line.split(None, 3) for line in output.splitlines()]
    return {line[0]: line[3] for line in lines if len(line) == 4 and line[0] in STAGES}


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


class Project:
    """A working copy: what git tracks, and what make builds from it."""

    def __init__(self, folder: Path, built: Project | None = None) -> None:
        self.folder = folder
        if built is None:
            copy_working_tree(folder)
            for study in ("config", "examples/rossi"):
                self.edit(f"{study}/study.toml", "draws = 9999", FEW_DRAWS)
        else:
            shutil.copytree(built.folder, folder, dirs_exist_ok=True)

    def make(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run make in the copy; the result has what it printed."""
        command = ["make", *arguments, f"PYTHON={sys.executable}"]
        return subprocess.run(command, cwd=self.folder, env=environment(), capture_output=True, text=True, check=False)

    def built(self, *arguments: str) -> dict[str, str]:
        """Run make, which must succeed, and tell each stage that ran and what it said."""
        result = self.make(*arguments)
        assert result.returncode == 0, result.stdout + result.stderr
        return stages_in(result.stdout)

    def hashes(self) -> dict[str, str]:
        """SHA-256 of every file that make built."""
        files = [path for top in ("data_raw", "data_derived", "reports") for path in (self.folder / top).rglob("*")]
        return {
            str(path.relative_to(self.folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in files
            if path.is_file() and not OF_THE_TIME & {*path.parts}
        }

    def take_built(self) -> None:
        """Take over what make built of the synthetic trial in the tree, and the dates it goes by.

        The records tell the commit, which a folder outside git has not: they become what they are there, and what
        tells of them is to be made again.
        """
        for path in self.folder.rglob("*"):
            shutil.copystat(path.relative_to(self.folder), path)
        now, runs = time.time_ns(), Path("data_derived/twin/runs")
        for folder in (runs.parent, Path("data_raw/twin")):
            (self.folder / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copytree(runs / NOTES, self.folder / runs / NOTES)
        for path in runs.glob("*.json"):
            record = read_record(path)
            if path.stem in TELLING:
                continue
            for name in (*record["inputs"], *record["outputs"]):
                if not (self.folder / name).exists():
                    (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(name, self.folder / name)
            write_record(self.folder / path, record | {"ran": record["ran"] | {"commit": "", "is_clean": None}})
            os.utime(self.folder / path, ns=(now, now))
        for top in ("data_raw", "data_derived"):
            (self.folder / top / "twin").chmod(0o700)

    def edit(self, name: str, before: str, after: str) -> None:
        """Replace a text that the file must hold."""
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert before in text, f"{name} does not hold {before!r}"
        path.write_text(text.replace(before, after, 1), encoding="utf-8")


@pytest.fixture(scope="session")
def built_project(tmp_path_factory) -> Project:
    """The tree as make test built it before, in a folder of its own, with its report in English."""
    project = Project(tmp_path_factory.mktemp("built"))
    project.take_built()
    project.built("all", "LANGUAGE=en")
    return project


@pytest.fixture
def built_copy(built_project, tmp_path) -> Project:
    """A copy of that build, to be changed."""
    return Project(tmp_path / "copy", built_project)
