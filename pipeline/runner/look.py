"""Print the records of the stages that have to run again though make, which goes by dates, may not see it.

python -I -S pipeline/runner/look.py RUNS [--close]

It runs whenever make looks at a build, so it imports next to nothing (not even pathlib, which takes longer than all
that is done here) while every file has the size, the times and the number that it had when it was last compared: then
the answer is what it was. Else compared.py compares what differs. With --close, at the end of a build, it links the
records and notes how the files are now.
"""

import importlib
import os
import sys

KNOWN = ".known"  # beside the records: a line a file with its signature and its SHA-256, and the answer
SEPARATOR = "\t"
AGAIN, SAID = "again", "said"  # begin the lines of the answer


def main() -> int:
    """Print the records, a line each, and say why on standard error; nothing where all is as recorded."""
    runs, is_end = sys.argv[1], "--close" in sys.argv[2:]
    if not is_end and is_known(runs):
        return 0
    import signal
    import site

    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # the Makefile had it wait
    site.main()  # which -S left out: the libraries are found from here on
    sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    # By its name, as the runner finds a stage: it imports what stands here.
    return int(importlib.import_module("pipeline.runner.compared").main(runs, is_end))


def is_known(runs: str) -> bool:
    """Whether the records and every file of theirs are as they were noted; the answer is then given again."""
    lines = read_known(runs)
    answers = [line for line in lines if line[0] in (AGAIN, SAID)]
    files = [line for line in lines if line[0] not in (AGAIN, SAID)]
    noted = {path for _, _, path in files if path.startswith(f"{runs}/")}
    if list_records(runs) != sorted(noted) or any(signature(path) != kept for kept, _, path in files):
        return False
    answer([path for kind, _, path in answers if kind == AGAIN], [text for kind, _, text in answers if kind == SAID])
    return True


def answer(again: list[str], said: list[str]) -> None:
    """Print the records of the stages to run again, and say what make could not know."""
    for line in said:
        print(f"make: {line}", file=sys.stderr)
    for record in again:
        print(record)


def list_records(runs: str) -> list[str]:
    """The paths of the records."""
    return sorted(f"{runs}/{name}" for name in os.listdir(runs) if name.endswith(".json"))


def read_known(runs: str) -> list[list[str]]:
    """The lines that were noted: signature, SHA-256 and path of a file, or the answer."""
    try:
        with open(f"{runs}/{KNOWN}", encoding="utf-8") as file:
            lines = file.read().splitlines()
    except (OSError, ValueError):
        return []
    return [parts for line in lines if len(parts := line.split(SEPARATOR)) == 3]


def signature(path: str) -> str:
    """What changes if a file is written, even if its date is put back: size, times and number; '' if it is gone."""
    try:
        found = os.stat(path)
    except OSError:
        return ""
    return f"{found.st_size} {found.st_mtime_ns} {found.st_ctime_ns} {found.st_ino}"


if __name__ == "__main__":
    try:
        sys.exit(main())
    except OSError as error:
        sys.exit(f"error: {error.filename}: {error.strerror}. See to the rights, and run make again.")
    except KeyboardInterrupt:
        sys.exit(130)
