"""Check an archive that was received, in a checkout without the data: make verify RELEASE=file."""

from __future__ import annotations

import argparse
import csv
import html
import json
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.errors import InputError, command
from pipeline.release.archive import MANIFEST, checksums, read_manifest, unpack
from pipeline.release.contents import EXHIBITS, RECORDS, SETTINGS
from pipeline.release.crate import METADATA
from pipeline.release.results import ADDRESS, validate_results
from pipeline.runner.records import head_of, is_record, read_records
from pipeline.runner.surroundings import LOCK
from pipeline.show.numbers import MINUS
from pipeline.storage import digest

RESULTS = "results.json"
SHOWN = re.compile(r'<data [^>]*title="([^"]+)"[^>]*>(.*?)</data>', re.DOTALL)
TAG = re.compile(r"<[^>]+>")
TABLE = re.compile(r"<table\b.*?</table>", re.DOTALL)
OTHER_CODE = "this checkout has other code than the archive was made with"

Compared = tuple[int, list[str], str]  # how many agree, what does not, and why others were not tried
Found = dict[str, Compared]  # by kind
PROVENANCE = "provenance"  # the stage that hashes the records before the report


def recheck(path: Path) -> Found:
    """By kind what agrees and what does not: checksums, records, exhibits, results, settings and code.

    InputError if the file is no archive, or holds nothing to compare.
    """
    files = unpack(path)
    records = _records(files)
    sums = checksums({name: content for name, content in files.items() if name != MANIFEST})
    found = {
        "checksums": _compare(read_manifest(files), sums),
        "chain of records": _chain(files, records),
        "exhibits as recorded": _exhibits(sums, records),
        "results as shown": _results(files),
        "settings as recorded": _settings(sums, records),
        "code of this checkout": _code(records),
    }
    if not any(agreed for agreed, _, _ in found.values()):
        raise InputError(f"{path}: nothing in it could be compared. Name an archive that make release wrote.")
    return found


def _compare(stated: Mapping[str, str], seen: Mapping[str, str], why: str = "") -> Compared:
    """How many keys have the same value on both sides, and those that do not or stand on one side only."""
    agreed = [key for key in stated if stated[key] == seen.get(key)]
    return len(agreed), sorted({*stated, *seen} - {*agreed}), why


def _records(files: Mapping[str, bytes]) -> list[dict[str, Any]]:
    """The records of the archive, each sealed as it says."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            if name.startswith(RECORDS) and ".." not in Path(name).parts:
                path = Path(folder) / name.removeprefix(RECORDS)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        return [record for runs in sorted(Path(folder).glob("*/runs")) for record in read_records(runs)]


def _chain(files: Mapping[str, bytes], records: list[dict[str, Any]]) -> Compared:
    """The seals that records state of those they rest on, and the head that metadata, provenance and page state."""
    seals = {record["stage"]: record["seal"] for record in records}
    links = {f"{record['stage']} on {other}": (link["seal"], seals.get(other, ""))
             for record in records for other, link in record["rests_on"].items()}  # fmt: skip
    stages = {Path(path).stem for record in records if record["stage"] == PROVENANCE
              for path in record["inputs"] if is_record(Path(path))}  # fmt: skip
    head = head_of(record for record in records if record["stage"] in stages)
    crate = json.loads(files.get(METADATA, b"{}"))
    runs = [entity["@id"] for entity in crate.get("@graph", ()) if entity.get("@type") == "CreateAction"]
    links |= {
        f"head in {METADATA}": ("".join(runs).removeprefix("urn:sha256:"), head),
        "head in provenance.json": (json.loads(files.get("provenance.json", b"{}")).get("head", ""), head),
        "head on the page": (head if head.encode() in files.get(f"{EXHIBITS}index.html", b"") else "", head),
    }
    return _compare(
        {key: stated for key, (stated, _) in links.items()}, {key: seen for key, (_, seen) in links.items()}
    )


def _exhibits(sums: Mapping[str, str], records: list[dict[str, Any]]) -> Compared:
    made = {
        f"{EXHIBITS}{'/'.join(Path(path).parts[2:])}": sha256
        for record in records
        for path, sha256 in record["outputs"].items()
        if Path(path).parts[0] == "reports"
    }
    seen = {name: sha256 for name, sha256 in sums.items() if name in made}
    return _compare({name: made[name] for name in seen}, seen)


def _results(files: Mapping[str, bytes]) -> Compared:
    """Every result beside the number that the page shows at its address."""
    event = json.loads(files.get(RESULTS, b"{}"))
    validate_results(event)
    stated = {
        next(group["groupValue"] for group in result["resultGroups"] if group["groupingId"] == ADDRESS): result[
            "formattedValue"
        ]
        for analysis in event["analyses"]
        for result in analysis["results"]
    }
    return _compare(stated, _shown(files, stated))


def _shown(files: Mapping[str, bytes], stated: Mapping[str, str]) -> dict[str, str]:
    """By address the text of every number in the csv files of the figures and on the page.

    What stands in sentences alone may say how large an effect is without its sign, and in words that it is less.
    """
    shown: dict[str, str] = {}
    for name, content in files.items():
        if name.startswith(f"{EXHIBITS}figures/") and name.endswith(".csv"):
            rows = csv.DictReader(content.decode("utf-8-sig").splitlines())
            shown |= {row["cell_id"]: row["text"] for row in rows}
    page = files.get(f"{EXHIBITS}index.html", b"").decode()
    shown |= dict(_numbers("".join(TABLE.findall(page))))
    for address, text in _numbers(TABLE.sub("", page)):
        is_size = stated.get(address) == f"{MINUS}{text}"
        shown.setdefault(address, f"{MINUS}{text}" if is_size else text)
    return shown


def _numbers(page: str) -> Iterator[tuple[str, str]]:
    for address, text in SHOWN.findall(page):
        yield html.unescape(address), html.unescape(TAG.sub("", text))


def _settings(sums: Mapping[str, str], records: list[dict[str, Any]]) -> Compared:
    """The settings and the lock of the archive beside those that the records read."""
    read = {path: sha256 for record in records for path, sha256 in record["inputs"].items()}
    own = {name.removeprefix(SETTINGS): sha256 for name, sha256 in sums.items()
           if name.startswith(SETTINGS) or name == LOCK}  # fmt: skip
    both = set(read) & set(own)
    return _compare({path: read[path] for path in both}, {path: own[path] for path in both})


def _code(records: list[dict[str, Any]]) -> Compared:
    """The modules that the stages ran beside those of this checkout; of another commit they are not tried."""
    ran = {path: sha256 for record in records for path, sha256 in record["code"].items()}
    here = {path: digest(Path(path)) if Path(path).exists() else "" for path in ran}
    agreed, other, _ = _compare(ran, here)
    return (agreed, [], f"{len(other)} not tried: {OTHER_CODE}") if other else (agreed, [], "")


@command
def main() -> None:
    """Say by kind what agrees; InputError if anything does not."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.release.recheck", description=__doc__)
    parser.add_argument("archive", type=Path)
    archive = parser.parse_args().archive
    found = recheck(archive)
    for kind, (agreed, wrong, why) in found.items():
        print(f"{kind:24} {agreed:>8,} agree {len(wrong):>6,} do not  {why}".rstrip())
    faults = [f"{archive}: {kind}: {name}" for kind, (_, wrong, _) in found.items() for name in wrong]
    if faults:
        raise InputError(*faults[:20], *([f"and {len(faults) - 20} more"] if len(faults) > 20 else []))
    print(f"{archive}: everything agrees")


if __name__ == "__main__":
    sys.exit(main())
