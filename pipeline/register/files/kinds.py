"""Which format a file has, and the file opened as that."""

from __future__ import annotations

import zipfile
from pathlib import Path

from pipeline.errors import InputError
from pipeline.register.files.parquet import Parquet
from pipeline.register.files.rows import Texts
from pipeline.register.files.separated import Separated
from pipeline.register.files.sheet import Sheet
from pipeline.register.files.statistical import READERS, Statistical
from pipeline.settings.extract import RawFile

SUFFIXES = {
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".xlsx": "xlsx",
    ".sas7bdat": "sas",
    ".xpt": "xport",
    ".dta": "stata",
    ".sav": "spss",
    ".zsav": "spss",
}
BEGINNINGS = {b"PAR1": "parquet", b"PK\x03\x04": "xlsx", b"$FL2": "spss", b"$FL3": "spss", b"<stata_dta>": "stata"}
COMPRESSED = {".gz": b"\x1f\x8b", ".bz2": b"BZh", ".xz": b"\xfd7zXZ", ".7z": b"7z\xbc\xaf", ".zst": b"(\xb5/\xfd"}
Received = Separated | Parquet | Sheet | Statistical


def kind_of(path: Path) -> str:
    """The format of a file by its bytes where they tell it, else by its suffix; '' if neither does."""
    head = _head(path)
    by_suffix = SUFFIXES.get(path.suffix.lower(), "")
    found = next((kind for mark, kind in BEGINNINGS.items() if head.startswith(mark)), by_suffix)
    return found if by_suffix else ""


def is_compressed(path: Path) -> bool:
    """Whether a file has to be unpacked before anything can be read of it."""
    head = _head(path)
    if any(head.startswith(mark) for mark in COMPRESSED.values()):
        return True
    return path.suffix.lower() in (".zip", *COMPRESSED) or (head.startswith(b"PK\x03\x04") and not _is_workbook(path))


def _is_workbook(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as packed:
            return "[Content_Types].xml" in packed.namelist()
    except zipfile.BadZipFile:  # which a workbook may be that was cut short
        return True


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(16)


def open_file(path: Path, facts: RawFile) -> Received:
    """The file as extract.toml describes it, ready to be read in chunks."""
    texts = Texts(facts.decimal, facts.blanks)
    if facts.kind == "csv":
        if not facts.separator:
            raise InputError(f"{path.parent}/extract.toml: {path.name} is text and has no separator there. Say which.")
        return Separated(path, facts.encoding, facts.separator, facts.header, texts)
    if facts.kind == "parquet":
        return Parquet(path, texts)
    if facts.kind == "xlsx":
        return Sheet(path, facts.header, facts.sheet, texts)
    assert facts.kind in READERS
    return Statistical(path, facts.kind, texts)
