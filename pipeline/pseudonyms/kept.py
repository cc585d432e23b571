"""What archives told of which pseudonyms, kept beside the derived tables, where make clean does not take it."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

from pipeline.storage import write_if_changed

FOLDER = "releases"  # beside the folders of derived tables; no extract can have the name
NAME = re.compile(r"(?P<extract>[\w-]+)-(?P<digest>[0-9a-f]{16})\.json")


def keep(told: Path, folder: Path, extract: str) -> None:
    """Keep what an archive tells in a file that is there whole or not, and its owner's alone; nothing if of nobody.

    `told` is told.json of the build, `folder` that of what is kept. The name of the file has the SHA-256 of what it
    holds, so it is kept once. It is written before the archive is.
    """
    content = told.read_bytes()
    if json.loads(content)["persons"]:
        write_if_changed(_place(folder, extract, content), content)


def kept_of(folder: Path, extract: str) -> list[Path]:
    """What is kept of an extract's archives."""
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    return [path for path in files if (found := NAME.fullmatch(path.name)) and found["extract"] == extract]


def altered(folder: Path) -> tuple[int, list[str]]:
    """How many files are kept, and what is said of each that is not as it was written."""
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    return len(files), [
        f"{path}: not what an archive told, as make release keeps it. Put it back as it was: nothing else knows what "
        "left."
        for path in files
        if not (found := NAME.fullmatch(path.name)) or path != _place(folder, found["extract"], path.read_bytes())
    ]


def _place(folder: Path, extract: str, content: bytes) -> Path:
    return folder / f"{extract}-{hashlib.sha256(content).hexdigest()[:16]}.json"
