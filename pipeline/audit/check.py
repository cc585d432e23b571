"""Whether every file is the one that was built or read: make check, with every rule and how many of what it saw."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.audit.leaks import find_leaks
from pipeline.audit.lineage import remedy
from pipeline.disclosure.review import say_control
from pipeline.errors import InputError, command
from pipeline.pseudonyms.kept import FOLDER, altered
from pipeline.register.readers import require_same
from pipeline.runner.inputs import DESCRIPTION, DIGESTS, load_input, require_digest
from pipeline.runner.records import (
    OWN_FILES,
    OWN_FOLDERS,
    PARTS,
    RECEIVED,
    Record,
    head_of,
    is_made,
    read_record,
)
from pipeline.scan.scanned import files_under
from pipeline.storage import digest, open_to_others

# What commands write beside the exhibits of the stages.
OF_COMMANDS = ("population/weekly_shares.csv", "witness.html")
# And in the folder of derived tables, beside what they make that has records or is compared (records.OWN_FOLDERS).
BESIDE = (*OWN_FOLDERS, "trace", "check")
COMPARED = ("diff_", "beside_")  # begin the names of folders of what was found beside another extract
PROVENANCE = "provenance"
JUDGED = "judged.json"


@dataclass(frozen=True)
class Rule:
    """One thing that was looked at: how many of what, and each that is not as it should be, with its remedy."""

    words: str
    count: int
    faults: list[str]


def check_build(runs: Path, raw: Path, reports: Path, planned: Mapping[str, tuple[set[str], set[str]]]) -> list[Rule]:
    """Every rule for the build whose records are in `runs`, of the files received in `raw` and shown in `reports`.

    `planned` holds by stage the files that the Makefile gives it and those that it has to make.
    """
    records, damaged, told = *_read_all(runs), runs.parent.parent / FOLDER
    if not records and not damaged:
        raise InputError(f"{runs}: no records. Run make all.")
    made = {path: record for record in records.values() for path in record["outputs"] if is_made(path)}
    # What make all does not make may be older than what it rests on; the files are still those that were made.
    own = {stage: record for stage, record in records.items() if stage in planned}
    beside = [{**records[stage], "inputs": {}, "code": {}} for stage in records if stage not in own]
    return [
        Rule("records whole, sealed, and of this extract", len(records) + len(damaged), damaged),
        Rule("links from a record to one that it rests on", *_check_links(own)),
        Rule("inputs that are what their stage made", *_check_inputs(own, made)),
        Rule("stages with the inputs and outputs that the Makefile gives them", *_check_stages(records, planned)),
        *_check_files([*own.values(), *beside], made),
        Rule("received files as extract.toml lists them", *_check_received(raw)),
        Rule("printed numbers as their list of digests says", *_check_printed(records)),
        Rule("files in the folder of the report that a stage or a command made", *_check_strays(reports, made)),
        Rule("files in the folder of derived tables that a stage or a command made", *_check_derived(runs, made)),
        Rule("what archives told before, as make release kept it", *altered(told)),
        Rule("folders that hold persons and that their owner alone can enter", *_check_rights(raw, runs.parent, told)),
        Rule("heads of the chain, in provenance.json and on the page", *_check_heads(records, runs, reports)),
    ]


def _read_all(runs: Path) -> tuple[dict[str, Record], list[str]]:
    records, damaged = {}, []
    for path in sorted(runs.glob("*.json")):
        try:
            records[path.stem] = read_record(path)
        except InputError as error:
            damaged.append(str(error))
    return records, damaged


def _check_links(records: Mapping[str, Record]) -> tuple[int, list[str]]:
    links = [
        (record["stage"], other, link) for record in records.values() for other, link in record["rests_on"].items()
    ]
    wrong = [
        f"{stage}: it rests on another record of {other} than the one there is. Say make all; if that says nothing of "
        "it, delete both records first."
        for stage, other, link in links
        if other not in records or records[other]["seal"] != link["seal"]
    ]
    return len(links), wrong


def _check_inputs(records: Mapping[str, Record], made: Mapping[str, Record]) -> tuple[int, list[str]]:
    read = [(record, path) for record in records.values() for path in record["inputs"] if path in made]
    wrong = [
        f"{path}: stage {record['stage']} read another file than stage {made[path]['stage']} made. Delete it and run "
        "make all."
        for record, path in read
        if record["inputs"][path] != made[path]["outputs"][path]
    ]
    return len(read), wrong


def _check_stages(
    records: Mapping[str, Record], planned: Mapping[str, tuple[set[str], set[str]]]
) -> tuple[int, list[str]]:
    wrong = []
    for stage, (read, makes) in planned.items():
        if stage not in records:
            wrong.append(f"{stage}: no record. Run make all.")
            continue
        for recorded, asked, words in (("inputs", read, "reads"), ("outputs", makes, "makes")):
            differ = sorted(set(records[stage][recorded]) ^ asked)
            if differ:
                wrong.append(
                    f"{stage}: the Makefile and the record differ in what it {words}: {', '.join(differ[:3])} "
                    f"({len(differ)} files). Put the Makefile back, or delete the record and run make all."
                )
    return len(planned), wrong


def read_planned(said: Iterable[str]) -> dict[str, tuple[set[str], set[str]]]:
    """By stage its inputs and outputs, from what make would run for everything: a dry run with --always-make."""
    planned = {}
    for line in said:
        words = shlex.split(line) if "pipeline/runner/ask.py" in line else []
        if "--record" in words:
            groups: dict[str, set[str]] = {}
            option = ""
            for word in words[: words.index("--record")]:
                option = word if word.startswith("--") else option
                groups.setdefault(option, set()).add(word)
            stage = words[words.index("--in") - 1]
            inputs = groups.get("--in", set()) | groups.get("--with", set())
            planned[stage] = inputs - {"--in", "--with"}, groups["--out"] - {"--out"}
    return planned


def _check_files(records: Sequence[Record], made: Mapping[str, Record]) -> Iterator[Rule]:
    """A rule for each kind of file: those with the SHA-256 that every record of it holds."""
    recorded = {pair for record in records for part in PARTS for pair in record[part].items()}
    now = {path: digest(Path(path)) if Path(path).is_file() else "" for path, _ in recorded}
    wrong = {path for path, sha256 in recorded if now[path] != sha256}
    code = {path for record in records for path in record["code"]}
    for kind in ("received", "settings and machinery", "code", "derived tables", "reports"):
        own = {path for path in now if _kind(path, code) == kind}
        faults = [
            f"{path}: not the file that its record holds. {remedy(path, path in made)}" for path in sorted(own & wrong)
        ]
        yield Rule(f"files as recorded: {kind}", len(own), faults)


def _kind(path: str, code: set[str]) -> str:
    top = Path(path).parts[0]
    kinds = {RECEIVED: "received", "data_derived": "derived tables", "reports": "reports"}
    return kinds.get(top, "code" if path in code else "settings and machinery")


def _check_received(raw: Path) -> tuple[int, list[str]]:
    try:
        extract = load_input(raw / DESCRIPTION)
    except InputError as error:
        return 1, [str(error)]
    faults = []
    for facts in extract.files.values():
        try:
            require_same(raw / facts.path, facts)
        except InputError as error:
            faults.append(str(error))
    return len(extract.files), faults


def _check_printed(records: Mapping[str, Record]) -> tuple[int, list[str]]:
    listed = sorted({path for record in records.values() for path in record["inputs"] if Path(path).name == DIGESTS})
    files = [path for name in listed for path in sorted(Path(name).parent.glob("*.csv"))]
    faults = []
    for path in files:
        try:
            require_digest(path)
        except InputError as error:
            faults.append(str(error))
    return len(files), faults


def _check_strays(reports: Path, made: Mapping[str, Record]) -> tuple[int, list[str]]:
    files = [path for path in sorted(reports.rglob("*")) if path.is_file()]
    strays = [
        f"{path}: no stage made it, and no command. Move it out of the folder of the report, or delete it."
        for path in files
        if str(path) not in made and str(path.relative_to(reports)) not in OF_COMMANDS and not _is_copy(path, reports)
    ]
    return len(files), strays


def _check_derived(runs: Path, made: Mapping[str, Record]) -> tuple[int, list[str]]:
    """Whoever reads a folder reads what lies in it: a table there that nobody made is none of the build's."""
    derived = runs.parent
    files = [path for path in sorted(derived.rglob("*")) if path.is_file() and runs not in path.parents]
    others = {path.name for path in derived.iterdir() if path.name in BESIDE or path.name.startswith(COMPARED)}
    strays = [
        f"{path}: no stage made it, and no command. Move it out of the folder of derived tables, or delete it."
        for path in files
        if str(path) not in made and path.name not in OWN_FILES and path.relative_to(derived).parts[0] not in others
    ]
    return len(files), strays


def _is_copy(path: Path, reports: Path) -> bool:
    """Whether a file in the folder of another language is that of the report itself."""
    original = reports.joinpath(*path.relative_to(reports).parts[1:])
    return original != reports and original.is_file() and original.read_bytes() == path.read_bytes()


def _check_heads(records: Mapping[str, Record], runs: Path, reports: Path) -> tuple[int, list[str]]:
    provenance = runs.parent / f"{PROVENANCE}.json"
    if PROVENANCE not in records or not provenance.exists():
        return 1, [f"{provenance}: missing. Run make all."]
    before = [Path(path).stem for path in records[PROVENANCE]["inputs"] if Path(path).parent == runs]
    head, page = head_of(records[stage] for stage in before if stage in records), reports / "index.html"
    faults = []
    if load_input(provenance)["head"] != head:
        faults.append(f"{provenance}: its head is not that of the records, {head}. Delete it and run make all.")
    if not page.exists() or head not in page.read_text(encoding="utf-8"):
        faults.append(f"{page}: it does not print the head of the records, {head}. Delete it and run make all.")
    return 2, faults


def check_leaks(reports: Path, raw: Path, derived: Path) -> Rule:
    """No person, key, machine or user in any file of the report, its members and its metadata."""
    found = find_leaks(files_under(reports), raw, derived)
    words = f"files of the report without persons' numbers, keys, tables of persons, paths and names of users ({found})"
    return Rule(words, found.files, [str(each) for each in found.findings])


def _check_rights(*folders: Path) -> tuple[int, list[str]]:
    return len(folders), [told for told in map(open_to_others, folders) if told]


@command
def main() -> None:
    """Print every rule with its count; InputError with all that is not as it should be.

    On standard input comes what make would run for everything.
    """
    parser = argparse.ArgumentParser(prog="python -m pipeline.audit.check", description=__doc__)
    for name in ("runs", "raw", "reports"):
        parser.add_argument(name, type=Path)
    arguments = parser.parse_args()
    planned = read_planned(sys.stdin.read().splitlines())
    rules = check_build(arguments.runs, arguments.raw, arguments.reports, planned)
    rules.append(check_leaks(arguments.reports, arguments.raw, arguments.runs.parent))
    for rule in rules:
        print(f"{rule.count:>6}  {rule.words}" + (f": {len(rule.faults)} are not" if rule.faults else ""))
    faults = list(dict.fromkeys(fault for rule in rules for fault in rule.faults))
    if faults:
        raise InputError("\n".join(faults))
    judged = load_input(arguments.runs.parent / JUDGED)
    if judged["applied"]:
        print(say_control(judged))
    files = sum(rule.count for rule in rules if rule.words.startswith("files as recorded"))
    print(f"{files} files are those that {arguments.runs} records")


if __name__ == "__main__":
    sys.exit(main())
