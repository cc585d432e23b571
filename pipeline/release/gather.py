"""What of a build leaves, and what must be so before anything does."""

from __future__ import annotations

import csv
import io
import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.audit.lineage import changed_files
from pipeline.errors import InputError
from pipeline.release.contents import (
    ACCOUNT,
    BILL,
    DECISIONS,
    EXHIBITS,
    NUMBERS,
    PROVENANCE,
    SETTINGS,
    VERIFIED,
    committed_files,
    copied_exhibits,
    made_exhibits,
    read_settings,
    record_name,
)
from pipeline.release.repository import Commit, earlier_commits, require_committed
from pipeline.runner.bill import write_bill
from pipeline.runner.inputs import load_input
from pipeline.runner.records import read_records, require_as_verified
from pipeline.runner.surroundings import LOCK
from pipeline.storage import digest

DECIDED, PROJECT = Path("docs/decisions/README.md"), Path("pyproject.toml")


def gather_files(settings: Path, derived: Path, reports: Path, commit: Commit) -> dict[str, bytes]:
    """By path in the archive what leaves, without what is made from it; InputError if a file is not as recorded.

    Of the folder of the report only what is recorded as made by a stage leaves: what commands write beside it is for
    the analyst and the data owner, or sets another extract beside this one. Of the settings what a stage read.
    """
    changed, _ = changed_files(derived / "runs")
    if changed:
        raise InputError(*changed)
    records = {record["stage"]: record for record in read_records(derived / "runs")}
    languages = load_languages(settings, derived)
    exhibits = [*made_exhibits(records), *copied_exhibits(records, languages)]
    own = {path: reports / path.removeprefix(EXHIBITS) for path in exhibits}
    own |= {f"{SETTINGS}{path}": Path(path) for path in read_settings(records, str(settings))}
    own |= {record_name(derived.name, stage): derived / "runs" / f"{stage}.json" for stage in records}
    own |= {
        PROVENANCE: derived / PROVENANCE,
        VERIFIED: derived / "verified" / VERIFIED,
        LOCK: Path(LOCK),
        DECISIONS: DECIDED,
    }
    account = {
        "extract": derived.name,
        "study": str(settings),
        "commit": commit.sha,
        "committed": commit.instant,
        "languages": languages,
    }
    made = {
        ACCOUNT: json.dumps(account, indent=1) + "\n",
        NUMBERS: _numbers(derived, languages),
        BILL: write_bill(Path(LOCK).read_text(encoding="utf-8"), _version()),
    }
    files = {
        **{name: path.read_bytes() for name, path in own.items()},
        **{name: text.encode() for name, text in made.items()},
    }
    return dict(sorted(files.items()))


def _version() -> str:
    """The version of the project."""
    told: str = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["version"]
    return told


def load_languages(settings: Path, derived: Path) -> tuple[str, ...]:
    """The languages of the report: that of the build first, then the others that the exhibits are written in."""
    first = load_input(derived / "language.toml").language
    offered = load_input(settings / "exhibits.toml")["page"].get("languages", ("en", "da"))
    return first, *(language for language in offered if language != first)


def _numbers(derived: Path, languages: Sequence[str]) -> str:
    """numbers.csv: every number shown with its address, estimate and statistic, and its text in each language."""
    first, *others = languages
    shown = load_input(derived / "released.parquet").to_dict("records")
    texts = {name: load_input(derived / name / "released.parquet").set_index("cell_id")["text"] for name in others}
    rows = [
        {
            "address": row["cell_id"],
            "estimate": row["estimate_id"],
            "statistic": row["statistic"],
            f"text_{first}": row["text"],
            **{f"text_{name}": own[row["cell_id"]] for name, own in texts.items()},
        }
        for row in shown
    ]
    return _rows(["address", "estimate", "statistic", *(f"text_{name}" for name in languages)], rows)


def _rows(columns: Sequence[str], rows: Sequence[Mapping[Any, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def require_releasable(commit: Commit, settings: Path, runs: Path) -> None:
    """InputError unless settings and code of the build are those of the commit, and it was built on its history."""
    records = read_records(runs)
    if not records:
        raise InputError(f"{runs}: no records. Run make all, make verify, then make release.")
    if not read_settings({record["stage"]: record for record in records}, str(settings)):
        raise InputError(f"{runs}: no stage read settings of {settings}. Run make all with that STUDY.")
    require_committed(commit, {path: sha256 for record in records for path, sha256 in committed_files(record).items()})
    earlier = earlier_commits(commit.sha)
    odd = {record["ran"]["commit"] for record in records} - {"", *earlier}
    if earlier and odd:
        raise InputError(
            f"{runs}: records of the commit {min(odd)[:12]}, which is not in the history of {commit.sha[:12]}. Run "
            "make clean and make all, then make verify."
        )


def read_verified(derived: Path) -> dict[str, Any]:
    """verified.json; InputError unless the second route was tried on this build, and its tables say that all agreed."""
    folder, remedy = derived / "verified", f"Say make verify EXTRACT={derived.name}"
    path = folder / VERIFIED
    if not path.exists():
        raise InputError(f"{path}: the second route was not tried on this build. {remedy}, then make release.")
    require_as_verified({str(each): digest(each) for each in folder.iterdir() if each.is_file()})
    verified = load_input(path)
    wrong = max(verified["disagreed"], *_disagreeing(folder))
    if wrong:
        raise InputError(f"{path}: {wrong} numbers of the two routes disagree. Mend what make verify names.")
    if verified["head"] != load_input(derived / PROVENANCE)["head"]:
        raise InputError(
            f"{path}: the second route was tried on another build than this one. {remedy}, then make release."
        )
    return verified


def _disagreeing(folder: Path) -> tuple[int, int]:
    """How many differences the tables of the second route hold: those listed, and the estimates that disagree."""
    listed = len(load_input(folder / "differences.csv"))
    return listed, int((~load_input(folder / "second.parquet")["agrees"]).sum())
