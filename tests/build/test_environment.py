"""The descriptions of the environment say the same, and a Python that is not up to it is told so in one sentence."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import pipeline
from tests.build.conftest import Project, environment

COMMANDS = [
    ".".join(path.with_suffix("").parts)
    for package in ("pipeline", "calibration")
    for path in sorted(Path(package).rglob("*.py"))
    if '__name__ == "__main__"' in path.read_text(encoding="utf-8")
]
# An interpreter with no package but its own, and one that takes itself for an older Python and is given -c CODE alone.
OTHER_MODULE = {"python-docx": "docx"}  # a package whose module does not have the first word of its name
BARE = f'exec "{sys.executable}" -S "$@"'
OLDER = "import sys; sys.version, sys.version_info = '3.10.4', (3, 10, 4); exec(sys.argv[sys.argv.index('-c', 1) + 1])"
OLD = f'exec "{sys.executable}" -c "{OLDER}" "$@"'


def test_environment_yml_holds_the_pins_of_the_lock_file_and_names_make_and_python():
    lock = re.findall(r"^([a-z0-9][^\\\n]*?) \\$", Path("requirements.lock").read_text(), re.MULTILINE)
    environment = Path("environment.yml").read_text()
    pins = re.findall(r"^      - (.+)$", environment, re.MULTILINE)
    assert pins == lock
    assert re.search(r"^  - python=3\.\d+$", environment, re.MULTILINE)
    assert re.search(r"^  - make$", environment, re.MULTILINE)


def test_every_pin_is_exact_and_pandas_stays_below_3():
    pins = dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", Path("requirements.lock").read_text(), re.MULTILINE))
    assert int(pins["pandas"].split(".")[0]) < 3
    assert pins["lifelines"] == "0.30.3"
    assert all(name.replace("-", "").replace(".", "").isalnum() for name in pins)


def test_the_package_asks_for_what_it_depends_on():
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = [re.match(r"[a-z0-9-]+", one).group() for one in project["dependencies"]]
    assert [OTHER_MODULE.get(name, name.partition("-")[0]) for name in names] == pipeline.REQUIRED
    assert project["requires-python"] == ">=3.11"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_refuses_a_python_without_the_packages_in_one_sentence(command):
    result = subprocess.run([sys.executable, "-S", "-m", command], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (2, "")
    assert re.fullmatch(r"error: \S+ lacks duckdb, .*, typst: leave out PYTHON=, and .*\n", result.stderr)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory) -> Project:
    """A clone in which nothing is built, beside two interpreters that cannot build it."""
    folder = tmp_path_factory.mktemp("fresh")
    for name, script in (("bare", BARE), ("old", OLD)):
        (folder / name).write_text(f"#!/bin/sh\n{script}")
        (folder / name).chmod(0o755)
    return Project(folder / "clone")


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (["all", "PYTHON=../bare"], r"error: \S+ lacks duckdb, .*leave out PYTHON=, and make builds an environment.*"),
        (["all", "PYTHON=../old"], r"error: \S+ is Python 3\.10\.4, older than 3\.11: leave out PYTHON=, and .*"),
        (
            ["all", "PYTHON=.venv/bin/python", "BASE_PYTHON=../old"],
            r"error: \S+ is Python 3\.10\.4, older .* BASE_PYTHON=.*",
        ),
    ],
    ids=["bare", "old", "old for .venv"],
)
def test_make_says_in_one_sentence_what_the_python_lacks_and_builds_nothing(fresh, asked, sentence):
    command = ["make", "-j2", *asked]
    result = subprocess.run(command, cwd=fresh.folder, env=environment(), capture_output=True, text=True, check=False)
    said = [line for line in result.stderr.splitlines() if not line.startswith("make")]
    assert (result.returncode, result.stdout, len(said)) == (2, "", 1), result.stderr
    assert re.fullmatch(sentence, said[0])
    assert not [name for name in (".venv", "data_raw/twin", "reports") if (fresh.folder / name).exists()]
