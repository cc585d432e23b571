"""What pip install gives: the package with all its files, which works away from the project's folder."""

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.build.conftest import Project

PACKAGES = ("pipeline", "calibration")
TWIN = ["allocation.csv", "baseline_survey.csv", "dream.csv", "extract.toml", "followup_survey.csv", "targets.csv"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> zipfile.ZipFile:
    """The package as built from a clone, with what runs of its modules leave beside them."""
    project = Project(tmp_path_factory.mktemp("clone"))
    left = project.folder / "pipeline/show/__pycache__/page.cpython-311.pyc"
    left.parent.mkdir()
    left.touch()
    code = "import setuptools.build_meta as backend; backend.build_wheel('built')"
    subprocess.run([sys.executable, "-c", code], cwd=project.folder, capture_output=True, check=True)
    with zipfile.ZipFile(next((project.folder / "built").glob("*.whl"))) as archive:
        yield archive


def test_the_package_holds_every_file_of_its_folders_and_nothing_else(wheel):
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", *PACKAGES], capture_output=True, check=True
    )
    files = {name for name in listed.stdout.decode().splitlines() if Path(name).exists()}
    assert {Path(name).suffix for name in files} > {".py", ".csv", ".j2", ".css", ".ttf"}
    packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert packed == files
    assert any(name.endswith("/licenses/LICENSE") for name in wheel.namelist())


def test_the_installed_package_writes_the_synthetic_trial_in_any_folder(wheel, tmp_path):
    wheel.extractall(tmp_path / "installed")
    here = tmp_path / "elsewhere"
    here.mkdir()
    command = [sys.executable, "-m", "pipeline.runner.stage", "twin", "--out", *TWIN, "--record", "record.json"]
    paths = {**os.environ, "PYTHONPATH": str(tmp_path / "installed")}
    subprocess.run(command, cwd=here, env=paths, capture_output=True, check=True)
    for name in TWIN:
        assert (here / name).read_bytes() == Path("data_raw/twin", name).read_bytes()
    assert "../installed/pipeline/twin/files.py" in (here / "record.json").read_text(encoding="utf-8")


def test_the_change_log_and_the_citation_name_the_version_of_the_package():
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    released = re.search(r"^## \[(.+?)\] - (\S+)$", Path("CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    citation = dict(
        re.findall(r'^([\w-]+): "?(.+?)"?$', Path("CITATION.cff").read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert (citation["version"], citation["date-released"]) == released.groups()
    assert project["version"] == released[1]
    assert citation["license"] == project["license"]
