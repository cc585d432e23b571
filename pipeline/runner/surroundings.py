"""What a stage ran with: commit, Python, platform, the packages of the lock as installed, and its warnings."""

from __future__ import annotations

import platform
import re
import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

LOCK = "requirements.lock"
CHANGED = "+changed"  # follows a commit of which the working tree departs
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
LONG_NUMBER = re.compile(r"\d{5,}")  # may be a person's


def describe_run(checkout: str, locks: Iterable[Path]) -> dict[str, Any]:
    """The account of a run: `checkout` is the commit, or '', with CHANGED if the tree departs from it."""
    commit, _, changed = checkout.partition("+")
    return {
        "commit": commit,
        "is_clean": not changed if commit else None,
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.release()} {platform.machine()}",
        "packages": installed_packages(locks),
    }


def installed_packages(locks: Iterable[Path]) -> dict[str, str]:
    """By name the version of each package of the locks that is installed, from the names of their folders."""
    pinned = {name for lock in locks for name in pinned_packages(lock)}
    folders = (folder for place in sys.path if place for folder in Path(place).glob("*.dist-info"))
    versions = {plain_name(name): version for name, _, version in (folder.stem.rpartition("-") for folder in folders)}
    return {name: versions[name] for name in sorted(pinned & set(versions))}


def pinned_packages(lock: Path) -> dict[str, str]:
    """By name the version of each package that a lock pins."""
    return {plain_name(name): version for name, version in PIN.findall(lock.read_text(encoding="utf-8"))}


def plain_name(name: str) -> str:
    """The name of a package in the one form that the index knows it by."""
    return re.sub(r"[-_.]+", "-", name).lower()


@contextmanager
def kept_warnings() -> Iterator[list[str]]:
    """What was warned of, each kind once without long numbers; it is shown as ever when the block ends or fails."""
    kept: list[str] = []
    caught: list[warnings.WarningMessage] = []
    try:
        with warnings.catch_warnings(record=True) as caught:
            yield kept
    finally:
        kept += sorted({f"{each.category.__name__}: {LONG_NUMBER.sub('...', str(each.message))}" for each in caught})
        for each in caught:
            warnings.showwarning(each.message, each.category, each.filename, each.lineno)
