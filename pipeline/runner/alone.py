"""Run a module of the project in an isolated Python: python -I pipeline/runner/alone.py pipeline.audit.check ARGUMENTS.

What it writes nobody else can read. The project comes last on the path, so what lies beside the Makefile by the name of
a library is not imported. With --hold RUNS before the module nobody else may write in the extract meanwhile (held.py),
with --free RUNS it ends if somebody does; without a module that is all. What it cannot help is one message: no right to
a file, a full disk, a module that is damaged. If the make that started it is gone, it ends as if it was interrupted.
"""

import contextlib
import os
import runpy
import select
import signal
import sys
import threading
from pathlib import Path


def say_end(error: BaseException) -> str:
    """One message for what neither the project nor its input is to blame for; '' for any other exception."""
    remedy = "run make again"
    if isinstance(error, SyntaxError) and error.filename:
        where = os.path.relpath(error.filename)
        return f"{where}, line {error.lineno}: not Python as it was written. Put the file back, and {remedy}."
    if isinstance(error, OSError) and error.strerror:
        where = f"{os.path.relpath(error.filename)}: " if isinstance(error.filename, str) else ""
        return f"{where}{error.strerror}. See to the rights and the space on the disk, and {remedy}."
    if isinstance(error, MemoryError):
        return f"there is not enough memory. Close what else runs, and {remedy}."
    return ""


def main(arguments: list[str]) -> int:
    """Take the extract if asked, run the module as a program, and return the exit code."""
    held, runs = runpy.run_path(str(Path(__file__).with_name("held.py"))), Path()
    is_holder = False
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # the Makefile had it wait
        _end_with_make(os.environ.get(held["BUILDERS"], "").split())
        if arguments[0] in ("--hold", "--free"):
            option, runs, arguments = arguments[0], Path(arguments[1]), arguments[2:]
            if runs.is_dir() and option == "--hold":
                is_holder = held["hold"](runs)
            elif runs.is_dir():
                held["is_free"](runs)  # it says who, if not
        if arguments:
            _run(arguments)
    except held["HeldError"] as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; nothing half-written is left", file=sys.stderr)
        return 130
    except (OSError, SyntaxError, MemoryError) as error:
        if not (message := say_end(error)):
            raise
        print(f"error: {message}", file=sys.stderr)
        return 2
    finally:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # it has come too late
        if is_holder:
            held["let_go"](runs)
    return 0


def _end_with_make(builders: list[str]) -> None:
    """Interrupt this process when the last of the makes is gone; where the system cannot tell, nothing is done."""
    with contextlib.suppress(AttributeError, OSError, IndexError, ValueError):
        make = os.pidfd_open(int(builders[-1]))

        def watch() -> None:
            select.select([make], [], [])
            os.kill(os.getpid(), signal.SIGINT)

        threading.Thread(target=watch, daemon=True).start()


def _run(arguments: list[str]) -> None:
    sys.path.append(str(Path(__file__).parents[2]))
    sys.argv = arguments
    runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    os.umask(0o077)  # what a command writes is for its user alone
    sys.exit(main(sys.argv[1:]))
