"""The packages that the stages of a build really imported, with their versions.

Each stage notes beside its record where the modules lie that its process had imported. A record itself does not hold
it: how many libraries the warm process (warm.py) had imported when a stage became a copy of it goes by the time, and
the same build makes the same records. Over all stages the packages are the same, so the provenance tells them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from pipeline.runner.surroundings import plain_name
from pipeline.storage import write_if_changed

NOTES = ".imported"  # beside the records: a file a stage, with a line for each place


def note_imports(record: Path) -> None:
    """Note what this process has imported beside the record of its stage."""
    write_if_changed(_note(record), "".join(f"{place}\n" for place in imported_places()).encode())


def imported_places() -> list[str]:
    """Where the imported modules lie that are neither Python's own nor the project's: the folder or file of each.

    What the warm process had imported before it copied itself is imported here too, whether the stage uses it or not.
    """
    standard = os.__file__.rpartition(os.sep)[0]
    own = {standard, f"{standard}{os.sep}lib-dynload", str(Path(__file__).parents[2])}
    folders = sorted({*own, *(str(Path(folder).absolute()) for folder in sys.path if folder)}, key=len, reverse=True)
    files = {str(file) for module in list(sys.modules.values()) if (file := getattr(module, "__file__", None))}
    # Of a folder of modules one is looked at; those that lie in a folder of the path itself are each a package.
    apart = {folder if (folder := file.rpartition(os.sep)[0]) not in folders else file: file for file in files}
    places = set()
    for file in apart.values():
        folder = next((folder for folder in folders if file.startswith(folder + os.sep)), "")
        if folder not in own:
            places.add(f"{folder}{os.sep}{file[len(folder) + 1 :].partition(os.sep)[0]}" if folder else file)
    return sorted(places)


def imported_packages(records: Iterable[Path]) -> dict[str, str]:
    """By name the version of each package that the stages of the records imported: as of the files they imported.

    A module that no installed package lists among its files stands there by its own name, with the version ''.
    """
    notes = [_note(record) for record in records]
    notes = [_note(record) for record in records]
    lines = {line for note in notes if note.exists() for line in note.read_text(encoding="utf-8").splitlines()}
    places = [Path(line) for line in sorted(lines)]
    installed = {folder: _installed_in(folder) for folder in {place.parent for place in places}}
    listed: dict[Path, bytes] = {}
    return dict(sorted(_package_of(place, installed[place.parent], listed) for place in places))


def _installed_in(folder: Path) -> dict[str, tuple[str, Path]]:
    """By name the version and the folder of facts of each package that is installed in a folder."""
    parts = [(info.stem.rpartition("-"), info) for info in sorted(folder.glob("*.dist-info"))]
    return {plain_name(name): (version, info) for (name, _, version), info in parts}


def stages_without_note(records: Iterable[Path]) -> list[str]:
    """The stages of which it is not known what they imported."""
    return sorted(record.stem for record in records if not _note(record).exists())


def _package_of(place: Path, installed: dict[str, tuple[str, Path]], listed: dict[Path, bytes]) -> tuple[str, str]:
    """Name and version of the package among the `installed` whose list of files names what lies there.

    `listed` keeps the lists that were read; that of a package of the same name, or one that holds it, is read first.
    """
    module = place.name.partition(".")[0]
    plain = plain_name(module)
    lines = [f"\n{place.name}{end}".encode() for end in ("/", ",")]
    for name in sorted(installed, key=lambda name: (name != plain, plain not in name)):
        version, info = installed[name]
        if info not in listed:
            files = info / "RECORD"
            listed[info] = b"\n" + files.read_bytes() if files.exists() else b""
        if any(line in listed[info] for line in lines):
            return name, version
    return module, ""


def _note(record: Path) -> Path:
    return record.parent / NOTES / record.stem
