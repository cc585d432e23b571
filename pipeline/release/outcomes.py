"""What became of every file of the report when it was built again: same, different, new, or not made again, and why."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Outcome = Literal["same", "differs", "new", "not_made"]
OUTCOMES: tuple[Outcome, ...] = ("same", "differs", "new", "not_made")
Reason = Literal["other_commit", "outdated", "not_of_this_commit"]
ELSEWHERE = ("tables", "figures")  # folders in which an exhibit is not another one


@dataclass(frozen=True)
class File:
    """A file under reports/<extract>: its path there, its SHA-256 before and after ('' if there was none), and why.

    why: of one that was not made again, or that differs for a known reason, the reason.
    """

    path: str
    before: str
    after: str
    why: Reason | None

    @property
    def outcome(self) -> Outcome:
        """What became of it."""
        if not self.after:
            return "not_made"
        if not self.before:
            return "new"
        return "same" if self.before == self.after else "differs"


@dataclass(frozen=True)
class Exhibit:
    """The files of an exhibit or a page in one language, and one hash over the lines of sha256sum of those made."""

    name: str
    files: list[File]

    @property
    def sha256(self) -> str:
        """The hash; '' if none of the files was made again."""
        lines = "".join(f"{file.after}  {file.path}\n" for file in self.files if file.after)
        return hashlib.sha256(lines.encode()).hexdigest() if lines else ""


def compare_files(
    before: Mapping[str, str], after: Mapping[str, str], documents: Container[str], told: Container[str]
) -> list[File]:
    """Every file by its path, from the SHA-256 of those that stood there and of those that were built.

    `documents` are the names and folders that make all alone does not make: one not made again is outdated. `told` are
    the files that differ in the commit that they name, and in nothing else.
    """
    paths = sorted({*before, *after})
    return [File(path, before.get(path, ""), after.get(path, ""), _why(path, after, documents, told)) for path in paths]


def _why(path: str, after: Mapping[str, str], documents: Container[str], told: Container[str]) -> Reason | None:
    if path in after:
        return "other_commit" if path in told else None
    return "outdated" if path.partition("/")[0] in documents else "not_of_this_commit"


def by_exhibit(files: Iterable[File]) -> list[Exhibit]:
    """The files by the exhibit, the page or the document that they are of, each language apart."""
    found: dict[str, list[File]] = {}
    for file in files:
        *folders, name = Path(file.path).with_suffix("").parts
        found.setdefault("/".join([*(folder for folder in folders if folder not in ELSEWHERE), name]), []).append(file)
    return [Exhibit(name, own) for name, own in found.items()]


def count_outcomes(files: Iterable[File]) -> dict[Outcome, int]:
    """How many files came out how."""
    outcomes = [file.outcome for file in files]
    return {outcome: outcomes.count(outcome) for outcome in OUTCOMES}
