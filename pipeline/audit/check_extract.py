"""Every check of a delivery on one page, for an analyst and for the data owner: python -m pipeline.audit.check_extract.

The page, checks.csv and answer.txt hold no person: of a rule that fails the line of the first who fails, and counts.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.audit.answer import LANGUAGES, write_answer
from pipeline.cells import write_frame
from pipeline.checks.finding import Last
from pipeline.checks.last import count_beside
from pipeline.checks.reading import Sources, read_delivery, write_rows
from pipeline.checks.rules import LOOK, NOT_APPLICABLE, PARTS, PASSES, Row, describe, describe_part, message_of
from pipeline.checks.settings import check_settings
from pipeline.errors import Faults, InputError, command
from pipeline.estimate.estimators import checked_models
from pipeline.pseudonyms.hashed import Pseudonyms, link_key
from pipeline.pseudonyms.linkage import read_numbers, renamed
from pipeline.register.kept import ask_register, keep_register
from pipeline.runner.inputs import load_input
from pipeline.runner.schemas import own_columns
from pipeline.settings.extract import Extract, is_register
from pipeline.settings.study import Design
from pipeline.storage import open_to_others, write_if_changed

if TYPE_CHECKING:
    import pandas as pd

SETTINGS = (
    "study.toml", "outcomes.toml", "models.toml", "exhibits.toml", "benefit_codes.csv", "scales.csv",
    "municipalities.csv", "published_rows.csv", "published_columns.csv", "variables.csv",
)  # fmt: skip
HEADINGS = {
    "wrong": "WRONG: stops the build",
    "suspicious": "SUSPICIOUS: said on the report page",
    NOT_APPLICABLE: "not looked at, for want of",
    PASSES: "passes",
}


@dataclass(frozen=True)
class Checked:
    """What the checks found: a row for every rule and every fault, and the counts by week beside the last extract."""

    rows: list[Row]
    extract: Extract | None = None
    counts: pd.DataFrame | None = None
    beside: str = ""  # whether the persons of the last extract are those of this one


def check_extract(raw: Path, settings: Path, before: Path | None = None) -> Checked:
    """Every rule, and every fault of a delivery and its settings; `before` is the last extract as built."""
    faults, loaded = Faults(), dict[str, Any]()
    for path in (raw / "extract.toml", *(settings / name for name in SETTINGS if (settings / name).exists())):
        loaded[path.stem] = None  # until it can be read: a file that is there is not one that is missing
        with faults.part():
            loaded[path.stem] = load_input(path)
    with faults.part():
        _check_settings(settings, loaded)
    extract, study = loaded.get("extract"), loaded.get("study")
    if extract is None or study is None:
        unseen = [describe(rule, None, unread=["settings"]) for rule in (*PARTS[1:], *LOOK)]
        return Checked([*describe_part("settings", faults.messages, 0), *unseen], extract)
    files, unread = _read_files(raw, extract, study.design)
    chosen = {name: loaded.get(name) for name in ("benefit_codes", "scales", "outcomes")}
    last = None if before is None else read_last(before, extract)
    reading = read_delivery(Sources(extract, study, files, **chosen, before=last))
    own = {"settings"} if unread or (faults.messages and "settings" not in _wrong(reading.rows)) else set()
    rows = [row for row in reading.rows if row["rule"] not in own]
    rows = [row for row in rows if row["rule"] not in unread]
    parts = {"settings": faults.messages, **unread}
    told = [row for part, messages in parts.items() if messages for row in describe_part(part, messages, 0)]
    counts = None if reading.delivery is None else count_beside(reading.delivery)
    beside = "" if last is None or reading.delivery is None else describe_beside(last, reading.delivery.trial)
    return Checked(_once([*told, *rows]), extract, counts, beside)


def _wrong(rows: list[Row]) -> set[str]:
    return {row["rule"] for row in rows if row["state"] == "wrong"}


def _once(rows: list[Row]) -> list[Row]:
    """The rows, a fault that two parts tell but once."""
    keys = [(row["said_en"] if row["state"] == "wrong" else row["rule"], row["line"], row["column"]) for row in rows]
    return [row for place, row in enumerate(rows) if keys.index(keys[place]) == place]


def _check_settings(folder: Path, loaded: Mapping[str, Any]) -> None:
    """Raise InputError with every fault of the settings, those among them that a stage would find that comes later."""
    faults = Faults()
    if not (folder / "study.toml").exists():
        raise InputError(f"{folder}/study.toml: the file is missing. Name the folder of the study by STUDY=.")
    with faults.part():
        check_settings(loaded, own_columns())
    if loaded.get("models") is not None and loaded.get("study") is not None:
        with faults.part():
            checked_models(loaded["models"], loaded["study"].design)
    faults.stop()


def read_last(derived: Path, extract: Extract) -> Last:
    """What is set beside the `extract` of one that was built, under the pseudonyms of the former; InputError if it was
    not.
    """
    tables = [derived / f"{name}.parquet" for name in ("trial", "register_weeks")]
    if not all(path.exists() for path in tables):
        raise InputError(f"{derived}: not built, so nothing can be set beside it. Say make all EXTRACT={derived.name}.")
    pseudonyms = Pseudonyms.of(extract)
    persons = {then: pseudonyms.person(link_key(number)) for then, number in read_numbers(derived).items()}
    found = renamed({path.stem: load_input(path) for path in tables}, persons)
    return Last(derived.name, found["trial"], found["register_weeks"])


def describe_beside(last: Last, trial: pd.DataFrame) -> str:
    """How many persons of the last extract are in this one, by trial number, arm and draw: else they are others."""
    named = [name for name in ("treated", "allocation_date") if name in last.trial and name in trial]
    both = last.trial.merge(trial, on="person", suffixes=("_then", ""))
    agree = [both[f"{name}_then"] == both[name] for name in named]
    same = sum(map(all, zip(*agree, strict=True))) if agree else len(both)
    told = (
        f"beside {last.name}: {len(both)} of its {len(last.trial)} persons are here by their numbers, {same} of them "
    )
    others = 2 * same < len(last.trial)
    return f"{told}with the same arm and draw{'. The persons are others: name the last extract of this trial' * others}"


def _read_files(raw: Path, extract: Extract, design: Design) -> tuple[dict[str, pd.DataFrame], dict[str, list[str]]]:
    """The files of an extract by their roles, and by role what is wrong with those that cannot be read."""
    files, unread = dict[str, Any](), dict[str, list[str]]()
    roles = [role for role in extract.files if not is_register(role)] + ["register"] * bool(extract.registers)
    for role in roles:
        faults = Faults()
        with faults.part():
            own = extract.registers if role == "register" else [extract.files[role]]
            paths = [_require(raw / file.path) for file in own]
            if role != "register":
                files[role] = load_input(paths[0])
            elif "allocation" in files:
                asked = ask_register(files["allocation"], design, Pseudonyms.of(extract))
                files[role] = keep_register(paths, own, asked, is_wide=extract.format == "dream_wide")
        told = [message for messages in unread.values() for message in messages]
        if faults.messages:
            unread[role] = [message for message in faults.messages if message not in told]
    return files, unread


def _require(path: Path) -> Path:
    if not path.exists():
        raise InputError(f"{path}: the file is missing. Put it there.")
    return path


def write_page(extract: str, rows: list[Row]) -> str:
    """The page as text: what is wrong, what is suspicious, what could not be looked at, and what passes."""
    counts = {state: sum(row["state"] == state for row in rows) for state in HEADINGS}
    head = ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in counts.items())
    lines = [f"Checks of the extract {extract}: {head}"]
    for state, heading in HEADINGS.items():
        told = dict[str, list[str]]()
        for row in (row for row in rows if row["state"] == state):
            told.setdefault(_tell(row), []).append(row["rule"])
        lines += ["", heading] if told else []
        lines += [f"  {', '.join(names)}: {what}" for what, names in told.items()]
    return "\n".join(lines) + "\n"


def _tell(row: Mapping[str, str]) -> str:
    if row["state"] == PASSES:
        count = int(row["looked_at"])
        return f"{row['looks_at_en']} ({count:,})" if count else row["looks_at_en"]
    return row["said_en"] if row["state"] == NOT_APPLICABLE else message_of(row)


@command
def main(command_line: list[str]) -> None:
    """Print the page, write checks.csv and answer.txt, and end with exit code 2 if anything is certainly wrong."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.audit.check_extract", description="Check a delivery.")
    parser.add_argument("raw", type=Path)
    parser.add_argument("--settings", type=Path, default=Path("config"))
    parser.add_argument("--out", type=Path, required=True, help="the folder to write to")
    parser.add_argument("--before", type=Path, help="the derived tables of the last extract")
    parser.add_argument("--language", default="en", choices=LANGUAGES)
    parser.add_argument("--fault", type=Path, help="why a stage of a build could not go on, if no check finds it")
    arguments = parser.parse_args(command_line)
    found = check_extract(arguments.raw, arguments.settings, arguments.before)
    files = {"checks.csv": write_rows(found.rows), "answer.txt": write_answer(arguments.raw, found, arguments.language)}
    if found.counts is not None:
        files["counts.csv"] = write_frame(found.counts)
    for name, text in files.items() if arguments.fault is None else ():  # a build writes what it made alone
        write_if_changed(arguments.out / name, text.encode())
    print(write_page(arguments.raw.name, found.rows) + (f"{found.beside}\n" if found.beside else ""))
    for told in filter(None, map(open_to_others, (arguments.raw, arguments.out.parent))):
        print(told)
    if arguments.fault is None:
        print(f"{arguments.out} has {' and '.join(files)}; answer.txt can be sent to the data owner")
    wrong = sum(row["state"] == "wrong" for row in found.rows)
    if wrong:
        raise InputError(f"{arguments.raw}: {wrong} faults, told above. Mend the settings; make check-extract writes "
                         "answer.txt for the data owner.")  # fmt: skip
    if arguments.fault:
        raise InputError(arguments.fault.read_text(encoding="utf-8"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
