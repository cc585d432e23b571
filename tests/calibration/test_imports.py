"""What the fit and the rest may know of each other."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

MODULES = sorted(path for path in Path("calibration").rglob("*.py") if path.stem not in ("__init__", "__main__"))
KNOWN = ("calibration", "pipeline.twin", "pipeline.errors", "pipeline.storage")


def imported(path: Path) -> set[str]:
    """The project's own modules that a module imports, at its top or in a function."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    names = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    names |= {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return {name for name in names if name.split(".")[0] in ("pipeline", "calibration")}


def is_within(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == one or name.startswith(f"{one}.") for one in packages)


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_every_module_of_the_fit_can_be_imported(path):
    importlib.import_module(".".join(path.with_suffix("").parts))


def test_the_fit_knows_none_of_the_estimators_outcome_builders_or_sample_rules():
    found = {(str(path), name) for path in Path("calibration").rglob("*.py") for name in imported(path)}
    assert found
    assert [one for one in sorted(found) if not is_within(one[1], KNOWN)] == []


def test_the_pipeline_does_without_the_fit():
    found = {(str(path), name) for path in Path("pipeline").rglob("*.py") for name in imported(path)}
    assert [one for one in sorted(found) if is_within(one[1], ("calibration",))] == []


def test_the_twin_holds_no_module_that_making_it_does_not_need():
    code = (
        "import sys, pipeline.stages.twin; print(*(name for name in sys.modules if name.startswith('pipeline.twin.')))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    present = {f"pipeline.twin.{path.stem}" for path in Path("pipeline/twin").glob("*.py")} - {"pipeline.twin.__init__"}
    assert set(loaded) == present


def test_the_command_names_its_steps():
    told = subprocess.run([sys.executable, "-m", "calibration", "--help"], capture_output=True, text=True, check=True)
    assert "{dates,survey,histories,followup,declare}" in told.stdout
