"""A process that has imported the libraries and runs each stage of one make in a copy of itself.

python -I pipeline/runner/warm.py SOCKET MAKE

It holds the lock of the extract too (held.py) while it lives, so another make of the same extract that has something to
run is told who builds, and ends.

Start-up is most of what a stage costs, so make starts this before the first stage of a build that has one to run. It
listens at SOCKET, forks for every stage that ask.py sends, and ends with the process MAKE, whatever ends that. A copy
imports the project's own modules itself, so none is ever stale, and is killed if the one who asked is gone. Where this
cannot run, ask.py runs the stage itself.
"""

import gc
import importlib
import os
import runpy
import select
import shutil
import signal
import socket
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

# Scripts of this folder by their path, so that no copy has a module of the project.
HELD = runpy.run_path(str(Path(__file__).with_name("held.py")))
SAY_END = runpy.run_path(str(Path(__file__).with_name("alone.py")))["say_end"]

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
LONGEST_REQUEST = 1 << 17  # bytes; the names of the files of a stage take some thousands


def main() -> None:
    """Bind the socket, so that whoever asks from now on is heard, and leave the rest to a copy in the background."""
    address, make = Path(sys.argv[1]), int(sys.argv[2])
    try:
        is_first = HELD["hold"](address.parent)
    except (HELD["HeldError"], OSError) as error:
        sys.stderr.write(f"error: {SAY_END(error) or error}\n")
        sys.exit(2)
    if is_first:
        _remove_old(address.parent)
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
            if is_first:
                HELD["let_go"](address.parent)
            os._exit(0)


def _remove_old(runs: Path) -> None:
    """Remove what a build that was killed left."""
    for path in set(runs.glob(".warm.*")) - {runs / HELD["NOTE"]}:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _warm_up_and_serve(listener: socket.socket, make: int) -> None:
    """Serve as soon as the first libraries are there; a copy imports the others meanwhile and then takes over."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # they end make and those who ask, and with these everything here
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    _import(LIBRARIES, make)
    hear, tell = os.pipe()
    if os.fork():
        os.close(tell)
        _serve(listener, make, hear)
    else:
        os.close(hear)
        _import(FURTHER_LIBRARIES, make)
        os.write(tell, READY)
        _serve(listener, make, None)


def _import(names: Iterable[str], make: int) -> None:
    for name in names:
        if not select.select([make], [], [], 0)[0]:  # if it is gone nothing more is imported, and nobody served
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
    except BaseException as error:  # noqa: BLE001  whatever it is, a copy never goes on as the process it is a copy of
        if message := SAY_END(error):
            status = 2
            sys.stderr.write(f"error: stage {arguments[0]}: {message}\n")
        else:
            sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os.write(answer, bytes([status]))
        os._exit(status)


if __name__ == "__main__":
    main()
