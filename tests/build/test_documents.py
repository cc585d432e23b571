"""Every command, file and folder that the documents name exists."""

import re
import subprocess
from pathlib import Path

import pytest

DOCUMENTS = [Path("README.md"), Path("CONTRIBUTING.md"), *sorted(Path("docs").rglob("*.md"))]
MADE = ("data_derived", "reports", "data_raw/2018q2", "data_raw/twin")


def targets() -> set[str]:
    text = Path("Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z]+):", text, re.MULTILINE))


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_make_target_in_the_documents_exists(document):
    commands = re.findall(r"`make ([a-z]+)|^make ([a-z]+)", document.read_text(encoding="utf-8"), re.MULTILINE)
    named = {first or second for first, second in commands}
    assert named <= targets()


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_path_in_the_documents_exists(document):
    text = document.read_text(encoding="utf-8")
    named = re.findall(r"`((?:config|pipeline|tests|docs|data_raw|benchmarks)/[\w./-]+)`", text)
    absent = [name for name in named if not name.startswith(MADE) and not Path(name).exists()]
    assert not absent
    links = re.findall(r"\]\((?!http)([^)#]+)\)", text)
    assert not [link for link in links if not (document.parent / link).exists()]


def test_make_help_lists_every_public_target():
    said = subprocess.run(["make", "help"], capture_output=True, text=True, check=True).stdout
    phony = re.search(r"^\.PHONY: (.*)$", Path("Makefile").read_text(encoding="utf-8"), re.MULTILINE).group(1).split()
    for target in phony:
        assert target == "FORCE" or f"make {target} " in said


def test_the_ci_script_calls_the_commands_of_the_readme():
    script = Path(".ci/run").read_text(encoding="utf-8")
    commands = re.search(r"```\n(.*?)```", Path("README.md").read_text(encoding="utf-8"), re.DOTALL).group(1)
    for command in commands.splitlines():
        assert command in script
