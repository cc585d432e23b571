"""What the project rests on: packages with hashes, in a bill of materials; data is no code."""

import ast
import importlib.metadata
import json
import re
import runpy
from pathlib import Path

import jsonschema
import pytest

from pipeline.runner.bill import write_bill

CODE = [path for top in ("pipeline", "calibration", "benchmarks", "tests", ".ci", "examples", "docs")
        for path in sorted(Path(top).rglob("*.py"))]  # fmt: skip
RUNS_DATA = {"pickle", "cPickle", "cloudpickle", "dill", "joblib", "marshal", "shelve", "yaml"}
RUNS_TEXT = {"eval", "exec", "compile", "__import__"}
METHODS = {("os", "system"), ("os", "popen"), ("pd", "read_pickle"), ("np", "load"), ("pandas", "read_pickle")}


def dangers(text: str) -> list[str]:
    """What of a module reads data as code, or a text as a command."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            found += [name for name in names if name.split(".")[0] in RUNS_DATA]
        elif isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Name) and called.id in RUNS_TEXT:
                found.append(called.id)
            elif isinstance(called, ast.Attribute):
                owner = called.value.id if isinstance(called.value, ast.Name) else ""
                if (owner, called.attr) in METHODS or called.attr == "to_pickle":
                    found.append(f"{owner}.{called.attr}")
            found += ["shell=True" for key in node.keywords if key.arg == "shell" and ast.unparse(key.value) != "False"]
    return found


def test_no_code_of_the_project_runs_data_or_text():
    assert len(CODE) > 300
    found = {str(path): dangers(path.read_text(encoding="utf-8")) for path in CODE}
    assert {name: what for name, what in found.items() if what} == {}


@pytest.mark.parametrize(
    "text",
    ["import pickle", "from joblib import load", "eval(x)", "exec(x)", "pd.read_pickle(p)", "run(x, shell=True)"],
)
def test_what_runs_data_or_text_is_found(text):
    assert dangers(text)


@pytest.mark.parametrize("lock", sorted(Path().glob("requirements*.lock")), ids=str)
def test_every_package_of_a_lock_has_a_version_and_hashes(lock):
    entries = re.split(r"\n(?=\S)", lock.read_text(encoding="utf-8").strip())
    for entry in entries:
        assert re.fullmatch(r"[a-z0-9.-]+==\S+( ; [^\\\n]+)? \\(\n +--hash=sha256:[0-9a-f]{64}( \\)?)+", entry), entry[
            :80
        ]


def test_packages_are_installed_from_a_lock_and_with_its_hashes_alone():
    scripts = [Path("Makefile"), Path(".ci/run"), Path(".ci/audit")]
    lines = [
        line for path in scripts for line in path.read_text(encoding="utf-8").splitlines() if "pip install" in line
    ]
    assert len(lines) == 3
    assert all("--require-hashes -r requirements" in line for line in lines)


ANSWERS = {
    "asked": ([{"name": "a", "version": "1", "vulns": []}], 0, "no vulnerability is known of 1 packages"),
    "not asked": (
        [{"name": "a", "skip_reason": "not found"}],
        0,
        "WERE NOT LOOKED UP: nobody could be asked of 1 of 1",
    ),
    "vulnerable": ([{"name": "a", "version": "1", "vulns": [{"id": "X-1"}]}], 1, "a has known vulnerabilities: X-1"),
    "no answer": (None, 0, "WERE NOT LOOKED UP: nobody could be asked of any packages"),
}


@pytest.mark.parametrize("packages", ANSWERS)
def test_an_audit_that_could_not_ask_says_so_and_one_that_found_something_fails(tmp_path, capsys, packages):
    given, status, said = ANSWERS[packages]
    if given is not None:
        (tmp_path / "found.json").write_text(json.dumps({"dependencies": given}))
    assert runpy.run_path(".ci/judge_audit.py")["judge"]("x.lock", tmp_path / "found.json") == status
    assert said in capsys.readouterr().out


def test_the_bill_of_materials_lists_every_package_of_the_lock_with_its_hashes_and_is_the_same_each_time():
    bill = write_bill(Path("requirements.lock").read_text(), "2.0.0")
    assert write_bill(Path("requirements.lock").read_text(), "2.0.0") == bill
    told = json.loads(bill)
    jsonschema.validate(told, SCHEMA)
    pins = dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", Path("requirements.lock").read_text(), re.MULTILINE))
    assert {part["name"]: part["version"] for part in told["components"]} == pins
    pandas = next(part for part in told["components"] if part["name"] == "pandas")
    assert pandas["purl"] == f"pkg:pypi/pandas@{importlib.metadata.version('pandas')}"
    assert pandas["licenses"] == [{"license": {"name": "BSD-3-Clause"}}] or pandas["licenses"]
    rests = {entry["ref"]: entry["dependsOn"] for entry in told["dependencies"]}
    assert any(ref.startswith("pkg:pypi/numpy@") for ref in rests[pandas["bom-ref"]])


# What CycloneDX 1.6 asks of the parts that are used here (ECMA-424).
HASH = {"type": "object", "required": ["alg", "content"], "additionalProperties": False,
        "properties": {"alg": {"const": "SHA-256"}, "content": {"pattern": "^[0-9a-f]{64}$"}}}  # fmt: skip
COMPONENT = {
    "type": "object",
    "required": ["type", "name", "version", "bom-ref"],
    "properties": {
        "type": {"enum": ["application", "library"]},
        "purl": {"pattern": "^pkg:pypi/[a-z0-9.-]+@[^@]+$"},
        "scope": {"enum": ["required", "excluded"]},
        "hashes": {"type": "array", "items": HASH},
        "licenses": {"type": "array", "items": {"type": "object", "required": ["license"]}},
    },
    "additionalProperties": True,
}
SCHEMA = {
    "type": "object",
    "required": ["bomFormat", "specVersion", "version", "metadata", "components", "dependencies"],
    "properties": {
        "bomFormat": {"const": "CycloneDX"},
        "specVersion": {"const": "1.6"},
        "metadata": {"type": "object", "properties": {"component": COMPONENT}},
        "components": {"type": "array", "items": COMPONENT, "minItems": 50},
        "dependencies": {"type": "array", "items": {"type": "object", "required": ["ref", "dependsOn"]}},
    },
}
