"""The chain of files behind a result, read from the records of the stages that made them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import InputError
from pipeline.storage import digest

PARTS = ("inputs", "outputs", "code")  # of a record: files with their SHA-256
RAW = "data_raw/"  # where the chain ends, although the files of the synthetic trial are themselves made


@dataclass(frozen=True)
class Link:
    """One file in the chain: how it came to be, its SHA-256, and how many steps it lies from the result."""

    path: str
    origin: str
    sha256: str
    depth: int


def read_records(runs: Path) -> dict[str, dict]:
    """Every stage's record by the path of each of its outputs."""
    return {output: record for record in _read_all(runs) for output in record["outputs"]}


def _read_all(runs: Path) -> list[dict[str, Any]]:
    return [_read(path) for path in sorted(runs.glob("*.json"))]


def _read(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: no record as make writes it ({error}). Delete it, and run make again.") from error
    if not isinstance(record, dict) or any(not isinstance(record.get(part), dict) for part in PARTS):
        raise InputError(f"{path}: no record as make writes it. Delete it, and run make again.")
    return record


def trace_files(target: Path, runs: Path, by_way_of: Path | None = None) -> list[Link]:
    """The chain from `target` back to the files that no stage made, depth first, each file once.

    Of the tables of estimates that `target` rests on only `by_way_of` is followed. Every SHA-256 is computed anew and
    compared with the records: a file that changed since is an InputError.
    """
    records, chain, seen = read_records(runs), [], set()

    def visit(path: str, recorded: str, depth: int) -> None:
        found = digest(Path(path))
        if found != recorded:
            raise InputError(f"{path}: not the file that its record holds. {remedy(path, path in records)}")
        if path in seen:
            return
        seen.add(path)
        record = None if path.startswith(RAW) else records.get(path)
        chain.append(Link(path, f"stage {record['stage']}" if record else _origin(path), found, depth))
        for source, sha256 in (record["inputs"] if record else {}).items():
            if by_way_of is None or Path(source).parent != by_way_of.parent or source == str(by_way_of):
                visit(source, sha256, depth + 1)

    if str(target) not in records:
        raise InputError(f"{target}: no record of a run that made it in {runs}. Run make all.")
    visit(str(target), records[str(target)]["outputs"][str(target)], 0)
    return chain


def changed_files(runs: Path) -> tuple[list[str], int]:
    """The files that are not the ones in the records of `runs`, each with its remedy, and how many are recorded.

    make goes by time stamps, so to it a report changed by hand, or a setting put back with an old date, looks fine.
    """
    made = read_records(runs)
    recorded = {pair for record in _read_all(runs) for side in PARTS for pair in record[side].items()}
    now = {path: digest(Path(path)) if Path(path).exists() else "" for path, _ in recorded}
    changed = sorted({path for path, sha256 in recorded if now[path] != sha256})
    return [f"{path}: not the file that its record holds. {remedy(path, path in made)}" for path in changed], len(now)


def remedy(path: str, is_made: bool) -> str:
    """How a file that is not the recorded one is put right."""
    if path.startswith(RAW):
        return "Put back the file as received (for the synthetic trial: make twin), then run make all."
    return "Delete it and run make all." if is_made else f"Say touch {path}, then make all."


def _origin(path: str) -> str:
    return "as received" if path.startswith(RAW) else "settings"
