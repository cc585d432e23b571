"""The mark `report`: of tests that hold for the report's own settings only (tests/report_settings.py says how).

With NOTHING_SKIPPED set, as .ci/run does, a test that would be skipped is an error.
"""

import atexit
import gc
import os
import shutil
import tempfile
from collections import Counter
from functools import cache

import pytest

from tests.report_settings import ESTIMATES, strangers

KEYS = tempfile.mkdtemp(prefix="keys-")  # of extracts that tests register: never among those of who runs them
os.environ["XDG_CONFIG_HOME"] = KEYS
os.environ.pop("PERSONS_KEY", None)
# As make sets it: a second thread waits busily for the first at this size, most of all where other tests run beside.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# What tests share stays: looking through all of it again for every seven hundred new objects takes a tenth of the time.
gc.set_threshold(100_000, 20, 20)
atexit.register(shutil.rmtree, KEYS, ignore_errors=True)

# Files that share what takes long to make: one process makes it once.
TOGETHER = ("tests/show", "tests/build/test_build.py tests/build/test_tampering.py")

# What takes longest begins first, so that no process is left alone with it at the end.
LONGEST = (*TOGETHER[1].split(), "tests/browser/test_page.py", "tests/show", "tests/examples")
LONGEST += ("tests/build/test_adding.py", "tests/population", "tests/browser", "tests/audit/test_trace.py")
LONGEST += ("tests/changes/test_causes.py", "tests/checks/test_malformed.py", "tests/published")


def pytest_xdist_make_scheduler(config, log):
    """Each file of tests to one process; those of one line of TOGETHER to the same."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid):
            shared = (line for line in TOGETHER if nodeid.startswith(tuple(line.split())))
            return next(shared, super()._split_scope(nodeid))

    return Scheduling(config, log)


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "report(*files): rests on the report's settings in config/, and on the further files named"
    )


def pytest_collection_modifyitems(items):
    strange = cache(strangers)  # for hundreds of tests ask the same
    items.sort(key=lambda item: [not item.nodeid.startswith(first) for first in LONGEST])
    for item in items:
        further = [name for mark in item.iter_markers("report") for name in mark.args]
        changed = strange((*ESTIMATES, *further)) if item.get_closest_marker("report") else []
        reason = f"config/{', config/'.join(changed)} is not that of the report"
        if changed and os.environ.get("NOTHING_SKIPPED"):
            raise pytest.UsageError(
                f"{reason}, so tests of its numbers would be skipped: python -m tests.report_settings"
            )
        if changed:
            item.add_marker(pytest.mark.skip(reason=reason))


def pytest_terminal_summary(terminalreporter):
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(str(report.longrepr[2]).removeprefix("Skipped: ") for report in skipped
                      if isinstance(report.longrepr, tuple))  # fmt: skip
    for reason, number in sorted(reasons.items()):
        mend = "that of the report" in reason
        advice = ". If these are the report's settings, mended: python -m tests.report_settings" if mend else ""
        terminalreporter.write_line(f"{number} skipped: {reason}{advice}")
