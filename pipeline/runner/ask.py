"""Run one stage in the warm process of this make (warm.py); without one, run it here.

python -I -S pipeline/runner/ask.py SOCKET NAME --in FILE... (as pipeline.runner.stage)

It is started for every stage and imports next to nothing.
"""

import os
import signal
import socket
import sys


def main() -> int:
    """Send the arguments and the standard output and error to the socket, and return the exit code of the stage."""
    address, *arguments = sys.argv[1:]
    try:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        connection.connect(address)
    except (AttributeError, OSError):
        return _run_here(arguments)
    hear, answer = os.pipe()
    socket.send_fds(connection, ["\0".join(arguments).encode()], [1, 2, answer])
    os.close(answer)
    status = os.read(hear, 1)
    if not status:
        print(
            f"error: stage {arguments[0]}: it was killed, perhaps for want of memory. Run make again.", file=sys.stderr
        )
        return 2
    return status[0]


def _run_here(arguments: list[str]) -> int:
    import site
    from pathlib import Path

    site.main()  # which -S left out: the libraries are found from here on
    sys.path.append(str(Path(__file__).parents[2]))
    from pipeline.runner.stage import main

    return main(arguments)


if __name__ == "__main__":
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # make's recipe had it wait
        status = main()
    except KeyboardInterrupt:
        print("interrupted; nothing half-written is left", file=sys.stderr)
        status = 130
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    sys.stdout.flush()
    sys.stderr.flush()
    # A thread of the parquet library can abort a process that is torn down; all is written, so nothing is torn down.
    os._exit(status)
