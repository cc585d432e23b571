"""Copies of the project in folders of their own, and make run in them with its time, processor time and memory."""

from __future__ import annotations

import ctypes
import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

BECOME_SUBREAPER = 36  # prctl(2): processes whose parent is gone are ours, so that what they used is counted


@dataclass(frozen=True)
class Run:
    """One make: seconds of wall time, of processor time, MB of its largest process, and what it said."""

    seconds: float
    processor: float
    memory: float
    said: str


@dataclass(frozen=True)
class Project:
    """A copy of the project."""

    folder: Path

    def make(self, *arguments: str) -> Run:
        """Run make -j2 and wait for it and every process that it left; RuntimeError with what it said if it fails."""
        ctypes.CDLL(None).prctl(BECOME_SUBREAPER, 1)
        command = ["make", "-j2", *arguments, f"PYTHON={sys.executable}"]
        output, started = self.folder / ".said", time.perf_counter()
        with output.open("wb") as file:
            make = subprocess.Popen(command, cwd=self.folder, env=environment(), stdout=file, stderr=file)
        seconds, processor, memory = 0.0, 0.0, 0
        for ended, status, usage in iter(_next_end, None):
            processor, memory = processor + usage.ru_utime + usage.ru_stime, max(memory, usage.ru_maxrss)
            if ended == make.pid:
                seconds, make.returncode = time.perf_counter() - started, os.waitstatus_to_exitcode(status)
        said = output.read_text(encoding="utf-8")
        if make.returncode:
            raise RuntimeError(f"{' '.join(command)}\n{said}")
        return Run(seconds, processor, memory / 1024, said)


def copy_of(folder: Path, commit: str | None = None) -> Project:
    """The project as it stands, or as it was at a commit, in a new folder."""
    folder.mkdir()
    if commit is None:
        copy_working_tree(folder)
    else:
        archive = subprocess.run(["git", "archive", commit], capture_output=True, check=True).stdout
        subprocess.run(["tar", "-x", "-C", str(folder)], input=archive, check=True)
    return Project(folder)


def copy_working_tree(folder: Path) -> None:
    """Copy what git tracks, and what it does not know yet and does not ignore."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], capture_output=True, check=True)
    for name in filter(None, listed.stdout.decode().split("\0")):
        if Path(name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(Path(name).read_bytes())


def environment() -> dict[str, str]:
    """The environment without what an outer make, or a run of the tests, hands down."""
    told = ("LANGUAGE", "EXTRACT", "STUDY", "REASON", "BEFORE", "ID", "PERSON", "SET", "FORMAT", "FROM", "ENGINE")
    handed = (*told, "BUILDERS", "NOTHING_SKIPPED")
    return {name: value for name, value in os.environ.items() if not name.startswith("MAKE") and name not in handed}


def _next_end() -> tuple[int, int, resource.struct_rusage] | None:
    """The next process that ends with its status and what it used; None if none is left."""
    try:
        return os.wait3(0)
    except ChildProcessError:
        return None
