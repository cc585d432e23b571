"""What came of the faults that were done already, so that a run of all of them may be stopped and go on later."""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import astuple
from pathlib import Path

from benchmarks.faults.place import Outcome

RESTS_ON = (
    "Makefile",
    "requirements.lock",
    "pipeline/**/*",
    "config/**/*",
    "data_raw/published/*",
    "benchmarks/faults/*",
)


class Kept:
    """The outcomes of each job in a file, a line a job after the SHA-256 of the code that they are of."""

    def __init__(self, path: Path) -> None:
        """Read what was kept of the code as it is now; what was kept of other code is dropped."""
        self.path, self.outcomes, self._writing = path, dict[str, list[Outcome]](), threading.Lock()
        code = _digest()
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        if lines[:1] == [code]:
            for name, outcomes in map(json.loads, lines[1:]):
                self.outcomes[name] = [Outcome(*one) for one in outcomes]
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"{code}\n", encoding="utf-8")

    def keep(self, name: str, outcomes: list[Outcome]) -> list[Outcome]:
        """Write down what came of a job, and return it."""
        with self._writing, self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps([name, [astuple(one) for one in outcomes]]) + "\n")
        return outcomes


def _digest() -> str:
    found = hashlib.sha256()
    for path in sorted({path for pattern in RESTS_ON for path in Path().glob(pattern)}):
        if path.is_file() and path.suffix != ".pyc":
            found.update(f"{path}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return found.hexdigest()
