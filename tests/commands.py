"""Stages run as the build runs them, and what a refusal has to look like."""

import re
import subprocess
import sys
from pathlib import Path

PERSON_NUMBER = re.compile(r"\b\d{10}\b")


def run_stage(
    name: str, inputs: list[Path], outputs: list[str], target: Path, others: tuple[Path, ...] = ()
) -> subprocess.CompletedProcess[str]:
    paths = [target / f"{output}.parquet" for output in outputs]
    command = [
        sys.executable,
        "-m",
        "pipeline.runner.stage",
        name,
        "--in",
        *inputs,
        "--with",
        *others,
        "--out",
        *paths,
        "--record",
        target / "r.json",
    ]
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)


def require_one_message(result: subprocess.CompletedProcess[str], message: str, target: Path) -> None:
    assert result.returncode == 2, result.stderr
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.stderr
    assert re.search(message, result.stderr), result.stderr
    assert not PERSON_NUMBER.search(result.stderr), "a person's number in an error"
    assert not target.exists() or not list(target.iterdir()), "something was written"
