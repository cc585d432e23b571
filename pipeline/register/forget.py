"""Delete what must be deleted at the end of a permit: make forget EXTRACT=2018q2, and then SURE=2018q2.

Received files, derived tables, the linkage file, traces, verified differences, what archives told of which persons,
also where builds of other extracts read it, and the key go. Reports, and records with hashes, stay: they hold no
person. Nothing else outside the folders of the extract is deleted, whatever links lead there.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import InputError, command
from pipeline.pseudonyms.kept import FOLDER, kept_of
from pipeline.pseudonyms.keys import VARIABLE, place_of
from pipeline.register.delivery import DESCRIPTION

RUNS, PROVENANCE, EARLIER = "runs", "provenance.json", "earlier.json"


@dataclass(frozen=True)
class Found:
    """What there is of an extract: what goes, what stays, and links with where they lead, which is left."""

    goes: list[Path]
    stays: list[Path]
    links: list[str]


def find_all(raw: Path, derived: Path, reports: Path) -> Found:
    """Every file of an extract; InputError if one of its folders is a link, for what is behind it is another's.

    And if there is nothing of such an extract at all.
    """
    for folder in (raw, derived, reports):
        if folder.is_symlink():
            raise InputError(f"{folder}: a link, so nothing is deleted. Delete what it leads to by hand, and the link.")
    received, made = _files(raw), _files(derived)
    begun = _files(raw.with_name(f".{raw.name}.begun"))
    kept = {raw / DESCRIPTION, derived / PROVENANCE, *(path for path in made if _is_record(path, derived))}
    key = place_of(raw.name)
    told = [*kept_of(derived.parent / FOLDER, raw.name), *_read_by_others(derived)]
    goes = [path for path in (*received, *begun, *made, *told) if path not in kept] + [key] * key.exists()
    links = [f"{path} leads to {path.resolve()}" for path in goes if path.is_symlink()]
    stays = [path for path in (*received, *made) if path in kept] + _files(reports)
    if not goes and not stays:
        raise InputError(f"EXTRACT={raw.name}: there is nothing of such an extract, so nothing was deleted.")
    return Found(goes, stays, links)


def _read_by_others(derived: Path) -> list[Path]:
    """What builds of other extracts read of what this one's archives told: it has its persons and groups."""
    name = f'"extract": {json.dumps(derived.name)}'.encode()
    others = sorted(derived.parent.glob(f"*/{EARLIER}"))
    return [path for path in others if path.parent != derived and name in path.read_bytes()]


def _is_record(path: Path, derived: Path) -> bool:
    return path.parent == derived / RUNS and path.suffix == ".json"


def _files(folder: Path) -> list[Path]:
    """The files and links below a folder; no link is followed."""
    return sorted(Path(place, name) for place, folders, files in os.walk(folder)
                  for name in (*files, *(each for each in folders if Path(place, each).is_symlink())))  # fmt: skip


def describe(found: Found, extract: str) -> list[str]:
    """What goes, what stays, and what nobody here can delete."""
    lines = [f"to be deleted: {_counted(found.goes)}", *(f"  {path} ({_size(path):,} bytes)" for path in found.goes)]
    lines += [f"kept, since it holds no person: {_counted(found.stays)}"]
    lines += [f"  {folder}: {_counted(files)}" for folder, files in _by_folder(found.stays).items()]
    lines += [f"left where it is: {link}. Delete it there, if the permit says so" for link in found.links]
    if os.environ.get(VARIABLE):
        lines.append(f"left where it is: the key in the environment variable {VARIABLE}")
    return [
        *lines,
        f"copies of the key and of the files elsewhere, backups among them, are not known to this: {extract}",
    ]


def delete(found: Found, raw: Path, derived: Path) -> None:
    """Delete what goes, the key last, and the folders that are empty then."""
    for path in found.goes:
        path.unlink(missing_ok=True)
    for top in (raw, derived, raw.with_name(f".{raw.name}.begun"), derived.parent / FOLDER):
        for place, _, _ in os.walk(top, topdown=False):
            if not any(Path(place).iterdir()):
                Path(place).rmdir()


def _counted(paths: Iterable[Path]) -> str:
    sizes = [_size(path) for path in paths]
    return f"{len(sizes):,} files, {sum(sizes):,} bytes"


def _size(path: Path) -> int:
    return path.lstat().st_size


def _by_folder(paths: Iterable[Path]) -> dict[Path, list[Path]]:
    found: dict[Path, list[Path]] = {}
    for path in paths:
        found.setdefault(path.parent, []).append(path)
    return found


@command
def main() -> None:
    """List what would go and what would stay; with SURE as the name of the extract, which make hands over, delete."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.register.forget", description=__doc__)
    for name in ("raw", "derived", "reports"):
        parser.add_argument(name, type=Path)
    arguments = parser.parse_args()
    raw, derived = arguments.raw, arguments.derived
    extract, sure = raw.name, os.environ.get("SURE", "")
    found = find_all(raw, derived, arguments.reports)
    print("\n".join(describe(found, extract)))
    if not sure:
        print(f"nothing was deleted. Say make forget EXTRACT={extract} SURE={extract} to delete it for good")
        return
    if sure != extract:
        raise InputError(f"SURE={sure}: not the name of the extract, {extract}, so nothing was deleted.")
    said = _counted(found.goes)
    try:
        delete(found, raw, derived)
    except OSError as error:
        raise InputError(
            f"{error.filename}: cannot be deleted: {error.strerror}. Mend that, and say it again."
        ) from error
    print(f"deleted: {said}. The disk may hold what lay there until it is written over")


if __name__ == "__main__":
    sys.exit(main())
