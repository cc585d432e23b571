"""A folder in which faults are done to a build, and what may come of one: the same bytes, or a named error before them.

A Place is a copy of the project. What an undisturbed build of the same files makes is known by its hashes; after every
fault, and after what was changed is put back where it has to be, the next build must make these bytes.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.projects import environment

BUILT = ("data_raw", "data_derived", "reports")
# What tells when something was asked, written or imported, and what a command that was not asked again left.
OF_THE_TIME = {"trace", ".known", ".imported", "verified"}
NOBODY = 65534
LONGEST = 900.0  # seconds after which a make that has not ended is a failure
SAME, NAMED = "same", "named"


@dataclass(frozen=True)
class Outcome:
    """What came of one fault: SAME bytes, NAMED and the same bytes after mending, or in words what failed."""

    kind: str
    what: str
    how: str


@dataclass(frozen=True)
class Said:
    """How a make ended, and all that it said."""

    status: int
    text: str

    def traceback(self) -> str:
        """The traceback that was said, on one line; '' if none was."""
        found = self.text.partition("Traceback")[2].splitlines()
        return f"a traceback: {' | '.join(line.strip() for line in found)[:400]}" if found else ""

    def fault(self) -> str:
        """What is wrong with the way it ended, in words; '' for success, and for an error that is named."""
        if fault := self.traceback():
            return fault
        if self.status not in (0, 2):
            return f"it ended with {self.status}"
        return "" if self.status == 0 or "error: " in self.text or "***" in self.text else "it says no error"


@dataclass
class Place:
    """A copy of the project, made by `user` where one is named."""

    folder: Path
    user: int | None = None
    limits: Callable[[], None] | None = None
    extract: str = "twin"
    command: list[str] = field(default_factory=lambda: ["make", "-j2", f"PYTHON={sys.executable}"])

    def fill(self, source: Path) -> None:
        """Become a copy of another folder, whatever was here before."""
        if self.folder.exists():
            subprocess.run(["chmod", "-R", "u+rwX", str(self.folder)], check=True)
        for path in self.folder.glob("*") if self.folder.exists() else []:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        self.folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-a", f"{source}/.", str(self.folder)], check=True)
        if self.user is not None:
            subprocess.run(["chown", "-R", f"{self.user}:{self.user}", str(self.folder)], check=True)

    def start(self, *asked: str) -> subprocess.Popen[str]:
        """Begin a make in a group of processes of its own."""
        is_other = self.user is not None
        return subprocess.Popen(
            [*self.command, *asked, f"EXTRACT={self.extract}"],
            cwd=self.folder,
            env=environment() | ({"HOME": str(self._home())} if is_other else {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=self.limits,
            user=self.user,
            group=self.user,
            extra_groups=[] if is_other else None,
        )

    def _home(self) -> Path:
        """A folder beside, for what libraries keep of the user."""
        home = self.folder.with_name(f"{self.folder.name}_home")
        home.mkdir(exist_ok=True)
        os.chown(home, self.user or 0, self.user or 0)
        return home

    def make(self, *asked: str) -> Said:
        """Run a make to its end."""
        return self.end(self.start(*asked))

    def must(self, *asked: str) -> None:
        """Run a make that has to succeed; RuntimeError with what it said if it does not."""
        said = self.make(*asked)
        if said.status:
            raise RuntimeError(f"make {' '.join(asked)}: {said.text}")

    def end(self, run: subprocess.Popen[str]) -> Said:
        """Wait for a make and every process that it left."""
        return self.end_all(run)[0]

    def end_all(self, *runs: subprocess.Popen[str]) -> list[Said]:
        """The same of makes at once in this folder."""
        texts = [run.communicate(timeout=LONGEST)[0] for run in runs]
        self.wait_for_all()
        return [Said(run.returncode, text) for run, text in zip(runs, texts, strict=True)]

    def wait_for_all(self) -> None:
        """Wait until no process works in the folder; TimeoutError after half a minute."""
        until = time.monotonic() + 30
        while processes := _working_in(self.folder):
            if time.monotonic() > until:
                raise TimeoutError(f"processes are left: {processes}")
            time.sleep(0.05)

    def hashes(self) -> dict[str, str]:
        """SHA-256 of every file that make built, by its path."""
        files = [path for top in BUILT for path in (self.folder / top).rglob("*")]
        return {
            str(path.relative_to(self.folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in files
            if path.is_file() and not OF_THE_TIME & {*path.relative_to(self.folder).parts} and not _tells_time(path)
        }

    def unsound(self, *wanted: Mapping[str, str]) -> str:
        """A file under a name of the build that no undisturbed build made, in words; '' if there is none."""
        for path, sha256 in self.hashes().items():
            is_own = path.endswith(".part") or ".warm." in path  # the next build removes or writes over it
            if not is_own and all(hashes.get(path) != sha256 for hashes in wanted):
                return f"{path} is neither the file before nor the one after"
        return ""

    def differs(self, wanted: Mapping[str, str]) -> str:
        """How the build differs from an undisturbed one, in words; '' if every byte is the same."""
        now = self.hashes()
        if now == wanted:
            return ""
        names = sorted(path for path in {*now, *wanted} if now.get(path) != wanted.get(path))
        return f"{len(names)} files differ, first {names[0]}"


def _tells_time(path: Path) -> bool:
    """Whether a record is of a stage that read how many seconds make verify took."""
    return path.parent.name == "runs" and path.suffix == ".json" and b"/verified/verified.json" in path.read_bytes()


def _working_in(folder: Path) -> list[str]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (process / "cwd").readlink() == folder:
                found.append((process / "cmdline").read_text().replace("\0", " ")[:120])
    return found


def judge(
    kind: str, what: str, place: Place, said: Said, mend: Callable[[], None] | None, wanted: Mapping[str, str]
) -> Outcome:
    """The outcome of a fault of which make `said` something; `mend` puts back what was changed, for a last make.

    Where nothing has to be put back (None), a make that succeeds has made the bytes of an undisturbed one.
    """
    if fault := said.fault():
        return Outcome(kind, what, fault)
    differs = place.differs(wanted)
    if said.status == 0 and (not differs or mend is None):
        return Outcome(kind, what, differs or SAME)
    if mend is not None:
        mend()
    again = place.make("all")
    if again.status or (fault := place.differs(wanted)):
        return Outcome(kind, what, fault or f"not built after mending: {again.text.strip()[-160:]}")
    return Outcome(kind, what, NAMED if said.status else SAME)


def is_root() -> bool:
    """Whether disks can be mounted and another user be here."""
    return os.geteuid() == 0


def may_be_another() -> bool:
    """Whether another user can run this Python."""
    command = [sys.executable, "-I", "-c", "import pandas"]
    try:
        return is_root() and not subprocess.run(command, user=NOBODY, extra_groups=[], check=False).returncode
    except PermissionError:
        return False
