"""Which format a file has, and the file opened as that."""

from __future__ import annotations

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
Received = Separated | Parquet | Sheet | Statistical


def kind_of(path: Path) -> str:
    """The format of a file by its bytes where they tell it, else by its suffix; '' if neither does."""
    with path.open("rb") as file:
        head = file.read(16)
    by_suffix = SUFFIXES.get(path.suffix.lower(), "")
    found = next((kind for mark, kind in BEGINNINGS.items() if head.startswith(mark)), by_suffix)
    return found if by_suffix else ""


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
        return Sheet(path, facts.header, texts)
    assert facts.kind in READERS
    return Statistical(path, facts.kind, texts)
