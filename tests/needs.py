"""What a test needs beside the lock file, and what becomes of it where that is absent."""

import os

import pytest


def require(present: object, needed: str) -> None:
    """Skip the test unless `present`, saying what is `needed`; fail it if NOTHING_SKIPPED is set, as .ci/run does."""
    if present:
        return
    if os.environ.get("NOTHING_SKIPPED"):
        pytest.fail(needed)
    pytest.skip(needed)
