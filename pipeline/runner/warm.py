"""A process that has imported the libraries and runs each stage of one make in a copy of itself.

python -I pipeline/runner/warm.py SOCKET MAKE

It is the lock of the build too: it holds the folder of records while it lives, so another make of the same extract that
has something to run is told who builds, and ends. The kernel lets go of it with the process, however that ends.

Start-up is most of what a stage costs, so make starts this before the first stage of a build that has one to run. It
listens at SOCKET, forks for every stage that ask.py sends, and ends with the process MAKE, whatever ends that. A copy
imports the project's own modules itself, so none is ever stale, and is killed if the one who asked is gone. Where this
cannot run, ask.py runs the stage itself.
"""

import fcntl
import gc
import importlib
import os
import select
import shutil
import signal
import socket
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

# The first are all that the first stages need; the others are imported while those stages run.
LIBRARIES = ("msgspec", "tomllib", "pandas", "pyarrow.parquet", "pyarrow.dataset")
FURTHER_LIBRARIES = (
    "scipy.special",
    "matplotlib.figure",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
    "jinja2",
    "openpyxl",
    "scipy.optimize",
)
READY = b"ready"
LONGEST_END = 5.0  # seconds that the processes of a make may take to end after it
LONGEST_REQUEST = 1 << 17  # bytes; the names of the files of a stage take some thousands


BUILDERS = "BUILDERS"  # the variable with the process of this make and of those that it was started by


def main() -> None:
    """Bind the socket, so that whoever asks from now on is heard, and leave the rest to a copy in the background."""
    address, make = Path(sys.argv[1]), int(sys.argv[2])
    if _lock_when_free(address.parent) is not None:
        _remove_old(address.parent)
    elif builder := other_builder(address.parent):
        sys.stderr.write(f"error: {address.parent.parent} is being built by {builder}. Wait, then run make again.\n")
        sys.exit(2)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        try:
            watch = os.pidfd_open(make)
            os.umask(0o077)  # only the user who builds may ask, and read what is made
            listener.bind(str(address))
        except (AttributeError, OSError):
            return  # no such system calls here, or a path too long for a socket
        listener.listen()
        listener.setblocking(False)
        if os.fork():
            return
        try:
            _warm_up_and_serve(listener, watch)
        finally:
            address.unlink(missing_ok=True)
            os._exit(0)


def lock(runs: Path) -> int | None:
    """Take the folder of records while what is returned is open in this process or a copy; None if a build has it.

    On a file system that knows no locks nobody is kept from building.
    """
    held = os.open(runs, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(held)
        return None
    except OSError:
        return held
    return held


def _lock_when_free(runs: Path) -> int | None:
    """Take the folder of records; one that a make has just left is free when its last process has ended."""
    until = time.monotonic() + LONGEST_END
    while (held := lock(runs)) is None and not any(map(_lives, _sockets(runs))) and time.monotonic() < until:
        time.sleep(0.02)
    return held


def _sockets(runs: Path) -> list[Path]:
    return [path for path in runs.glob(".warm.*") if path.suffix[1:].isdigit()]


def _lives(address: Path) -> bool:
    return Path("/proc", address.suffix[1:]).exists()


def other_builder(runs: Path) -> str:
    """Who has the folder of records, and since when; '' for a make that this one was started by."""
    sockets = _sockets(runs)
    if any(path.suffix[1:] in os.environ.get(BUILDERS, "").split() for path in sockets):
        return ""
    told = [
        f"process {path.suffix[1:]}, since {time.strftime('%H:%M:%S', time.localtime(path.stat().st_mtime))}"
        for path in sockets
    ]
    return " or ".join(told) or "another make"


def _remove_old(runs: Path) -> None:
    """Remove what a build that was killed left."""
    for path in runs.glob(".warm.*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _warm_up_and_serve(listener: socket.socket, make: int) -> None:
    """Serve as soon as the first libraries are there; a copy imports the others meanwhile and then takes over."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # they end make and those who ask, and with these everything here
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    _import(LIBRARIES)
    hear, tell = os.pipe()
    if os.fork():
        os.close(tell)
        _serve(listener, make, hear)
    else:
        os.close(hear)
        _import(FURTHER_LIBRARIES)
        os.write(tell, READY)
        _serve(listener, make, None)


def _import(names: Iterable[str]) -> None:
    for name in names:
        importlib.import_module(name)
    gc.freeze()  # what is imported stays, so no copy looks at it again


def _serve(listener: socket.socket, make: int, successor: int | None) -> None:
    """Fork for every request until the process `make` is gone; while the successor lives and is ready, for none."""
    door, copies = listener.fileno(), dict[int, int]()
    watched = {make, door} if successor is None else {make, door, successor}
    while True:
        heard = select.select([*watched, *copies], [], [])[0]
        if make in heard:
            for process in copies.values():
                os.kill(process, signal.SIGKILL)
            return
        for source in heard:
            if successor is not None and source == successor:
                watched = {make, successor} if os.read(successor, len(READY)) else {make, door}
            elif source == door:
                copies |= _accept(listener)
            else:
                # Who asked has its answer, or is gone: a copy that has ended is reaped, and one that has not is killed.
                process = copies.pop(source)
                os.kill(process, signal.SIGKILL)
                os.waitpid(process, 0)
                os.close(source)


def _accept(listener: socket.socket) -> dict[int, int]:
    """Take one request and fork for it: the copy's process by the connection of the one who asked."""
    try:
        connection, _ = listener.accept()
    except BlockingIOError:  # the other process was first
        return {}
    request, descriptors, _, _ = socket.recv_fds(connection, LONGEST_REQUEST, 3)
    if not request:  # who asked was gone before it could say what
        connection.close()
        return {}
    process = os.fork()
    if not process:
        _run(request.decode().split("\0"), *descriptors)
    for descriptor in descriptors:
        os.close(descriptor)
    return {connection.detach(): process}


def _run(arguments: list[str], out: int, err: int, answer: int) -> NoReturn:
    """Run a stage in this copy, with the output of the one who asked, answer with the exit code, and end."""
    os.dup2(out, 1)
    os.dup2(err, 2)
    status = 1
    try:
        sys.path.append(str(Path(__file__).parents[2]))
        status = importlib.import_module("pipeline.runner.stage").main(arguments)
    except BaseException:  # noqa: BLE001  whatever it is, a copy never goes on as the process it is a copy of
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os.write(answer, bytes([status]))
        os._exit(status)


if __name__ == "__main__":
    main()
