"""Every command, file and folder that the documents name exists."""

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

DOCUMENTS = [Path("README.md"), Path("CONTRIBUTING.md"), Path("CHANGELOG.md"), *sorted(Path("docs").rglob("*.md"))]
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
    tops = r"\.ci|config|pipeline|calibration|tests|docs|data_raw|benchmarks|examples"
    named = re.findall(rf"`((?:{tops})/[\w./-]+|[\w-]+\.(?:yml|lock|cff))`", text)
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


def map_of_the_readme() -> tuple[dict[str, str], dict[str, str]]:
    """What the README says of each path at the top, and of each room and module of pipeline/, in its order."""
    text = re.search(r"```\n(Makefile .*?)```", Path("README.md").read_text(encoding="utf-8"), re.DOTALL).group(1)
    top, inside = (dict(re.findall(rf"^{indent}([\w./]+) +(\S.*)$", text, re.MULTILINE)) for indent in ("", "  "))
    return top, inside


def sentence(path: Path) -> str:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    return " ".join(docstring.split("\n\n")[0].split())


def test_the_map_of_the_readme_gives_each_room_its_own_sentence():
    rooms = {f"{path.parent.name}/": sentence(path) for path in Path("pipeline").glob("*/__init__.py")}
    modules = {path.name: sentence(path) for path in Path("pipeline").glob("*.py") if path.stem != "__init__"}
    top, inside = map_of_the_readme()
    assert inside == rooms | modules
    assert top["pipeline/"] == sentence(Path("pipeline/__init__.py"))


def test_the_map_of_the_readme_names_every_folder_of_the_project_and_stands_in_the_order_of_imports():
    listed = subprocess.run(["git", "ls-files", "-z"], capture_output=True, text=True, check=True).stdout.split("\0")
    folders = {f"{name.split('/')[0]}/" for name in listed if "/" in name and not name.startswith(".")}
    top, inside = map_of_the_readme()
    assert folders <= set(top)
    assert not [name for name in top if not name.startswith(MADE) and not Path(name).exists()]
    contracts = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    layers = [layer for contract in contracts if contract.get("containers") for layer in contract["layers"]]
    order = [room for layer in layers for room in layer.split(" | ")]
    assert [name.removesuffix("/").removesuffix(".py") for name in inside] == order
