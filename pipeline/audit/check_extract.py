"""Every check of a delivery on one page, for an analyst and for the data owner: python -m pipeline.audit.check_extract.

The page and checks.csv hold no person: of a rule that fails the line of the first who fails, and counts.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.checks.reading import Sources, read_delivery, write_rows
from pipeline.checks.rules import NOT_APPLICABLE, PASSES, Row, describe_part, message_of
from pipeline.checks.settings import check_settings
from pipeline.errors import Faults, InputError, command
from pipeline.register.kept import keep_register, keys_asked
from pipeline.runner.inputs import load_input
from pipeline.runner.schemas import own_types
from pipeline.settings.extract import Extract, is_register
from pipeline.settings.study import Design
from pipeline.storage import write_if_changed

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


def check_extract(raw: Path, settings: Path, before: Path | None = None) -> list[Row]:
    """A row for every rule and every fault of a delivery and its settings; InputError only if neither can be read."""
    extract = load_input(raw / "extract.toml")
    faults = Faults()
    loaded: dict[str, Any] = {}
    for path in (settings / name for name in SETTINGS if (settings / name).exists()):
        with faults.part():
            loaded[path.stem] = load_input(path)
    with faults.part():
        check_settings(loaded, own_types())
    if "study" not in loaded:
        faults.stop()
        raise InputError(f"{settings}/study.toml: the file is missing. Name the folder of the study by STUDY=.")
    files, unread = _read_files(raw, extract, loaded["study"].design)
    last = None if before is None else load_input(before / "register_weeks.parquet")
    chosen = {name: loaded.get(name) for name in ("benefit_codes", "scales", "outcomes")}
    rows = read_delivery(Sources(extract, loaded["study"], files, **chosen, before=last)).rows
    rows = [row for row in rows if not (row["rule"] == "settings" and (faults.messages or unread))]
    rows = [row for row in rows if row["rule"] not in unread]
    parts = {"settings": faults.messages, **unread} if faults.messages or unread else {}
    told = [row for part, messages in parts.items() if messages for row in describe_part(part, messages, 0)]
    return [*told, *rows]


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
                keys = keys_asked(files["allocation"], design.key)
                files[role] = keep_register(paths, own, keys, is_wide=extract.format == "dream_wide")
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
        own = [row for row in rows if row["state"] == state]
        lines += ["", heading] if own else []
        lines += [f"  {row['rule']}: {_tell(row)}" for row in own]
    return "\n".join(lines) + "\n"


def _tell(row: Mapping[str, str]) -> str:
    if row["state"] == PASSES:
        return f"{row['looks_at_en']} ({int(row['looked_at']):,})"
    return row["said_en"] if row["state"] == NOT_APPLICABLE else message_of(row)


@command
def main(command_line: list[str]) -> None:
    """Print the page, write checks.csv, and end with exit code 2 if anything is certainly wrong."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.audit.check_extract", description="Check a delivery.")
    parser.add_argument("raw", type=Path)
    parser.add_argument("--settings", type=Path, default=Path("config"))
    parser.add_argument("--reports", type=Path, required=True)
    parser.add_argument("--before", type=Path, help="the derived tables of the last extract")
    arguments = parser.parse_args(command_line)
    rows = check_extract(arguments.raw, arguments.settings, arguments.before)
    print(write_page(arguments.raw.name, rows))
    beside = "" if arguments.before is None else f"_beside_{arguments.before.name}"
    path = arguments.reports / f"checks{beside}.csv"  # what the build makes is the one that sets nothing beside
    write_if_changed(path, write_rows(rows).encode())
    print(f"{path} has a row for every rule")
    wrong = sum(row["state"] == "wrong" for row in rows)
    if wrong:
        raise InputError(f"{arguments.raw}: {wrong} faults, told above. Mend them, or send the page to the data owner.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
