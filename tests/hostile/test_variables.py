"""Whatever a variable of the Makefile, a setting that it reads, or a name of a file holds: nothing of it is run."""

import re
import subprocess
from pathlib import Path

import pytest

from benchmarks.projects import environment
from tests.build.conftest import Project
from tests.hostile.values import COMMANDS

BY_ENVIRONMENT = ("ID", "PERSON", "SET", "FORMAT", "REASON", "ENGINE", "BEFORE", "RELEASE")
CHECKED = ("EXTRACT", "STUDY", "LANGUAGE", "FROM", "CHECKOUT", "PYTHON", "BASE_PYTHON", "RAW", "SHELLS", "DERIVED")
# A Python that says what it was given: each argument, and the variables, between signs that no value holds.
TELLS = """#!/bin/sh
case "$*" in *look.py*) exit 0;; esac
for argument; do printf '\\001%s\\002' "$argument"; done
printf '\\003%s\\002' "$ID" "$PERSON" "$SET" "$FORMAT" "$REASON" "$ENGINE" "$BEFORE" "$RELEASE"
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A copy of the project, nothing built, with a Python that tells."""
    folder = tmp_path_factory.mktemp("hostile")
    Project(folder)
    (folder / "tells").write_text(TELLS)
    (folder / "tells").chmod(0o755)
    return folder


def make(folder: Path, *asked: str, handed: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    given = environment() | (handed or {})
    result = subprocess.run(["make", *asked], cwd=folder, env=given, capture_output=True, text=True, check=False)
    forged = (folder / "forged").exists()
    (folder / "forged").unlink(missing_ok=True)
    assert not forged, f"{asked} ran a command"
    return result


@pytest.mark.parametrize("value", COMMANDS)
def test_a_variable_reaches_its_program_as_it_was_typed_or_is_refused(project, value):
    told = make(project, "trace", "PYTHON=./tells", *(f"{name}={value}" for name in BY_ENVIRONMENT))
    assert re.findall("\003([^\002]*)\002", told.stdout) == [value] * len(BY_ENVIRONMENT), told.stderr
    new = make(project, "new", "PYTHON=./tells", "EXTRACT=x", f"FROM={value}")
    assert re.findall("\001([^\002]*)\002", new.stdout)[-2:] == ["--from", value], new.stderr


@pytest.mark.parametrize("name", CHECKED)
def test_a_variable_that_make_itself_reads_is_a_plain_name_or_refused(project, name):
    for value in COMMANDS:
        refused = make(project, "diff", *([] if name == "PYTHON" else ["PYTHON=./tells"]), f"{name}={value}")
        assert (refused.returncode, refused.stdout) == (2, ""), value
        assert re.match(r"Makefile:\d+: \*\*\* ", refused.stderr), refused.stderr


@pytest.mark.parametrize("value", COMMANDS)
def test_a_variable_of_the_environment_is_no_command(project, value):
    own = set(re.findall(r"[A-Z][A-Z_]+", Path("Makefile").read_text(encoding="utf-8"))) - {*CHECKED, "PATH", "SHELL"}
    free = {name: value for name in {*own, *BY_ENVIRONMENT, "LANGUAGE"} if not name.startswith(("MAKE", "LC_"))}
    assert make(project, "trace", "PYTHON=./tells", handed=free).returncode == 0
    for name in ("EXTRACT", "STUDY", "PYTHON"):
        assert make(project, "diff", handed={name: value}).returncode == 2


# By what make reads of a file: the file, and what of it becomes the value.
READ = {
    "a received file": ("data_raw/x/extract.toml", '[files.register]\npath = "VALUE"\n'),
    "a stage": ("config/models.toml", 'stage = "VALUE"\n'),
    "a language": ("config/exhibits.toml", 'languages = ["en", "VALUE"]\n'),
    "an exhibit": ("config/exhibits.toml", "[table_VALUE]\n"),
    "the study of a build": ("data_derived/x/study.txt", "VALUE\n"),
    "the language of a build": ("data_derived/x/language.toml", 'language = "VALUE"\n'),
    "what a build has in other languages": ("data_derived/x/editions.txt", "VALUE\n"),
}


@pytest.mark.parametrize("what", READ)
def test_what_make_reads_of_a_file_is_no_command(project, what):
    name, text = READ[what]
    path = project / name
    before = path.read_bytes() if path.exists() else None
    path.parent.mkdir(parents=True, exist_ok=True)
    for values in (COMMANDS, COMMANDS[:1]):
        lines = [text.replace("VALUE", value).encode() for value in values]
        path.write_bytes(b"".join([before or b"", *lines]))
        for asked in (("report",), ("diff", "FROM=x")):
            make(project, *asked, "PYTHON=./tells", "EXTRACT=x")
            make(project, *asked, "PYTHON=./tells", "EXTRACT=x", "--dry-run", "--always-make")
    path.unlink()
    if before is not None:
        path.write_bytes(before)


def test_the_name_of_a_file_is_no_command(project):
    names = [value for value in COMMANDS if "/" not in value and "\0" not in value]
    folders = ["config", "config/population", "data_raw/x", "data_derived/x/runs", "reports/x", "pipeline/population"]
    made = []
    for folder in folders:
        (project / folder).mkdir(parents=True, exist_ok=True)
        for value in names:
            for suffix in (".json", ".toml", ".py", ""):
                path = project / folder / f"{value}{suffix}"
                path.write_text("")
                made.append(path)
    for asked in ("all", "report", "clean", "check", "why"):
        make(project, asked, "PYTHON=./tells", "EXTRACT=x")
    for path in made:
        path.unlink(missing_ok=True)
