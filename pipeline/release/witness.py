"""One page for a person who watches a run on confidential data: make witness.

The commit is taken into an empty folder, the build is run there on the received files, and its exhibits are set beside
those that stand under reports/. The page holds hashes, versions and times, and no data.
After the protocol for virtual reproducibility verification of the World Bank.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import InputError, command
from pipeline.release.repository import Commit, clean_commit
from pipeline.runner.records import head_of, read_records
from pipeline.runner.surroundings import LOCK, installed_packages
from pipeline.show.page import page_template
from pipeline.storage import digest, write_if_changed

PAGE = "witness.html"
OWN = ("twin",)  # extracts whose received files the build itself makes
STAGE = re.compile(r"([a-z_]+(?:-[a-z0-9]+)?) +(\d+\.\d+) s  .*")
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


@dataclass(frozen=True)
class Run:
    """A build in an empty folder: seconds by stage in their order, how many lines are not shown, and when."""

    stages: list[tuple[str, float]]
    other_lines: int
    began: datetime.datetime
    ended: datetime.datetime


def watch(raw: Path, settings: Path, reports: Path, language: str) -> dict[str, Any]:
    """Build the commit in an empty folder and say what was, what came out, and what is different.

    InputError if the checkout is not clean, or if the build fails there: then its own messages were printed.
    """
    commit, received = clean_commit(), _hashes(raw)
    before = _hashes(reports)
    workshop = Path("data_derived") / raw.name / "witness"
    shutil.rmtree(workshop, ignore_errors=True)
    workshop.mkdir(parents=True, mode=0o700)
    try:
        _take_out(commit, workshop)
        if raw.name not in OWN and raw.exists():
            (workshop / raw).symlink_to(raw.resolve(), target_is_directory=True)
        run = _build(workshop, raw.name, settings, language)
        after = {path: sha256 for path, sha256 in _hashes(workshop / reports).items() if path != PAGE}
        records = read_records(workshop / "data_derived" / raw.name / "runs")
        rebuilt = _hashes(workshop / raw)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
    return {
        "extract": raw.name,
        "commit": commit,
        "lock": digest(Path(LOCK)),
        "packages": _packages(records),
        "departures": _departures(),
        "machine": _machine(),
        "run": run,
        "head": head_of(records),
        "warnings": sorted({warning for record in records for warning in record["ran"]["warnings"]}),
        "received": [(path, received.get(path, ""), rebuilt.get(path, "")) for path in sorted({*received, *rebuilt})],
        "exhibits": [(path, before.get(path, ""), after[path]) for path in sorted(after)],
        "outcomes": _outcomes(before, after),
        "gone": sorted(path for path in before if path not in after and _is_made(path)),
    }


def _outcomes(before: Mapping[str, str], after: Mapping[str, str]) -> list[tuple[str, int, int, str]]:
    """By exhibit, or page, its files, how many are as they stand under reports/, and one hash over all of them."""
    found: dict[str, dict[str, str]] = {}
    for path, sha256 in sorted(after.items()):
        found.setdefault(Path(path).stem, {})[path] = sha256
    return [
        (
            name,
            len(files),
            sum(before.get(path) == sha256 for path, sha256 in files.items()),
            hashlib.sha256("".join(f"{sha256}  {path}\n" for path, sha256 in files.items()).encode()).hexdigest(),
        )
        for name, files in found.items()
    ]


def _is_made(path: str) -> bool:
    """Whether a file under reports/ is one that make all makes."""
    return path.partition("/")[0] in ("tables", "figures", "index.html", "published.html", "missing.txt", "checks.csv")


def _hashes(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file below a folder, by its path in it; nothing if there is no folder."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith("."))
    return {str(path.relative_to(folder)): digest(path) for path in files}


def _take_out(commit: Commit, folder: Path) -> None:
    packed = subprocess.run(["git", "archive", commit.sha], check=True, capture_output=True).stdout
    subprocess.run(["tar", "-x", "-C", str(folder)], input=packed, check=True)


def _build(folder: Path, extract: str, settings: Path, language: str) -> Run:
    began = datetime.datetime.now(datetime.UTC)
    asked = ["make", "-j2", "all", f"EXTRACT={extract}", f"STUDY={settings}", f"LANGUAGE={language}"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "PYTHON", "MFLAGS"))}
    done = subprocess.run(
        [*asked, f"PYTHON={sys.executable}"], cwd=folder, env=clean, capture_output=True, text=True, check=False
    )
    ended = datetime.datetime.now(datetime.UTC)
    lines = done.stdout.splitlines()
    stages = [(found[1], float(found[2])) for line in lines if (found := STAGE.fullmatch(line))]
    if done.returncode:
        raise InputError(
            f"the build of the commit in an empty folder ended with {done.returncode}: "
            f"{done.stderr.strip() or 'without a message'}. Mend that, and watch again."
        )
    return Run(stages, len(lines) - len(stages), began, ended)


def _packages(records: list[dict[str, Any]]) -> dict[str, str]:
    """The packages of the lock that the stages ran with, with versions; which of them were imported is not told."""
    found: dict[str, str] = {}
    for record in records:
        found |= record["ran"]["packages"]
    return dict(sorted(found.items()))


def _departures() -> list[str]:
    """Packages whose installed version is not the one that the lock pins."""
    pinned = {name.lower(): version for name, version in PIN.findall(Path(LOCK).read_text(encoding="utf-8"))}
    installed = installed_packages([Path(LOCK)])
    return [f"{name} {installed[name]}, pinned {version}" for name, version in pinned.items()
            if name in installed and installed[name] != version]  # fmt: skip


def _machine() -> dict[str, str]:
    return {
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "cores": str(os.cpu_count()),
        "host": hashlib.sha256(platform.node().encode()).hexdigest()[:12],
    }


def write_page(watched: Mapping[str, Any]) -> str:
    """The page of what was watched."""
    return page_template("witness.html.j2", Path(__file__).parent).render(**watched)


@command
def main() -> None:
    """Watch a build and write the page."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.release.witness", description=__doc__)
    parser.add_argument("raw", type=Path)
    for name in ("--settings", "--reports"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--language", required=True)
    given = parser.parse_args()
    watched = watch(given.raw, given.settings, given.reports, given.language)
    write_if_changed(given.reports / PAGE, write_page(watched).encode())
    same = sum(before == after for _, before, after in watched["exhibits"])
    print(f"{given.reports / PAGE}: {same} of {len(watched['exhibits'])} files came out as they stand under reports/")


if __name__ == "__main__":
    sys.exit(main())
