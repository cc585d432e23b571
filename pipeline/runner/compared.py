"""The files of a build against its records: which stages have to run again, whatever the dates of the files say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.errors import InputError, command
from pipeline.runner.held import HeldError, is_free
from pipeline.runner.look import AGAIN, KNOWN, SAID, SEPARATOR, answer, list_records, read_known, signature
from pipeline.runner.records import Record, is_made, link_records, read_record
from pipeline.storage import LARGE, digest, write_if_changed


@dataclass
class Comparison:
    """What was found: the records of the stages that have to run again, each with why, and how every file is now.

    said: what make could not know by the dates. files: by path its signature and SHA-256, '' for one that is gone.
    """

    again: dict[Path, list[str]] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    files: dict[str, tuple[str, str]] = field(default_factory=dict)

    def run_again(self, record: Path, why: str) -> None:
        """Note that the stage of the record has to run again."""
        self.again.setdefault(record, []).append(why)


def compare_build(runs: str) -> Comparison:
    """Compare each file that the records name with its bytes, and the records with each other.

    A file is not read again if it has the signature under which its SHA-256 was noted; nor is one of more than LARGE
    bytes, which its stage hashed while it read it, unless it changed since.
    """
    found = Comparison()
    records = dict(_read_all(list_records(runs), found))
    _hash_files(records, {path: (noted, sha256) for noted, sha256, path in read_known(runs)}, found)
    forged = set(_compare_made(records, found))
    for path, record in records.items():
        _compare_read(path, record, forged, found)
        found.files[str(path)] = signature(str(path)), digest(path)
    _compare_causes(records, found)
    return found


def _read_all(names: list[str], found: Comparison) -> Iterator[tuple[Path, Record]]:
    damaged = []
    for path in map(Path, names):
        try:
            yield path, read_record(path)
        except InputError as error:
            damaged.append(str(error))
            found.files[str(path)] = signature(str(path)), ""
            found.run_again(path, f"{path} is no record as make writes it")
    if damaged:
        more = f" ({len(damaged)} such records)" if len(damaged) > 1 else ""
        found.said.append(f"{damaged[0].removesuffix(' Delete it, and run make again.')} Its stage runs again{more}.")


def _hash_files(records: Mapping[Path, Record], known: Mapping[str, tuple[str, str]], found: Comparison) -> None:
    recorded = {name: sha256 for record in records.values() for name, sha256 in _named(record)}
    for name, sha256 in recorded.items():
        now = signature(name)
        noted, kept = known.get(name, ("", ""))
        if not now or not Path(name).is_file():
            found.files[name] = now, ""
        elif now == noted:
            found.files[name] = now, kept
        else:
            is_large = Path(name).stat().st_size > LARGE and not noted
            found.files[name] = now, sha256 if is_large else digest(Path(name))


def _named(record: Record) -> list[tuple[str, str]]:
    return [pair for part in ("outputs", "inputs", "code") for pair in record[part].items()]


def _compare_made(records: Mapping[Path, Record], found: Comparison) -> Iterator[str]:
    """The files that are not what their stage made; one that is gone make sees itself.

    A received file that a stage made, of the synthetic trial, is compared as received: only one that is gone is made.
    """
    for path, record in records.items():
        for name, sha256 in record["outputs"].items():
            now = found.files[name][1]
            if not is_made(name) and not now:
                found.run_again(path, f"{name} is missing")
            elif is_made(name) and now != sha256:
                yield name
                found.run_again(path, f"{name} is {'not the file that it made' if now else 'missing'}")
                if now:
                    found.said.append(f"{name}: not the file that stage {record['stage']} made. It is made again.")


def _compare_read(path: Path, record: Record, forged: set[str], found: Comparison) -> None:
    """Files that a stage read and that are other files now: it reads them again."""
    recorded = path.stat().st_mtime_ns
    for part in ("inputs", "code"):
        for name, sha256 in record[part].items():
            if name in forged or found.files[name][1] == sha256:
                continue
            found.run_again(path, f"{name} {'changed' if found.files[name][1] else 'was deleted'}")
            is_dated_before = Path(name).exists() and Path(name).stat().st_mtime_ns <= recorded
            said = f"{name}: it changed, but its date is older. What rests on it is made again."
            if is_dated_before and part == "inputs" and said not in found.said:
                found.said.append(said)


def _compare_causes(records: Mapping[Path, Record], found: Comparison) -> None:
    """A stage that read the same with the same code makes the same: a record that says otherwise was changed."""
    stages = {record["stage"]: (path, record) for path, record in records.items()}
    for record in records.values():
        for stage, link in record["rests_on"].items():
            path, maker = stages.get(stage, (None, None))
            if path is None or maker is None or link["cause"] != maker["cause"]:
                continue
            if any(record["inputs"].get(name, sha256) != sha256 for name, sha256 in maker["outputs"].items()):
                found.run_again(path, f"{path} is not the record that {record['stage']} rests on")
                found.said.append(
                    f"{path}: it says that other files were made than those that {record['stage']} read, of the same "
                    "inputs with the same code. Its stage runs again."
                )


@command
def main(runs: str, is_end: bool) -> None:
    """Print the records of the stages to run again and say why, and note the answer with the files as they are.

    At the end of a build its records are linked before. While another make builds there nothing is said.
    """
    if is_end:
        link_records(path for path in map(Path, list_records(runs)) if _is_whole(path))
    elif not _is_still(Path(runs)):
        return
    found = compare_build(runs)
    again, said = [str(path) for path in found.again], list(dict.fromkeys(found.said))
    lines = [(noted, sha256, name) for name, (noted, sha256) in found.files.items()]
    lines += [(AGAIN, "", path) for path in again] + [(SAID, "", text) for text in said]
    write_if_changed(Path(runs, KNOWN), "".join(f"{SEPARATOR.join(line)}\n" for line in lines).encode())
    answer(again, said)


def _is_still(runs: Path) -> bool:
    try:
        return is_free(runs)
    except HeldError:
        return False


def _is_whole(path: Path) -> bool:
    try:
        read_record(path)
    except InputError:
        return False
    return True
