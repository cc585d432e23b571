"""The records of an archive beside each other, what rests on them, and the commit that they are of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.release.archive import is_plain
from pipeline.release.compared import Compared, compare
from pipeline.release.contents import PROVENANCE, committed_files, folder_of, record_name, stages_before_report
from pipeline.release.facts import Facts
from pipeline.release.repository import committed_digests, earlier_commits, has_commit, instant_of
from pipeline.release.withheld import COUNTED, describe_extract
from pipeline.runner.provenance import describe_build
from pipeline.runner.records import (
    Record,
    head_of,
    is_description,
    is_made,
    record_text,
    seal,
    seal_of,
    told_of,
)
from pipeline.storage import digest

OWN = ("cause", "rests_on", "seal")  # what a record has of the chain
NOTHING_DIFFERS = hashlib.sha256(b"kind,what,first,second\n").hexdigest()  # differences.csv without a difference
OTHER_CODE = "this checkout does not hold the commit of the archive, and has other code. Fetch the commit to try them"

Pairs = Iterator[tuple[str, str, str]]  # what, what is stated, what it should be


def compare_records(facts: Facts) -> Compared:
    """Each record beside those it rests on, the texts it keeps, and the head wherever it is stated."""
    pairs = [*_chained(facts), *_read_as_made(facts), *_kept(facts), *_heads(facts)]
    return compare({what: stated for what, stated, _ in pairs}, {what: should for what, _, should in pairs})


def _makers(facts: Facts) -> dict[str, Record]:
    return {path: dict(record) for record in facts.records.values() for path in record["outputs"] if is_made(path)}


def _chained(facts: Facts) -> Pairs:
    """Cause, links and seal as they follow from what the records say, and the bytes that make writes."""
    makers = _makers(facts)
    for stage, record in facts.records.items():
        made_by = {path: makers[path] for path in record["inputs"] if path in makers and path not in record["outputs"]}
        again = seal({key: value for key, value in record.items() if key not in OWN}, made_by)
        yield from ((f"{stage}, {key}", _written(record[key]), _written(again[key])) for key in OWN)
        name = record_name(facts.account.extract, stage)
        yield f"{stage}, as make writes it", facts.text(name), record_text(dict(record))


def _written(part: Any) -> str:
    return json.dumps(part, sort_keys=True)


def _read_as_made(facts: Facts) -> Pairs:
    """What a stage read is what another made, and what several read or ran is one."""
    makers = _makers(facts)
    known: dict[str, str] = {}
    for stage, record in facts.records.items():
        for path, sha256 in {**record["inputs"], **record["code"]}.items():
            if path in makers:
                yield f"{stage} read {path}", sha256, makers[path]["outputs"][path]
            elif Path(path).parent.name != "runs":
                yield f"{stage} read {path}", sha256, known.setdefault(path, sha256)


def _kept(facts: Facts) -> Pairs:
    """The texts that a record keeps are of the files that it read; withheld, under control, all say the same."""
    said: dict[str, str] = {}
    for stage, record in facts.records.items():
        for path, text in record["settings"].items():
            if facts.is_controlled and is_description(path):
                told = told_of(text) or "{}"
                yield f"{stage}, text of {path}", text, said.setdefault(path, text)
                yield f"{stage}, what is told of {path}", told, describe_extract(json.loads(told))
                continue
            forms = (text, text.replace("\n", "\r\n"))
            hashes = [hashlib.sha256(form.encode("utf-8", "surrogatepass")).hexdigest() for form in forms]
            read = record["inputs"].get(path, "")
            yield f"{stage}, text of {path}", read if read in hashes else "other", read


def _heads(facts: Facts) -> Pairs:
    """provenance.json as it follows from the records, and the head on every page and in what make verify wrote."""
    before = [facts.records[stage] for stage in stages_before_report(facts.records) if stage in facts.records]
    provenance = facts.records.get("provenance")
    if provenance is None or not before:
        yield "record of the stage provenance", "missing", "there"
        return
    told = facts.text(PROVENANCE)
    head = head_of(before)
    yield PROVENANCE, told, describe_build(provenance["ran"], before)
    recorded = [sha256 for path, sha256 in provenance["outputs"].items() if Path(path).name == PROVENANCE]
    yield f"{PROVENANCE}, as recorded", hashlib.sha256(told.encode()).hexdigest(), "".join(recorded)
    for language in facts.languages:
        page = f"{folder_of(language, facts.languages)}index.html"
        yield f"head in {page}", head if page in facts.files and head in facts.text(page) else "", head
    yield "head in verified.json", facts.verified["head"], head


def compare_second_route(facts: Facts) -> Compared:
    """verified.json beside its own seal and sums, and that nothing in it disagrees."""
    told = facts.verified
    kinds = told["kinds"].values()
    whole = any if facts.is_controlled else sum
    counts = [part[key] for part in (told, *kinds) for key in COUNTED]
    pairs = {
        "verified.json, seal": (told["seal"], seal_of(told)),
        "verified.json, numbers shown": (str(told["shown"]), str(len(facts.numbers))),
        "verified.json, differences.csv": (told["files"].get("differences.csv", ""), NOTHING_DIFFERS),
        "verified.json, as make verify writes it": (
            facts.text("verified.json"),
            json.dumps(told, indent=1, ensure_ascii=False) + "\n",
        ),
        "verified.json, what disagrees": (str(told["disagreed"]), "0"),
        **{
            f"verified.json, {key} in all": (str(told[key]), str(whole(kind[key] for kind in kinds))) for key in COUNTED
        },
        "verified.json, disagreed in all": (str(told["disagreed"]), str(sum(kind["disagreed"] for kind in kinds))),
        "verified.json, counts that are withheld under control alone": (
            str({isinstance(count, bool) for count in counts}),
            str({facts.is_controlled}),
        ),
        "verified.json, numbers walked": (str(told["walked"] <= told["shown"] and told["agreed"] > 0), "True"),
    }
    return compare({key: stated for key, (stated, _) in pairs.items()}, {key: seen for key, (_, seen) in pairs.items()})


def compare_code(facts: Facts, texts: Mapping[str, str]) -> Compared:
    """What the stages ran and read, and `texts` by path with their SHA-256, as the commit of the archive holds it.

    Where this checkout does not hold the commit its files are compared, and those that differ are not tried.
    """
    sha = facts.account.commit
    read = {**_ran_and_read(facts), **texts}
    if not has_commit(sha):
        agreed = [path for path, sha256 in read.items() if _here(path) == sha256]
        left = len(read) - len(agreed)
        return Compared(len(agreed), [], f"{left} not tried: {OTHER_CODE}" if left else "")
    earlier = earlier_commits(sha)
    ran = {f"commit of the record {stage}": record["ran"]["commit"] for stage, record in facts.records.items()}
    should = {what: commit if commit == "" or commit in earlier or not earlier else sha for what, commit in ran.items()}
    instant = {"instant of the commit": facts.account.committed}
    held = {**committed_digests(sha, read), **should, "instant of the commit": instant_of(sha)}
    return compare({**read, **ran, **instant}, held)


def _ran_and_read(facts: Facts) -> dict[str, str]:
    """By path the SHA-256 of what is to be committed; where records say different ones of a file, all of them."""
    found: dict[str, set[str]] = {}
    for record in facts.records.values():
        for path, sha256 in committed_files(record).items():
            found.setdefault(path, set()).add(sha256)
    return {path: " ".join(sorted(hashes)) for path, hashes in found.items()}


def _here(path: str) -> str:
    """The SHA-256 of a file of this checkout; '' of what is none."""
    file = Path(path)
    return digest(file) if is_plain(path) and file.is_file() and not file.is_symlink() else ""
