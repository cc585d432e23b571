"""Write the archive of aggregates of a build: make release, or python -m pipeline.release RAW --settings ... ."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from pipeline.audit.leaks import find_leaks
from pipeline.disclosure.gate import require_released
from pipeline.errors import InputError, command
from pipeline.pseudonyms.kept import FOLDER, keep
from pipeline.release.archive import MANIFEST, pack
from pipeline.release.contents import PROVENANCE
from pipeline.release.derive import derive_files
from pipeline.release.facts import Facts
from pipeline.release.gather import gather_files, read_verified, require_releasable
from pipeline.release.repository import clean_commit
from pipeline.release.withheld import withhold
from pipeline.runner.inputs import load_input
from pipeline.runner.surroundings import LOCK
from pipeline.storage import write_if_changed


@command
def main() -> None:
    """Write the archive under the folder that --out names, and say what it holds; without --out only whether it may."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.release", description=__doc__)
    parser.add_argument("raw", type=Path)
    for name in ("--settings", "--derived", "--reports"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    commit = clean_commit()
    read_verified(given.derived)
    judged = load_input(given.derived / "judged.json")
    require_released(judged)
    require_releasable(commit, given.settings, given.derived / "runs")
    if given.out is None:
        return
    files = gather_files(given.settings, given.derived, given.reports, commit)
    if Facts(files).is_controlled:
        files = withhold(files, judged["mark"])
    files |= derive_files(Facts(files))
    for other in sorted(given.derived.glob("**/judged.json")):  # in other languages, and of everybody
        require_released(load_input(other))
    leaks = find_leaks(files.items(), given.raw, given.derived)
    if leaks.findings:
        raise InputError(*map(str, leaks.findings))
    keep(given.derived / "told.json", given.derived.parent / FOLDER, given.raw.name)
    path = given.out / f"{given.raw.name}-{commit.sha[:12]}.zip"
    write_if_changed(path, pack(files))
    head = json.loads(files[PROVENANCE])["head"]
    print(
        f"{path}: {len(files)} files and {MANIFEST}, {path.stat().st_size / 1e6:.1f} MB; {LOCK} and records with them"
    )
    print(f"0 persons' numbers, keys, tables of persons, paths and names of users in {leaks}")
    print(f"head of the records: {head}")


if __name__ == "__main__":
    sys.exit(main())
