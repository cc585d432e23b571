"""Every file of the chain hashed against the records of the stages, read as plain JSON."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from pipeline.verify.agreement import NONE, Agreement

PARTS = ("inputs", "outputs", "code")


def compare_files(runs: Path) -> Agreement:
    """The count of files: each is what every record that names it says, and what a stage read is what another made."""
    found, now = Agreement("files of the chain"), dict[str, str]()
    for path in sorted(runs.glob("*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        for part in PARTS:
            for name, recorded in record[part].items():
                if name not in now:
                    file = Path(name)
                    now[name] = hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else NONE
                found.count(f"{name}, {part} of {path.name}", recorded, now[name])
    return found
