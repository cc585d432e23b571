"""A copy of the project in a folder of its own, built with the environment of the tests."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.projects import copy_working_tree, environment

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


class Project:
    """A working copy: what git tracks, and what make builds from it."""

    def __init__(self, folder: Path, built: Project | None = None) -> None:
        self.folder = folder
        if built is None:
            copy_working_tree(folder)
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
        lines = [line.split(None, 3) for line in result.stdout.splitlines()]
        return {line[0]: line[3] for line in lines if len(line) == 4 and line[0] in STAGES}

    def hashes(self) -> dict[str, str]:
        """SHA-256 of every file that make built."""
        files = [path for top in ("data_raw", "data_derived", "reports") for path in (self.folder / top).rglob("*")]
        return {
            str(path.relative_to(self.folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in files
            if path.is_file() and "trace" not in path.parts and path.name != ".known"  # which tells inodes and times
        }

    def edit(self, name: str, before: str, after: str) -> None:
        """Replace a text that the file must hold."""
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert before in text, f"{name} does not hold {before!r}"
        path.write_text(text.replace(before, after, 1), encoding="utf-8")


@pytest.fixture(scope="session")
def built_project(tmp_path_factory) -> Project:
    """A clean build with one job."""
    project = Project(tmp_path_factory.mktemp("one_job"))
    project.built("all", "-j1")
    return project


@pytest.fixture
def built_copy(built_project, tmp_path) -> Project:
    """A copy of that build, to be changed."""
    return Project(tmp_path / "copy", built_project)
