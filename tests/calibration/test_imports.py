"""The fit can be run, and the pipeline holds none of it; what either may import is held by make lint."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

MODULES = sorted(path for path in Path("calibration").rglob("*.py") if path.stem not in ("__init__", "__main__"))


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_every_module_of_the_fit_can_be_imported(path):
    importlib.import_module(".".join(path.with_suffix("").parts))


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
