"""R, in which a test repeats an estimate: .ci/run installs and demands it, elsewhere its absence is a named skip."""

import subprocess
import tempfile
from pathlib import Path

import pandas as pd

from tests.needs import require

NEEDED = "needs Rscript and its package survival: apt-get install r-base-core r-cran-survival"


def r_script(code: str, **tables: pd.DataFrame) -> subprocess.CompletedProcess[str]:
    """Run `code` with Rscript in a folder of its own that holds each table as NAME.csv, and return what it said.

    Raises FileNotFoundError without Rscript; ask `require_r` first.
    """
    with tempfile.TemporaryDirectory() as folder:
        for name, table in tables.items():
            table.to_csv(Path(folder, f"{name}.csv"), index=False)
        command = ["Rscript", "--vanilla", "-e", code]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def require_r() -> None:
    """Skip the test where R or its package survival is absent; fail it if NOTHING_SKIPPED is set, as .ci/run does."""
    try:
        present = r_script("library(survival)").returncode == 0
    except FileNotFoundError:
        present = False
    require(present, NEEDED)
