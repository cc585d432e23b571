"""One page for a person who watches a run on confidential data: make witness.

The commit is taken into an empty folder, what was built is built there again on the received files, and its files are
set beside those that stand under reports/. The page holds hashes, versions and times, and no data.
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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import InputError, command
from pipeline.pseudonyms.kept import FOLDER
from pipeline.pseudonyms.linkage import NAME as LINKAGE
from pipeline.release.imports import Imports, compare_imports
from pipeline.release.outcomes import by_exhibit, compare_files, count_outcomes
from pipeline.release.repository import Commit, clean_commit
from pipeline.release.witness_words import WORDS
from pipeline.runner.imported import imported_packages, stages_without_note
from pipeline.runner.inputs import load_input
from pipeline.runner.records import read_records
from pipeline.runner.surroundings import LOCK, installed_packages, pinned_packages
from pipeline.show.page import in_script, page_template
from pipeline.storage import digest, write_if_changed

PAGE = "witness.html"
OWN = ("twin",)  # extracts whose received files the build itself makes
GOALS = ("population", "verify", "report")  # what may have been made beside make all, in the order that it is made in
DOCUMENTS = ("report.docx", "report.pdf", "population", *WORDS)  # names and folders that make all does not make
STAGE = re.compile(r"([a-z_]+(?:-[a-z0-9]+)*) +(\d+\.\d+) s  .*")


@dataclass(frozen=True)
class Run:
    """A build in an empty folder: goals of make, seconds by stage in order, how many lines are not shown, and when."""

    goals: list[str]
    stages: list[tuple[str, str]]
    other_lines: int
    began: datetime.datetime
    ended: datetime.datetime


def watch(
    raw: Path, settings: Path, reports: Path, language: str, made: Sequence[str], control: str = ""
) -> dict[str, Any]:
    """Build the commit in an empty folder and say what was, what came out, and what is different.

    `made` is what was made beside make all, which is then made there too: like is compared with like. `control` is
    whether disclosure control was asked for, on or off, or nothing.
    InputError if the checkout is not clean, or if the build fails there: then its own messages were printed.
    """
    commit, received, before = clean_commit(), _hashes(raw), _hashes(reports)
    derived = Path("data_derived") / raw.name
    workshop = derived / "witness"
    shutil.rmtree(workshop, ignore_errors=True)
    workshop.mkdir(parents=True, mode=0o700)
    try:
        _take_out(commit, workshop)
        if raw.name not in OWN and raw.exists():
            (workshop / raw).symlink_to(raw.resolve(), target_is_directory=True)
        _lead_to_earlier(workshop, derived)
        goals = ["all", *(goal for goal in GOALS if goal in made)]
        of = {"EXTRACT": raw.name, "STUDY": settings, "LANGUAGE": language, "CHECKOUT": commit.sha}
        of |= {"DISCLOSURE": control} if control else {}
        run = _build(workshop, goals, [f"{name}={value}" for name, value in of.items()])
        after, rebuilt = _hashes(workshop / reports), _hashes(workshop / raw)
        other = [path for path in after if before.get(path, after[path]) != after[path]]
        facts = _facts(derived), _facts(workshop / derived)
        files = compare_files(before, after, DOCUMENTS, list(_other_commit(other, reports, workshop, *facts)))
        told = _tell(workshop / derived)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
    return {
        "extract": raw.name,
        "language": language,
        "commit": commit,
        "lock": digest(Path(LOCK)),
        "machine": _machine(),
        "run": run,
        "stood": facts[0],
        "received": [(path, received.get(path, ""), rebuilt.get(path, "")) for path in sorted({*received, *rebuilt})],
        "files": files,
        **told,
    }


def _tell(derived: Path) -> dict[str, Any]:
    """What a build tells of itself: its head, its warnings, and the packages that its stages imported."""
    runs = derived / "runs"
    notes = sorted(runs.glob("*.json"))
    lock = Path(LOCK)
    return {
        "head": _facts(derived)["head"],
        "warnings": sorted({warning for record in read_records(runs) for warning in record["ran"]["warnings"]}),
        "imports": compare_imports(imported_packages(notes), pinned_packages(lock), installed_packages([lock])),
        "untold": stages_without_note(notes),
    }


def _facts(derived: Path) -> dict[str, Any]:
    """What the page prints of a build: the head of its chain and the commit it names; nothing where none stands."""
    path = derived / "provenance.json"
    known = load_input(path) if path.exists() else {}
    return {name: known[name] for name in ("head", "commit", "is_clean") if known}


def _other_commit(
    paths: Iterable[str], reports: Path, workshop: Path, stood: Mapping[str, Any], now: Mapping[str, Any]
) -> Iterator[str]:
    """The files that differ in the commit that they name alone: a later one that changed nothing they rest on."""
    if not stood or stood["head"] != now["head"]:
        return
    old, new = (in_script({name: known[name] for name in ("commit", "is_clean")})[1:-1].encode()
                for known in (stood, now))  # fmt: skip
    for path in paths:
        if (reports / path).read_bytes().replace(old, new) == (workshop / reports / path).read_bytes():
            yield path


def _hashes(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file below a folder, but of a witness's page, by its path in it; nothing without one."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith("."))
    return {str(path.relative_to(folder)): digest(path) for path in files if path != folder / PAGE}


def _take_out(commit: Commit, folder: Path) -> None:
    packed = subprocess.run(["git", "archive", commit.sha], check=True, capture_output=True).stdout
    subprocess.run(["tar", "-x", "-C", str(folder)], input=packed, check=True)


def _lead_to_earlier(workshop: Path, derived: Path) -> None:
    """What archives told before bears on what leaves now, and so do the linkage files of their extracts."""
    for path in (derived.parent / FOLDER, *derived.parent.glob(f"*/{LINKAGE}")):
        if path.exists() and path.parent != derived:
            (workshop / path).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            (workshop / path).symlink_to(path.resolve())


def _build(folder: Path, goals: list[str], variables: list[str]) -> Run:
    began, lines = datetime.datetime.now(datetime.UTC), list[str]()
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "PYTHON", "MFLAGS"))}
    for goal in goals:
        asked = ["make", "-j2", goal, *variables, f"PYTHON={sys.executable}"]
        done = subprocess.run(asked, cwd=folder, env=clean, capture_output=True, text=True, check=False)
        if done.returncode:
            raise InputError(
                f"make {goal} of the commit in an empty folder ended with {done.returncode}: "
                f"{done.stderr.strip() or 'without a message'}. Mend that, and watch again."
            )
        lines += done.stdout.splitlines()
    stages = [(found[1], found[2]) for line in lines if (found := STAGE.fullmatch(line))]
    return Run(goals, stages, len(lines) - len(stages), began, datetime.datetime.now(datetime.UTC))


def _machine() -> dict[str, str]:
    return {
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "cores": str(os.cpu_count()),
        "host": hashlib.sha256(platform.node().encode()).hexdigest()[:12],
    }


def write_page(watched: Mapping[str, Any]) -> str:
    """The page of what was watched, in its language."""
    words = WORDS[watched["language"]]
    return page_template("witness.html.j2", Path(__file__).parent).render(
        **watched,
        words=words,
        exhibits=by_exhibit(watched["files"]),
        count_outcomes=count_outcomes,
        suspicious=list(_suspicious(watched["imports"], watched["untold"], words)),
    )


def _suspicious(imports: Imports, untold: Sequence[str], words: Mapping[str, str]) -> Iterator[str]:
    """A line for each package that is not as the lock has it, and one for stages of which it is not known."""
    for name, version in imports.unpinned.items():
        yield words["unpinned" if version else "unowned"].format(name=name, version=version)
    for kind, found in (("other_version", imports.other), ("installed_other", imports.installed_other)):
        for name, (version, pinned) in found.items():
            yield words[kind].format(name=name, version=version, pinned=pinned)
    if untold:
        yield words["untold"].format(stages=", ".join(untold))


@command
def main() -> None:
    """Watch a build and write the page."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.release.witness", description=__doc__)
    parser.add_argument("raw", type=Path)
    for name in ("--settings", "--reports"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--language", required=True, choices=WORDS)
    parser.add_argument("--made", nargs="*", choices=GOALS, default=[], help="what was made beside make all")
    parser.add_argument("--control", nargs="?", default="", const="", help="whether disclosure control was asked for")
    given = parser.parse_args()
    watched = watch(given.raw, given.settings, given.reports, given.language, given.made, given.control)
    write_if_changed(given.reports / PAGE, write_page(watched).encode())
    counts = count_outcomes(watched["files"])
    said = ", ".join(f"{count} {WORDS['en'][outcome]}" for outcome, count in counts.items() if count)
    print(f"{given.reports / PAGE}: of {len(watched['files'])} files {said or 'none'}; head {watched['head']}")


if __name__ == "__main__":
    sys.exit(main())
