"""Where every file of a build comes from, told from the records of its stages."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from pipeline.runner.records import RECEIVED, head_of, is_made

CODE = ("pipeline", "requirements.lock", "Makefile")
TOLD = (
    "commit",
    "is_clean",
    "packages",
    "imported",
    "imported_unknown",
    "python",
    "platform",
)


def describe_build(ran: Mapping[str, Any], records: Collection[Mapping[str, Any]]) -> str:
    """provenance.json: the head, and each file with its SHA-256, what made it and what it was made of.

    Keys: head, extract, commit, is_clean (None outside git), packages (of the lock, as installed: version by name),
    imported (those that the stages really imported), imported_unknown (stages that noted none), python, platform,
    files. made_by is a stage, "received", "settings" or "code"; rests_on the paths that the stage read. ValueError for
    records of several extracts.
    """
    told = {key: ran[key] for key in TOLD}
    (extract,) = {record["extract"] for record in records}
    content = {"head": head_of(records), "extract": extract, **told, "files": _describe_files(records)}
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _describe_files(records: Collection[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    files: dict[str, dict[str, Any]] = {}
    for record in records:
        for path, sha256 in record["inputs"].items():
            files.setdefault(path, {"sha256": sha256, "made_by": _origin(path), "rests_on": []})
    for record in records:
        for path, sha256 in record["outputs"].items():
            if is_made(path):
                files[path] = {"sha256": sha256, "made_by": record["stage"], "rests_on": sorted(record["inputs"])}
    return files


def _origin(path: str) -> str:
    """What a file is that no stage made; the Makefile itself writes language and folder of settings as asked."""
    top = Path(path).parts[0]
    if top == RECEIVED:
        return "received"
    return "code" if top in CODE else "settings"
