"""What an archive of an extract under disclosure control keeps of files that count persons: no number of them.

An exact number beside a rounded one, or beside another that differs by few, tells of few. So the text of extract.toml
in the records has no number of rows, and what make verify found says that values agreed and not how many.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from typing import Any

from pipeline.disclosure.sayings import NUMBER
from pipeline.release.contents import RECORDS, VERIFIED
from pipeline.runner.records import is_description, record_text, seal_of, withheld_text

COUNTED = ("agreed", "not_tried")  # of verified.json: values, which are persons times columns


def withhold(files: Mapping[str, bytes], mark: str) -> dict[str, bytes]:
    """The files of an archive by path as they leave under control; `mark` stands for a number that is withheld."""
    records = {name: content for name, content in files.items() if name.startswith(RECORDS)}
    left = {name: _record(json.loads(content)).encode() for name, content in records.items()}
    return {**files, **left, VERIFIED: _verified(json.loads(files[VERIFIED]), mark).encode()}


def _record(record: dict[str, Any]) -> str:
    """A record without the rows of the received files and without warnings, neither of which its seal needs."""
    kept = {
        path: withheld_text(text, describe_extract(tomllib.loads(text))) if is_description(path) else text
        for path, text in record["settings"].items()
    }
    return record_text({**record, "settings": kept, "ran": {**record["ran"], "warnings": []}})


def describe_extract(facts: dict[str, Any]) -> str:
    """extract.toml as JSON without comments, rows, and the digest of the key, without which its hash could be tried."""
    files = {
        role: {**{key: value for key, value in file.items() if key != "rows_sent"}, "rows": 0}
        for role, file in facts.get("files", {}).items()
    }
    told = {key: value for key, value in facts.items() if key != "key_digest"} | {"files": files}
    return json.dumps(told, default=str, sort_keys=True, ensure_ascii=False) + "\n"


def _verified(told: dict[str, Any], mark: str) -> str:
    """verified.json that says of what is counted whether there is any, under a seal of its own."""
    kinds = {
        kind: _whether(found) | {"why": {NUMBER.sub(mark, why): bool(count) for why, count in found["why"].items()}}
        for kind, found in told["kinds"].items()
    }
    body = {**_whether(told), "kinds": kinds}
    body["seal"] = seal_of(body)
    return json.dumps(body, indent=1, ensure_ascii=False) + "\n"


def _whether(found: Mapping[str, Any]) -> dict[str, Any]:
    return {key: bool(value) if key in COUNTED else value for key, value in found.items()}
