"""Every file of the chain hashed against the records of the stages, and the records against each other."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.verify.agreement import NONE, Agreement

PARTS = ("inputs", "outputs", "code")
RAN = ("ran", "seal")  # what a record tells of a run and does not seal


def compare_files(derived: Path) -> list[Agreement]:
    """A count of the files, each as every record that names it and extract.toml say, and one of the records.

    A record's seal is over all that it says; what it read is what another record made; the seals of the records it
    rests on are theirs; and the head of provenance.json is over the seals of those it was made of.
    """
    records = {
        path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted((derived / "runs").glob("*.json"))
    }
    return [_files(records), _records(records, derived)]


def _files(records: Mapping[str, Any]) -> Agreement:
    found, now = Agreement("files of the chain"), dict[str, str]()
    for stage, record in records.items():
        for part in PARTS:
            for name, recorded in record[part].items():
                if _is_record(name):
                    continue  # whose seal is compared: its bytes tell when it ran too
                if name not in now:
                    file = Path(name)
                    now[name] = hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else NONE
                found.count(f"{name}, {part} of {stage}", recorded, now[name])
    for name in sorted(name for name in now if Path(name).name == "extract.toml"):
        for facts in tomllib.loads(Path(name).read_text(encoding="utf-8"))["files"].values():
            path = str(Path(name).parent / facts["path"])
            found.count(f"{path}, {name}", facts["sha256"], now.get(path, NONE))
    return found


def _records(records: Mapping[str, Any], derived: Path) -> Agreement:
    found = Agreement("records of the chain")
    makers = {name: stage for stage, record in records.items() for name in record["outputs"]}
    for stage, record in records.items():
        found.count(f"{stage}, seal", record["seal"], _hash(_sealed(record)))
        for other, link in record["rests_on"].items():
            found.count(f"{stage}, rests on {other}", link["seal"], records.get(other, {}).get("seal", NONE))
        for name, recorded in record["inputs"].items():
            if name in makers and not name.startswith("data_raw/"):
                found.count(f"{stage}, {name}", recorded, records[makers[name]]["outputs"][name])
    told = json.loads((derived / "provenance.json").read_text(encoding="utf-8"))
    before = {Path(name).stem for name in records.get("provenance", {}).get("inputs", {}) if _is_record(name)}
    seals = {stage: record["seal"] for stage, record in records.items() if stage in before}
    found.count("provenance.json, head", told["head"], _hash(seals))
    return found


def _sealed(record: Mapping[str, Any]) -> dict[str, Any]:
    """What a seal is over: all that the record says of files and code, and of the texts it keeps their hashes."""
    sealed = {key: value for key, value in record.items() if key not in RAN}
    texts = {path: hashlib.sha256(text.encode()).hexdigest() for path, text in record.get("settings", {}).items()}
    return sealed | ({"settings": texts} if "settings" in record else {})


def _is_record(name: str) -> bool:
    return Path(name).parent.name == "runs"


def _hash(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
