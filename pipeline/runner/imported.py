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
    standard = os.path.dirname(os.__file__)
    own = {standard, os.path.join(standard, "lib-dynload"), str(Path(__file__).parents[2])}
    folders = sorted({os.path.abspath(folder) for folder in sys.path if folder} | own, key=len, reverse=True)
    files = {os.path.abspath(file) for module in list(sys.modules.values()) if (file := _file(module))}
    places = set()
    for file in files:
        folder = next((folder for folder in folders if file.startswith(folder + os.sep)), None)
        if folder not in own:
            places.add(file if folder is None else os.path.join(folder, file[len(folder) + 1 :].partition(os.sep)[0]))
    return sorted(places)


def _file(module: object) -> str | None:
    found = getattr(module, "__file__", None)
    return found if isinstance(found, str) else None


def imported_packages(records: Iterable[Path]) -> dict[str, str]:
    """By name the version of each package that the stages of the records imported: as of the files they imported.

    A module that no installed package lists among its files stands there by its own name, with the version ''.
    """
    notes = [_note(record) for record in records]
    places = {line for note in notes if note.exists() for line in note.read_text(encoding="utf-8").splitlines()}
    texts: dict[Path, str] = {}
    found = [_package_of(Path(place), texts) for place in sorted(places)]
    return dict(sorted(found))


def stages_without_note(records: Iterable[Path]) -> list[str]:
    """The stages of which it is not known what they imported."""
    return sorted(record.stem for record in records if not _note(record).exists())


def _package_of(place: Path, texts: dict[Path, str]) -> tuple[str, str]:
    """Name and version of the package whose list of files names what lies there; `texts` keeps the lists once read."""
    module = place.name.partition(".")[0]
    installed = sorted(place.parent.glob("*.dist-info"), key=lambda info: not info.name.lower().startswith(module.lower()))
    for info in installed:
        if info not in texts:
            listed = info / "RECORD"
            texts[info] = "\n" + listed.read_text(encoding="utf-8") if listed.exists() else ""
        if f"\n{place.name}/" in texts[info] or f"\n{place.name}," in texts[info]:
            name, _, version = info.stem.rpartition("-")
            return plain_name(name), version
    return module, ""


def _note(record: Path) -> Path:
    return record.parent / NOTES / record.stem
