"""Write the archive of aggregates of a build: make release, or python -m pipeline.release RAW --settings ... ."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pipeline.audit.build import Build
from pipeline.audit.lineage import changed_files, made_files
from pipeline.disclosure.gate import require_released
from pipeline.documents.models import models_by_exhibit
from pipeline.errors import InputError, command
from pipeline.release.archive import MANIFEST, checksums, pack
from pipeline.release.contents import EXHIBITS, describe_exhibits, gather_files
from pipeline.release.crate import METADATA, write_crate
from pipeline.release.guide import Facts, write_guide
from pipeline.release.repository import Commit, clean_commit
from pipeline.release.results import Definitions, write_results
from pipeline.runner.inputs import load_input
from pipeline.runner.schemas import every_column
from pipeline.runner.surroundings import LOCK
from pipeline.storage import write_if_changed

DECISIONS = Path("docs/decisions/README.md")
DECISION = re.compile(r"\| \[(.+?)\]\(.+?\) \| (.+) \|")


def write_release(
    raw: Path, settings: Path, derived: Path, reports: Path, verified: dict[str, Any], commit: Commit
) -> dict[str, bytes]:
    """By path every file of the archive: exhibits, results, guide, list of exhibits, settings, records, lock, metadata.

    `verified` is what the second route found. InputError if a file is not as recorded.
    """
    changed, _ = changed_files(derived / "runs")
    if changed:
        raise InputError(*changed)
    build, made = Build(raw, derived, settings), made_files(derived / "runs")
    extract, provenance = build.extract, load_input(derived / "provenance.json")
    files = gather_files(settings, derived, reports, made)
    shown = load_input(derived / "released.parquet").to_dict("records")
    known = Definitions(build.study, build.models, build.exhibits, build.slots, build.language)
    models = models_by_exhibit(build.exhibits, build.study, build.variables)
    facts = Facts(
        study=build.study,
        models=build.models,
        extract=extract,
        provenance=provenance,
        verified=verified,
        checks=load_input(reports / "checks.csv").to_dict("records"),
        exhibits=models,
        variables=every_column(build.variables).to_dict("records"),
        missing=(reports / "missing.txt").read_text(encoding="utf-8"),
        decisions=dict(DECISION.findall(DECISIONS.read_text(encoding="utf-8"))),
        language=build.language,
        commit=commit.sha,
    )
    written = {
        "results.json": write_results(extract.name, extract.label or extract.name, shown, known, _of_exhibits(files)),
        "verified.json": json.dumps(verified, indent=1, sort_keys=True) + "\n",
        "guide.md": write_guide(facts),
        "exhibits.csv": describe_exhibits(files, build.exhibits, models, build.models, reports, made),
    }
    files |= {name: text.encode() for name, text in written.items()}
    sums = checksums(files)
    return {**files, METADATA: write_crate(files, sums, extract, provenance, commit).encode()}


def _of_exhibits(files: Iterable[str]) -> list[str]:
    return [path for path in files if path.startswith(EXHIBITS)]


def read_verified(derived: Path) -> dict[str, Any]:
    """verified.json; InputError unless the second route was tried on this build and everything agreed."""
    path, remedy = derived / "verified" / "verified.json", f"Say make verify EXTRACT={derived.name}"
    if not path.exists():
        raise InputError(f"{path}: the second route was not tried on this build. {remedy}, then make release.")
    verified = dict(load_input(path))
    if verified["disagreed"]:
        raise InputError(
            f"{path}: {verified['disagreed']} numbers of the two routes disagree. Mend what make verify names."
        )
    if verified["head"] != load_input(derived / "provenance.json")["head"]:
        raise InputError(
            f"{path}: the second route was tried on another build than this one. {remedy}, then make release."
        )
    return verified


@command
def main() -> None:
    """Write the archive under the folder that --out names, and say what it holds."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.release", description=__doc__)
    parser.add_argument("raw", type=Path)
    for name in ("--settings", "--derived", "--reports", "--out"):
        parser.add_argument(name, type=Path, required=True)
    given = parser.parse_args()
    commit = clean_commit()
    require_released(load_input(given.derived / "judged.json"))
    verified = read_verified(given.derived)
    files = write_release(given.raw, given.settings, given.derived, given.reports, verified, commit)
    path = given.out / f"{given.raw.name}-{commit.sha[:12]}.zip"
    write_if_changed(path, pack(files))
    head = json.loads((given.derived / "provenance.json").read_text(encoding="utf-8"))["head"]
    print(
        f"{path}: {len(files)} files and {MANIFEST}, {path.stat().st_size / 1e6:.1f} MB; {LOCK} and records with them"
    )
    print(f"head of the records: {head}")


if __name__ == "__main__":
    sys.exit(main())
