"""A delivery: which of the files in its folder is what, and their description."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pipeline.errors import InputError
from pipeline.register.columns import WAGE, YEAR_AND_MONTH
from pipeline.register.persons import count_invented
from pipeline.register.readers import read_header, read_separated
from pipeline.register.recognise import ROLES, WIDE, Signs, describe_roles, find_register_form, find_role
from pipeline.settings.extract import Extract, RawFile
from pipeline.settings.study import Design
from pipeline.storage import digest

if TYPE_CHECKING:
    import pandas as pd

DESCRIPTION = "extract.toml"
REQUIRED = ("register", "allocation")
FORBIDDEN = {"extract", "study", "scales", "benefit_codes"}  # the settings that the files stand beside when read
PLAIN = re.compile(r"[\w.-]+")  # make takes no other file name


@dataclass
class Folder:
    """The files of a delivery by their roles, and why each of the others is left."""

    path: Path
    found: dict[str, Path] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)


def describe_delivery(files: Folder, design: Design, today: datetime.date, old: Extract | None = None) -> Extract:
    """The description of the files of a folder; what an analyst declared in the `old` one is kept.

    The version of a DREAM register is the last month among its columns; the extract is synthetic if every person's
    number is one that no real person has, and as declared where that cannot be told. Raises InputError for a file that
    the pipeline could not read: what is registered can be read.
    """
    columns = {role: file.columns for role, file in old.files.items()} if old else {}
    frames = {role: _read(path, role, design, columns.get(role, {})) for role, path in files.found.items()}
    form = find_register_form(frames["register"].columns)
    if form is None:
        raise InputError(f"{files.found['register']}, line 1: no form of a register. {describe_roles(design)}.")
    new = Extract(
        name=files.path.name,
        label=f"Extract {files.path.name}",
        synthetic=False,
        format=form,  # type: ignore[arg-type]
        received=today,
        register_version=_version(frames["register"]) if form == WIDE else "",
        files={
            role: _describe(files.found[role], role, frame, design, columns.get(role, {}))
            for role, frame in frames.items()
        },
    )
    new = _keep_declared(new, old)
    return msgspec.structs.replace(new, synthetic=_is_synthetic(frames["allocation"], design, new))


def sort_files(folder: Path, signs: Signs, old: Extract | None = None) -> Folder:
    """The file of each role among those in `folder`, and the reason for which each other file is left.

    Raises InputError if two files have one role, or the register or the allocation file is missing.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder. Put the received files there.")
    files = Folder(folder)
    for path in sorted(folder.iterdir()):
        if path.name == DESCRIPTION or path.name.startswith("."):
            continue
        reason = _reason_to_leave(path)
        role = None if reason else find_role(path.stem, _names(path, old), signs)
        if role is None:
            files.left[path.name] = reason or "its columns are those of no file of the study"
        elif role in files.found:
            raise InputError(
                f"{folder}: {files.found[role].name} and {path.name} are both {role} by their columns. Keep one there; "
                "another delivery has a folder of its own."
            )
        else:
            files.found[role] = path
    absent = [role for role in REQUIRED if role not in files.found]
    if absent:
        left = "; ".join(f"{name}: {reason}" for name, reason in files.left.items()) or "there is no other file"
        raise InputError(
            f"{folder}: no {' and no '.join(absent)} file ({left}). {describe_roles(signs.design)}. Where a file "
            f"calls them otherwise, name it {absent[0]}.csv."
        )
    files.found = {role: files.found[role] for role in ROLES if role in files.found}
    return files


def _names(path: Path, old: Extract | None) -> list[str]:
    """The columns of a file by the names that the study has for them."""
    own = read_header(path, _separator(path))
    known = next((file for file in old.files.values() if file.path == path.name), None) if old else None
    return [*own, *(wanted for wanted, name in (known.columns if known else {}).items() if name in own)]


def _reason_to_leave(path: Path) -> str:
    if path.is_dir():
        return "a folder"
    if path.suffix != ".csv":
        return "no .csv file: if it holds data, save it as one"
    if not PLAIN.fullmatch(path.name):
        return "its name has blanks or signs other than letters, digits, _, . and -: give it another"
    if path.stem in FORBIDDEN:
        return "its name is that of a settings file: give it another"
    return ""


def _key(role: str, design: Design) -> str:
    return {"register": design.key, "targets": ""}.get(role, design.person)


def _read(path: Path, role: str, design: Design, columns: dict[str, str]) -> pd.DataFrame:
    """The file as text; one whose key column has another name yet is read without its key being checked."""
    separator = _separator(path)
    own = read_header(path, separator)
    known = {wanted: name for wanted, name in columns.items() if name in own}
    key = _key(role, design)
    is_long = role == "register" and find_register_form([*own, *known]) != WIDE
    return read_separated(path, separator, key if key in [*own, *known] else "", known, repeats=is_long)


def _describe(path: Path, role: str, frame: pd.DataFrame, design: Design, columns: dict[str, str]) -> RawFile:
    separator = _separator(path)
    text = path.read_text(encoding="utf-8-sig")
    points = sum(1 for _ in re.finditer(r"\d\.\d", text))
    commas = 0 if separator == "," else sum(1 for _ in re.finditer(r"\d,\d", text))
    return RawFile(
        path=path.name,
        rows=len(frame),
        sha256=digest(path),
        key=_key(role, design),
        separator=separator,  # type: ignore[arg-type]
        decimal="." if points > commas else ",",
        columns={wanted: name for wanted, name in columns.items() if wanted in frame.columns},
    )


def _separator(path: Path) -> str:
    """The separator that the header line has most of."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        return max(";,\t", key=file.readline().count)


def _version(register: pd.DataFrame) -> str:
    months = [YEAR_AND_MONTH.fullmatch(match.group(1)) for name in register.columns if (match := WAGE.fullmatch(name))]
    if not any(months):
        raise InputError(
            f"{register.attrs['path']}, line 1: no month columns (BRANCHE_yyyy_mm), so no version. Ask for the "
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
    return msgspec.structs.replace(
        new,
        label=new.label if old.label == f"Extract {old.name}" else old.label,
        received=old.received if is_same else new.received,
        **{
            name: getattr(old, name)
            for name in ("label_da", "synthetic", "uncovered", "excluded", "spellings", "published")
        },
    )


def _is_synthetic(allocation: pd.DataFrame, design: Design, extract: Extract) -> bool:
    invented = count_invented(allocation[design.key]) if design.key in allocation else None
    return extract.synthetic if invented is None else invented == len(allocation)
