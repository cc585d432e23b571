"""The chain of files behind a result, read from the records of the stages that made them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import InputError
from pipeline.runner.records import PARTS, RECEIVED, Record, is_made, read_records
from pipeline.storage import digest


@dataclass(frozen=True)
class Link:
    """One file in the chain: how it came to be, its SHA-256, and how many steps it lies from the result."""

    path: str
    origin: str
    sha256: str
    depth: int


def made_files(runs: Path) -> dict[str, Record]:
    """By path the record of the stage that made it."""
    return {output: record for record in read_records(runs) for output in record["outputs"]}


def trace_files(target: Path, runs: Path, by_way_of: Path | None = None) -> list[Link]:
    """The chain from `target` back to the files that no stage made, depth first, each file once.

    Of the tables of estimates that `target` rests on only `by_way_of` is followed. Every SHA-256 is computed anew and
    compared with the records: a file that changed since is an InputError.
    """
    records, chain, seen = made_files(runs), [], set()

    def visit(path: str, recorded: str, depth: int) -> None:
        found = digest(Path(path))
        made = records[path]["outputs"][path] if path in records and is_made(path) else found
        if not found == recorded == made:
            raise InputError(f"{path}: not the file that its record holds. {remedy(path, path in records)}")
        if path in seen:
            return
        seen.add(path)
        record = None if path.startswith(RECEIVED) else records.get(path)
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
    made = made_files(runs)
    recorded = {pair for record in read_records(runs) for side in PARTS for pair in record[side].items()}
    now = {path: digest(Path(path)) if Path(path).exists() else "" for path, _ in recorded}
    changed = sorted({path for path, sha256 in recorded if now[path] != sha256})
    return [f"{path}: not the file that its record holds. {remedy(path, path in made)}" for path in changed], len(now)


def remedy(path: str, is_made: bool) -> str:
    """How a file that is not the recorded one is put right."""
    if path.startswith(RECEIVED):
        return "Put back the file as received (for the synthetic trial: make twin), then run make all."
    return (
        "Delete it and run make all."
        if is_made
        else "Put it back, or run make all, which makes what rests on it again."
    )


def _origin(path: str) -> str:
    return "as received" if path.startswith(RECEIVED) else "settings"
