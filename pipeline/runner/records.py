"""The records of a build: what each stage read and made, sealed and chained, and whether an input is what was made.

A record holds the seals of the records that it rests on, so none can be changed alone. What a run merely ran with
(commit, machine, packages, warnings) is told beside and not sealed: two machines that make the same files of the same
files with the same code have the same head.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from pipeline.errors import InputError
from pipeline.storage import write_if_changed

PARTS = ("inputs", "outputs", "code")  # of a record: files with their SHA-256
UNSEALED = ("ran", "seal")
WITHHELD = "# withheld under disclosure control, SHA-256 of the whole: "
VERIFIED = "verified.json"  # what make verify seals, with the hashes of its tables
RECEIVED = "data_raw"  # where the chain ends, although the files of the synthetic trial are themselves made
MADE = ("data_derived", "reports")
# What a command makes, or the Makefile itself, and no stage: it is compared with a record if there is one.
OWN_FOLDERS = ("population", "verified")
OWN_FILES = ("study.txt", "language.toml", "asked.toml", "editions.json", "editions.txt", "received.mk")

Record = dict[str, Any]


def seal(record: Mapping[str, Any], made_by: Mapping[str, Record]) -> Record:
    """The record with the cause of the run, its links to the records of `made_by`, and the seal over all of it.

    The cause is the hash of what was read and of the code: the same cause makes the same files.
    """
    cause = _hash({key: record[key] for key in ("stage", "extract", "inputs", "code")})
    links = {other["stage"]: {"cause": other["cause"], "seal": other["seal"]} for other in made_by.values()}
    body = {**record, "cause": cause, "rests_on": links}
    return {**body, "seal": seal_of(body)}


def head_of(records: Iterable[Mapping[str, Any]]) -> str:
    """The hash over the seals of the records, in the order of their stages."""
    return _hash({record["stage"]: record["seal"] for record in records})


def seal_of(record: Mapping[str, Any]) -> str:
    """The hash of all that a record says but of what the run merely ran with; of the texts it keeps their hashes.

    So a text that is withheld from an archive leaves the seal as it is.
    """
    sealed = {key: value for key, value in record.items() if key not in UNSEALED}
    if "settings" in sealed:
        sealed["settings"] = {path: hash_of_text(text) for path, text in sealed["settings"].items()}
    return _hash(sealed)


def is_description(path: str) -> bool:
    """Whether a file, by its path, is the extract.toml of an extract."""
    return Path(path).parts[0] == RECEIVED and Path(path).name == "extract.toml"


def withheld_text(text: str, told: str) -> str:
    """What stands in a record in the place of a text: the hash of the text, and what is `told` of it."""
    return f"{WITHHELD}{hash_of_text(text)}\n{told}"


def told_of(text: str) -> str | None:
    """What is told of a text that is withheld; None of one that is whole."""
    return text.partition("\n")[2] if text.startswith(WITHHELD) else None


def hash_of_text(text: str) -> str:
    """The SHA-256 of a text, of one that is withheld too."""
    if text.startswith(WITHHELD):
        return text.partition("\n")[0].removeprefix(WITHHELD)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _hash(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def write_record(path: Path, record: Record) -> None:
    """Write a record as its file."""
    write_if_changed(path, record_text(record).encode())


def record_text(record: Record) -> str:
    """A record as its file holds it."""
    return json.dumps(record, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def read_records(runs: Path) -> list[Record]:
    """Every record of the folder; InputError that names the first which is none."""
    return [read_record(path) for path in sorted(runs.glob("*.json"))]


def read_record(path: Path) -> Record:
    """One record; InputError if it is damaged, names no outputs, is of another extract, or was changed by hand."""
    remedy = "Delete it, and run make again."
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: no record as make writes it ({error}). {remedy}") from error
    if fault := fault_of(record, path) or _fault_of_texts(record):
        raise InputError(f"{path}: no record as make writes it: {fault}. {remedy}")
    return dict(record)


def _fault_of_texts(record: Record) -> str:
    """What is wrong with the texts that a record of a build keeps; in an archive some are withheld, here none."""
    held = [path for path, text in record.get("settings", {}).items() if told_of(text) is not None]
    return f"the text of {held[0]} is withheld, as in an archive alone" if held else ""


def fault_of(record: Any, path: Path) -> str:
    """What is wrong with a record that lies at `path`, in words; '' if nothing is."""
    if not isinstance(record, dict) or any(not isinstance(record.get(part), dict) for part in (*PARTS, "rests_on")):
        return "it lacks inputs, outputs, code or the records it rests on"
    if not record["outputs"]:
        return "it names no file that the stage made"
    own = {"stage": path.stem, "extract": extract_of(path)}
    for key, expected in own.items():
        if record.get(key) != expected:
            return f"its {key} is {record.get(key)!r}, where it lies it is {expected!r}"
    return "" if record.get("seal") == seal_of(record) else "what it says does not match its seal, so it was changed"


def is_record(path: Path) -> bool:
    """Whether a file is a record, by where it lies."""
    return path.parent.name == "runs" and path.suffix == ".json"


def is_made(path: str | Path) -> bool:
    """Whether a file is one that is made here, by where it lies: the chain ends at received files."""
    return Path(path).parts[0] in MADE


def extract_of(record: Path) -> str:
    """The extract whose record lies there: data_derived/<extract>/runs/<stage>.json."""
    return record.parent.parent.name


def find_makers(inputs: Iterable[Path], runs: Path) -> dict[str, Record]:
    """By path the record of the stage that made it, for the inputs that a stage made.

    Raises InputError for an input that no record names and that only a stage can have made.
    """
    wanted = {str(path) for path in inputs if is_made(path)}
    texts = {file: file.read_bytes() for file in sorted(runs.glob("*.json"))} if wanted else {}
    found: dict[str, Record] = {}
    for file, text in texts.items():
        if any(path.encode() in text for path in wanted):
            record = _parsed(text)
            makes = wanted & set(record.get("outputs", ()))
            found |= dict.fromkeys(makes, read_record(file)) if makes else {}
    for path in sorted(wanted - set(found)):
        if _only_a_stage_makes(Path(path), runs):
            raise InputError(f"{path}: no record in {runs} says which stage made it. Delete it and run make all.")
    return found


def _parsed(text: bytes, part: str = "outputs") -> dict[str, Any]:
    """What a record holds; nothing if it is damaged or lacks a part, which whoever needs it is told."""
    try:
        record = json.loads(text)
    except ValueError:
        return {}
    return record if isinstance(record, dict) and isinstance(record.get(part), dict) else {}


def _only_a_stage_makes(path: Path, runs: Path) -> bool:
    """Whether a file of the extract whose records are in `runs` is none that a command or the Makefile writes."""
    is_own = path.name in OWN_FILES or any(folder in path.parts for folder in OWN_FOLDERS)
    return path.parts[1] == runs.parent.name and not is_own and not is_record(path)


def require_as_made(hashes: Mapping[str, str], made_by: Mapping[str, Record]) -> None:
    """Raise InputError for files, by path with their SHA-256, that are not what their stage recorded."""
    for path, record in made_by.items():
        if hashes.get(path, record["outputs"][path]) != record["outputs"][path]:
            raise InputError(
                f"{path}: not the file that stage {record['stage']} made and recorded. Delete it and run make all."
            )


def require_as_verified(hashes: Mapping[str, str]) -> None:
    """Raise InputError for files of make verify, by path with their SHA-256, that are not those it sealed."""
    for path in (Path(name) for name in hashes if Path(name).name == VERIFIED):
        facts = _parsed(path.read_bytes(), "files")
        wrong = [
            str(path.with_name(name))
            for name, sha256 in facts.get("files", {}).items()
            if hashes.get(str(path.with_name(name)), sha256) != sha256
        ]
        if not facts or facts.get("seal") != seal_of(facts):
            wrong = [str(path)]
        if wrong:
            raise InputError(
                f"{wrong[0]}: not the file that make verify wrote. Delete the folder {path.parent}, and say make "
                "verify again."
            )


def link_records(paths: Iterable[Path]) -> None:
    """Link records anew: a stage that ran again and made the same files has another seal than those after it hold.

    A record whose inputs are not the files that the others made keeps its links: its stage has to run. Each keeps its
    time of change, since make goes by it.
    """
    records = {record["stage"]: (path, record) for path in paths for record in [read_record(path)]}
    makers = {made: record["stage"] for _, record in records.values() for made in record["outputs"] if is_made(made)}
    reads = {
        stage: {makers[name] for name in record["inputs"] if name in makers} - {stage}
        for stage, (_, record) in records.items()
    }
    for stage in TopologicalSorter(reads).static_order():
        path, record = records[stage]
        made_by = {name: records[makers[name]][1] for name in record["inputs"] if name in makers}
        if any(record["inputs"][name] != maker["outputs"][name] for name, maker in made_by.items()):
            continue
        linked = seal({key: value for key, value in record.items() if key != "seal"}, made_by)
        if linked["seal"] != record["seal"]:
            date = path.stat().st_mtime_ns
            write_record(path, linked)
            os.utime(path, ns=(date, date))
            records[stage] = path, linked
