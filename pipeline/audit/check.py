"""Whether every file is the one that was built or read: make check."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pipeline.audit.lineage import changed_files
from pipeline.errors import InputError, command


@command
def main() -> None:
    """Compare every file in the records of the folder on the command line with its bytes; InputError if one differs."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.audit.check", description=__doc__)
    parser.add_argument("runs", type=Path)
    runs = parser.parse_args().runs
    changed, count = changed_files(runs)
    if changed or not count:
        raise InputError("\n".join(changed) or f"{runs}: no records. Run make all.")
    print(f"{count} files are those that {runs} records: as received, settings, code, derived tables and reports")


if __name__ == "__main__":
    sys.exit(main())
