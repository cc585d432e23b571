"""Run a module of the project in an isolated Python: python -I pipeline/runner/alone.py pipeline.audit.check ARGUMENTS.

What it writes nobody else can read. The project comes last on the path, so what lies beside the Makefile by the name of
a library is not imported.
"""

import os
import runpy
import sys
from pathlib import Path

if __name__ == "__main__":
    os.umask(0o077)  # what a command writes is for its user alone
    sys.path.append(str(Path(__file__).parents[2]))
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
