"""Print the records of the stages that have to run again though make, which goes by dates, may not see it.

python -I -S pipeline/runner/look.py RUNS [--close] [--beside]

It runs whenever make looks at a build, so it imports next to nothing (not even pathlib, which takes longer than all
that is done here) while every file has the size, the times and the number that it had when all was found as recorded. Else
compared.py compares what differs. With --close, at the end of a build, it links the records and notes how the files are
now. The exhibits beside the report, which make all does not make, are looked at with --beside alone.
"""

import os
import sys

KNOWN = ".known"  # beside the records: a line a file with its signature and its SHA-256
SEPARATOR = "\t"
BESIDE = "-population.json"


def main() -> int:
    """Print the records, a line each, and say why on standard error; nothing where all is as known."""
    runs, options = sys.argv[1], sys.argv[2:]
    if "--close" not in options and is_known(runs, "--beside" in options):
        return 0
    import site

    site.main()  # which -S left out: the libraries are found from here on
    sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    from pipeline.runner.compared import main as compare

    return compare(runs, is_end="--close" in options, with_beside="--beside" in options)


def is_known(runs: str, with_beside: bool) -> bool:
    """Whether the records are those that were noted, and every file of theirs is as it was noted."""
    lines = read_known(runs)
    noted = {path for path in lines if path.startswith(f"{runs}/")}
    return set(list_records(runs, with_beside)) == noted and all(
        signature(path) == kept for path, (kept, _) in lines.items()
    )


def list_records(runs: str, with_beside: bool) -> list[str]:
    """The paths of the records, of the stages beside the report only if asked for."""
    names = sorted(name for name in os.listdir(runs) if name.endswith(".json"))
    return [f"{runs}/{name}" for name in names if with_beside or not name.endswith(BESIDE)]


def read_known(runs: str) -> dict[str, tuple[str, str]]:
    """By path the signature and the SHA-256 of each file that was noted."""
    try:
        with open(f"{runs}/{KNOWN}", encoding="utf-8") as file:
            lines = file.read().splitlines()
    except (OSError, ValueError):
        return {}
    parts = [line.split(SEPARATOR) for line in lines]
    return {path: (noted, sha256) for noted, sha256, path in (part for part in parts if len(part) == 3)}


def signature(path: str) -> str:
    """What changes if a file is written, even if its date is put back: size, times and number; '' if it is gone."""
    try:
        found = os.stat(path)
    except OSError:
        return ""
    return f"{found.st_size} {found.st_mtime_ns} {found.st_ctime_ns} {found.st_ino}"


if __name__ == "__main__":
    sys.exit(main())
