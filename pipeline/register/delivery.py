"""A delivery: which of the files in its folder is what, and their description."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from pipeline.errors import Faults, InputError
from pipeline.names import slug
from pipeline.register.cells import ISO
from pipeline.register.columns import LIKE_A_CELL, WAGE, YEAR_AND_MONTH
from pipeline.register.files.kinds import SUFFIXES, is_compressed, kind_of, open_file
from pipeline.register.kept import count_rows
from pipeline.register.layouts import find_decimal, find_layout
from pipeline.register.parts import weeks_of_year
from pipeline.register.persons import count_invented
from pipeline.register.readers import read_file, rename
from pipeline.register.recognise import (
    WIDE,
    YEAR,
    Signs,
    describe_roles,
    find_aliases,
    find_register_form,
    find_role,
    find_year,
    has_only_wages,
)
from pipeline.settings.extract import ROLES, Extract, RawFile, is_register
from pipeline.settings.study import Design
from pipeline.storage import digest

if TYPE_CHECKING:
    import pandas as pd

DESCRIPTION = "extract.toml"
REQUIRED = ("register", "allocation")
# Of a file, by an analyst, and what it is where nobody declared it.
DECLARED: dict[str, Any] = {"blanks": [], "dates": ISO, "no_answer": {}, "offset": {}, "reversed": [], "rows_sent": 0}
# Of an extract, in its files; what else stands in extract.toml was declared and is kept.
FOUND = ("name", "label", "register_version", "format", "received", "files", "key_digest")
PLAIN = re.compile(r"[\w.-]+")  # make takes no other file name


@dataclass
class Folder:
    """The files of a delivery by their roles, what each looks like and holds, and why each of the others is left."""

    path: Path
    found: dict[str, Path] = field(default_factory=dict)
    facts: dict[str, RawFile] = field(default_factory=dict)
    frames: dict[str, pd.DataFrame] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)


def describe_delivery(
    files: Folder, signs: Signs, today: datetime.date, old: Extract | None = None, name: str = ""
) -> Extract:
    """The description of the files of a folder, whose name it has unless told; what an analyst declared in the `old`
    one is kept.

    The version of a DREAM register is the last month among its columns; the extract is synthetic if every person's
    number is one that no real person has, and as declared where that cannot be told. Raises InputError for a file that
    the pipeline could not read: what is registered can be read.
    """
    design, names = signs.design, register_names(files)
    form = find_register_form(names)
    if form is None:
        raise InputError(f"{files.found['register']}, line 1: no form of a register. {describe_roles(design)}.")
    described = {}
    for role, path in files.found.items():
        described[role], files.frames[role] = _read(path, role, files.facts[role], is_long=form != WIDE)
    name = name or files.path.name
    new = Extract(
        name=name,
        label=f"Extract {name}",
        synthetic=False,
        format=form,  # type: ignore[arg-type]
        received=today,
        register_version=_version(files, names) if form == WIDE else "",
        files=described,
    )
    new = _keep_declared(new, old)
    return msgspec.structs.replace(new, synthetic=_is_synthetic(files.frames["allocation"], design, new))


def register_names(files: Folder) -> list[str]:
    """The columns of all files of the register, as they are read: the weeks of a file of a year with the year."""
    names = []
    for role, path in files.found.items():
        if is_register(role):
            facts = files.facts[role]
            own = rename(path, open_file(path, facts).columns(), facts.columns)
            names += weeks_of_year(own, facts.year)
    return names


def sort_files(folder: Path, signs: Signs, old: Extract | None = None) -> Folder:
    """The file of each role among those in `folder`, and the reason for which each other file is left.

    Raises InputError if two files have one role, or the register or the allocation file is missing.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder. Put the received files there.")
    files, faults = Folder(folder), Faults()
    for path in sorted(folder.iterdir()):
        if path.name == DESCRIPTION or path.name.startswith("."):
            continue
        reason = _reason_to_leave(path)
        role, facts = None, None
        with faults.part():
            role, facts = (None, None) if reason else _look_at_any(path, signs, old)
        if role is None or facts is None:
            files.left[path.name] = reason or "its columns are those of no file of the study"
            continue
        role = _role_of_part(role, facts, path, files)
        if role in files.found:
            raise InputError(
                f"{folder}: {files.found[role].name} and {path.name} are both {role} by their columns. Keep one there; "
                "another delivery has a folder of its own."
            )
        files.found[role], files.facts[role] = path, facts
    faults.stop()
    absent = [role for role in REQUIRED if role not in files.found]
    if absent:
        left = "; ".join(f"{name}: {reason}" for name, reason in files.left.items()) or "there is no other file"
        raise InputError(
            f"{folder}: no {' and no '.join(absent)} file ({left}). {describe_roles(signs.design)}. Where a file "
            f"calls them otherwise, name it {absent[0]}.csv."
        )
    order = [role for role in ROLES if role in files.found]
    order += sorted(set(files.found) - set(order))
    files.found = {role: files.found[role] for role in order}
    return files


def _look_at_any(path: Path, signs: Signs, old: Extract | None) -> tuple[str | None, RawFile]:
    """As `look_at`; the InputError of a file that cannot be read says what to do if it is none of the delivery."""
    try:
        return look_at(path, signs, old)
    except InputError as error:
        move = "If the file is no part of the delivery, move it out of the folder."
        raise InputError(*(f"{message} {move}" for message in error.messages)) from error


def _role_of_part(role: str, facts: RawFile, path: Path, files: Folder) -> str:
    """The role of a register file: the first is `register`; its parts are those of further years, of wages alone, of
    other rows with the same columns, and of other weeks and months.
    """
    if role != "register" or "register" not in files.found:
        return role
    own = _columns(path, facts)
    part = f"register_{facts.year}" if facts.year else "register_wages" if has_only_wages(own) else role
    if part not in files.found:
        return part
    others = [_columns(found, files.facts[name]) for name, found in files.found.items() if is_register(name)]
    told = [{name for name in names if LIKE_A_CELL.match(name)} for names in (own, *others)]
    if all(told) and all(told[0].isdisjoint(other) for other in told[1:]):
        year = YEAR.search(path.stem)
        part = f"register_{year.group()}" if year else part
    elif set(own) not in map(set, others):
        return part
    return f"register_{slug(path.stem)}" if part in files.found else part


def _columns(path: Path, facts: RawFile) -> list[str]:
    """The columns of a file of the register, in one case, as they are read: the weeks of a file of a year with it."""
    names = weeks_of_year(rename(path, open_file(path, facts).columns(), facts.columns), facts.year)
    return [name.casefold() for name in names]


def look_at(path: Path, signs: Signs, old: Extract | None = None) -> tuple[str | None, RawFile]:
    """The role of a file, None if it has none, and what it looks like; declared facts of the `old` extract are kept."""
    known = next((file for file in old.files.values() if file.path == path.name), None) if old else None
    facts = find_layout(path, signs, known)
    own = open_file(path, facts).columns()
    declared = {wanted: name for wanted, name in (known.columns if known else {}).items() if name in own}
    columns = find_aliases([name for name in own if name not in declared.values()], signs) | declared
    names = {wanted: wanted for wanted in columns} | {name: name for name in own}
    year = find_year(path.stem, own)
    role = find_role(path.stem, [*weeks_of_year(own, year), *names], signs)
    if role is None and signs.design.key in names and has_only_wages(own):
        role = "register"
    key = {"register": signs.design.key, "targets": ""}.get(role or "", signs.design.person)
    used = {wanted: name for wanted, name in columns.items() if wanted not in own}
    return role, msgspec.structs.replace(facts, key=key, columns=used, year=year if role == "register" else 0)


def _reason_to_leave(path: Path) -> str:
    if path.is_dir():
        return "a folder"
    if not path.is_file():
        return "a link to a file that is not there, or no file"
    if is_compressed(path):
        return "compressed: unpack it"
    if not kind_of(path):
        return f"no file of {', '.join(SUFFIXES)}: if it holds data, save it as one"
    if not PLAIN.fullmatch(path.name):
        return "its name has blanks or signs other than letters, digits, _, . and -: give it another"
    return ""


def _read(path: Path, role: str, facts: RawFile, *, is_long: bool) -> tuple[RawFile, pd.DataFrame]:
    """What is known of a file when it was read, and its rows, of the register the first alone.

    A file whose key column has another name yet is read without its key being checked.
    """
    own = open_file(path, facts).columns()
    has_key = facts.key in {*own, *facts.columns}
    if is_register(role) and has_key:
        rows, frame = count_rows(path, facts, repeats=is_long)
    else:
        frame = read_file(path, facts if has_key else msgspec.structs.replace(facts, key=""))
        rows = len(frame)
    decimal = find_decimal(frame)
    return msgspec.structs.replace(facts, rows=rows, sha256=digest(path), decimal=decimal), frame


def _version(files: Folder, names: list[str]) -> str:
    months = [YEAR_AND_MONTH.fullmatch(match.group(1)) for name in names if (match := WAGE.fullmatch(name))]
    if not any(months):
        raise InputError(
            f"{files.found['register']}, line 1: no month columns (BRANCHE_yyyy_mm), so no version. Ask for the "
            "register with the months of its wages."
        )
    return max(month.group(1) + month.group(2) for month in months if month)


def _keep_declared(new: Extract, old: Extract | None) -> Extract:
    """The new description with what an analyst declared in the old one; the date stays if the files are the same."""
    if old is None:
        return new
    is_same = {file.path: file.sha256 for file in old.files.values()} == {
        file.path: file.sha256 for file in new.files.values()
    }
    declared = {file.path: file for file in old.files.values()}
    files = {
        role: msgspec.structs.replace(
            file,
            **{
                name: value
                for name, usual in DECLARED.items()
                if file.path in declared and (value := getattr(declared[file.path], name)) != usual
            },
        )
        for role, file in new.files.items()
    }
    return msgspec.structs.replace(
        new,
        files=files,
        label=new.label if old.label == f"Extract {old.name}" else old.label,
        received=old.received if is_same else new.received,
        key_digest=old.key_digest if old.name == new.name else "",
        **{name: getattr(old, name) for name in Extract.__struct_fields__ if name not in FOUND},
    )


def _is_synthetic(allocation: pd.DataFrame, design: Design, extract: Extract) -> bool:
    invented = count_invented(allocation[design.key]) if design.key in allocation else None
    return extract.synthetic if invented is None else invented == len(allocation)
