"""Time the build of the synthetic trial: cold, with nothing to do, and after one edited line; and its memory."""

from __future__ import annotations

import re
import resource
import subprocess
import sys
import time
from pathlib import Path

MODELS = Path("config/models.toml")
REPEATS = 5


def make(*arguments: str) -> tuple[float, str]:
    """Run make with these arguments and return its wall time in seconds and what it printed."""
    started = time.perf_counter()
    command = ["make", "-j2", *arguments, f"PYTHON={sys.executable}"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return time.perf_counter() - started, result.stdout


def main() -> None:
    """Print the table that the README quotes; every ratio is to the cold build of the same run."""
    make("twin")
    make("clean")
    make("data_derived/twin/runs/twin.json")
    cold, said = make("all")
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    idle = min(make("all")[0] for _ in range(REPEATS))
    edited = _after_one_edit()
    print("| build of the synthetic trial (make -j2 all) | seconds | of the cold build |\n|---|---|---|")
    for name, seconds in (
        ("cold, from the raw files", cold),
        ("nothing to do", idle),
        ("one line of models.toml", edited),
    ):
        print(f"| {name} | {seconds:.2f} | {seconds / cold:.2f} |")
    print(f"\nlargest process: {memory:.0f} MB\n\n| stage | seconds |\n|---|---|")
    for stage, seconds in re.findall(r"^(\w+) +([\d.]+) s  ", said, re.MULTILINE):
        print(f"| {stage} | {seconds} |")


def _after_one_edit() -> float:
    """Seconds to rebuild after a comment is added to config/models.toml; the file is put back."""
    text = MODELS.read_text(encoding="utf-8")
    try:
        MODELS.write_text(f"# edited\n{text}", encoding="utf-8")
        return make("all")[0]
    finally:
        MODELS.write_text(text, encoding="utf-8")
        make("all")


if __name__ == "__main__":
    main()
