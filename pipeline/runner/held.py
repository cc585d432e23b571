"""One lock for one extract: who writes there holds it, and a note beside the records says who that is.

The lock is the kernel's, on the folder of records, so it ends with the process that holds it, however that ends, and
a note whose lock nobody holds is of no account. Where the file system knows no locks the note alone decides. The
scripts of this folder load this file by its path: a copy of the warm process has no module of the project.
"""

import fcntl
import os
import pwd
import time
from pathlib import Path

NOTE = ".warm.holder"  # in the folder of records: process, user, host and since when, a line each
BUILDERS = "BUILDERS"  # the variable with the process of this make and of those that it was started by
LONGEST_END = 5.0  # seconds that the processes of a make may take to end after it
STALE = " If nobody is, delete {note}."  # where a lock cannot tell

Note = tuple[str, str, str, str]


class HeldError(Exception):
    """Somebody else has the extract: the message says who."""


def hold(runs: Path) -> bool:
    """Hold the extract whose records are in `runs` while this process or a copy of it lives; HeldError if it is held.

    False if a make that started this one holds it: then it is held for this one too. OSError if the folder cannot be
    opened or the note not be written.
    """
    if _wait(runs) is None:
        return False
    own = (_own() or [str(os.getpid())])[-1], _user(), os.uname().nodename, time.strftime("%Y-%m-%d %H:%M:%S")
    (runs / NOTE).write_text("".join(f"{line}\n" for line in own), encoding="utf-8")
    return True


def let_go(runs: Path) -> None:
    """Remove the note; the lock ends with the process."""
    (runs / NOTE).unlink(missing_ok=True)


def is_free(runs: Path) -> bool:
    """Whether nobody holds the extract, so that no file of it is between one state and the next.

    False if a make that started this one holds it; HeldError if somebody else does.
    """
    held = _wait(runs)
    if held is not None:
        os.close(held)
    return held is not None


def _wait(runs: Path) -> int | None:
    """Take the lock, as `_lock` does; None if a make that started this one has it, HeldError if somebody else has.

    What a make that has just ended held is free when its last process has ended.
    """
    until = time.monotonic() + LONGEST_END
    while (held := _lock(runs)) is None:
        note = _read_note(runs)
        if note[0] in _own():
            return None
        if _lives(note) or time.monotonic() > until:
            raise HeldError(_say_holder(runs))
        time.sleep(0.02)
    return held


def _say_holder(runs: Path) -> str:
    """Who holds the extract, since when, and what to do."""
    process, user, host, since = _read_note(runs)
    who = f"{user} on {host}, process {process}, since {since}" if process else "another process"
    stale = "" if _lives((process, user, host, since)) else STALE.format(note=runs / NOTE)
    return f"{runs.parent} is being written by {who}. Wait, then run make again.{stale}"


def _lock(runs: Path) -> int | None:
    """Take the folder of records while what is returned is open here or in a copy; None if somebody has it."""
    held = os.open(runs, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(held)
        return None
    except OSError:  # no locks on this file system
        note = _read_note(runs)
        if note[0] and (_lives(note) or note[2] != os.uname().nodename):
            os.close(held)
            return None
    return held


def _read_note(runs: Path) -> Note:
    try:
        lines = (runs / NOTE).read_text(encoding="utf-8").splitlines()
    except OSError:  # none is left, or not yet there
        lines = []
    process, user, host, since = lines if len(lines) == 4 else [""] * 4
    return process, user, host, since


def _lives(note: Note) -> bool:
    """Whether the process of a note lives on this host."""
    return note[2] == os.uname().nodename and note[0].isdigit() and Path("/proc", note[0]).exists()


def _own() -> list[str]:
    return os.environ.get(BUILDERS, "").split()


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
