"""Check an archive that was received, in a checkout without the data: make verify RELEASE=file."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from functools import partial
from itertools import zip_longest
from pathlib import Path

from pipeline.errors import InputError, command
from pipeline.release.archive import MANIFEST, checksums, read_manifest, unpack
from pipeline.release.chain import compare_code, compare_records, compare_second_route
from pipeline.release.compared import Compared, compare
from pipeline.release.contents import (
    BILL,
    DECISIONS,
    RECORDS,
    SETTINGS,
    derived_names,
    exhibit_files,
    expected_names,
    made_exhibits,
    read_settings,
)
from pipeline.release.crate import METADATA
from pipeline.release.derive import derive_files
from pipeline.release.facts import Facts
from pipeline.release.shown import compare_edition, compare_languages
from pipeline.runner.bill import read_lock
from pipeline.runner.surroundings import LOCK

SAID = 20  # faults that are printed
SHOWN = 120  # letters of a line that is not as it should be


def recheck(path: Path) -> dict[str, Compared]:
    """By kind what agrees and what does not.

    InputError, which names the archive and the entry, if the file is no archive as make release writes it, or what it
    says of itself or a record cannot be read. Nothing is written.
    """
    return compare_files(path, unpack(path))


def compare_files(path: Path, files: Mapping[str, bytes]) -> dict[str, Compared]:
    """The same of the files of the archive at `path`."""
    try:
        return _compare_all(files)
    except InputError as error:
        raise InputError(*(f"{path}: {message}" for message in error.messages)) from error


def _compare_all(files: Mapping[str, bytes]) -> dict[str, Compared]:
    sums = checksums({name: content for name, content in files.items() if name != MANIFEST})
    derived = derived_names(Facts(files).languages, [METADATA])
    facts = Facts({name: content for name, content in files.items() if name not in {*derived, MANIFEST}})
    if not facts.records:
        raise InputError(f"{RECORDS}: no record of the extract {facts.account.extract}. Ask for the archive again.")
    kinds: dict[str, Callable[[], Compared]] = {
        "checksums": lambda: compare(read_manifest(files), sums),
        "files of the archive": partial(_compare_names, files, facts, derived),
        "records": lambda: compare_records(facts),
        "exhibits as recorded": partial(_compare_exhibits, facts, sums),
        "settings as recorded": partial(_compare_settings, facts, sums),
        "bill of materials": lambda: _compare_bill(files),
        "made again": partial(_compare_made, files, facts),
        "numbers and estimates": partial(_compare_slots, facts),
        **{f"numbers shown, {name}": partial(_compare_shown, facts, name) for name in facts.languages},
        "numbers in each language": lambda: Compared(*compare_languages(facts)),
        "second route": lambda: compare_second_route(facts),
        "code and settings at its commit": partial(_compare_commit, facts, sums),
    }
    return {kind: _look(look) for kind, look in kinds.items()}


def _look(look: Callable[[], Compared]) -> Compared:
    """What a comparison finds; an entry that cannot be read, or that does not fit the others, is what it finds too."""
    try:
        return look()
    except InputError as error:
        return Compared(0, list(error.messages))
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        why = f"{type(error).__name__}: {str(error)[:SHOWN]}"
        return Compared(0, [f"what is in the archive does not fit together: {why}"])


def _compare_names(files: Mapping[str, bytes], facts: Facts, derived: set[str]) -> Compared:
    """The files that follow from records and settings, and those that are there."""
    account, records = facts.account, facts.records
    expected = expected_names(account.extract, account.study, account.languages, records) | derived
    try:
        expected |= set(exhibit_files(facts.described, account.languages))
    except InputError:
        expected |= {
            f"{SETTINGS}{account.study}/exhibits.toml"
        }  # what is not there is named, what is broken where it is read
    seen = set(files) - {MANIFEST}
    wrong = [*(f"{name} is missing" for name in expected - seen), *(f"{name} is too many" for name in seen - expected)]
    return Compared(len(expected & seen), sorted(wrong))


def _compare_exhibits(facts: Facts, sums: Mapping[str, str]) -> Compared:
    made = {path: sha256 for path, (_, sha256) in made_exhibits(facts.records).items() if path in sums}
    return compare(made, {path: sums[path] for path in made})


def _compare_settings(facts: Facts, sums: Mapping[str, str]) -> Compared:
    """The settings and the lock of the archive beside those that the records read, all of which must agree."""
    read = {f"{SETTINGS}{path}": found for path, found in read_settings(facts.records, facts.account.study).items()}
    read[LOCK] = {record["inputs"][LOCK] for record in facts.records.values() if LOCK in record["inputs"]}
    wrong = [name for name, found in read.items() if name in sums and found != {sums[name]}]
    return Compared(sum(name in sums for name in read) - len(wrong), sorted(wrong))


def _compare_bill(files: Mapping[str, bytes]) -> Compared:
    """The packages of the bill of materials, their versions and hashes, beside those of the lock."""
    told = json.loads(files.get(BILL, b"{}")).get("components", [])
    billed = {part["name"]: (part["version"], sorted(sha["content"] for sha in part["hashes"])) for part in told}
    pinned = read_lock(files.get(LOCK, b"").decode())
    should = {name: str((version, sorted(hashes))) for name, (version, hashes) in pinned.items()}
    return compare({name: str(part) for name, part in billed.items()}, should)


def _compare_made(files: Mapping[str, bytes], facts: Facts) -> Compared:
    """What is made from the other files, byte for byte."""
    made = derive_files(facts)
    other = [name for name in made if files.get(name) != made[name]]
    wrong = [f"{name}, {_first_difference(files.get(name, b''), made[name])}" for name in other]
    return Compared(len(made) - len(wrong), wrong)


def _first_difference(said: bytes, should: bytes) -> str:
    """The first line that is not as it should be."""
    lines = zip_longest(said.decode("utf-8", "replace").splitlines(), should.decode().splitlines())
    for number, (one, other) in enumerate(lines, 1):
        if one != other:
            said_line, line = ((text or "nothing").strip()[:SHOWN] for text in (one, other))
            return f"line {number}: it says {said_line!r}, and should {line!r}"
    return "the ends of its lines"


def _compare_slots(facts: Facts) -> Compared:
    """Which estimate and statistic each address shows, as the settings say."""
    stated = {number.address: f"{number.estimate} {number.statistic}" for number in facts.numbers}
    return compare(stated, {slot.cell_id: f"{slot.estimate_id} {slot.statistic}" for slot in facts.slots.values()})


def _compare_shown(facts: Facts, language: str) -> Compared:
    return Compared(*compare_edition(facts, language))


def _compare_commit(facts: Facts, sums: Mapping[str, str]) -> Compared:
    return compare_code(facts, {"docs/decisions/README.md": sums.get(DECISIONS, "")})


@command
def main() -> None:
    """Say by kind what agrees; InputError if anything does not."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.release.recheck", description=__doc__)
    parser.add_argument("archive", type=Path)
    archive = parser.parse_args().archive
    files = unpack(archive)
    found = compare_files(archive, files)
    for kind, (agreed, wrong, why) in found.items():
        print(f"{kind:32} {agreed:>8,} agree {len(wrong):>6,} do not  {why}".rstrip())
    faults = [f"{archive}: {kind}: {name}" for kind, (_, wrong, _) in found.items() for name in wrong]
    if faults:
        raise InputError(*faults[:SAID], *([f"and {len(faults) - SAID} more"] if len(faults) > SAID else []))
    print(f"{archive}: everything agrees, with the head {Facts(files).verified['head']}")
    print("An archive that was made anew as a whole agrees too: compare the head with one that you kept.")


if __name__ == "__main__":
    sys.exit(main())
