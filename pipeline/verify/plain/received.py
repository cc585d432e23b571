"""The received files as rows of text with their lines, read with what extract.toml says of each."""

from __future__ import annotations

import csv
import datetime
import decimal
import re
import unicodedata
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

Facts = Mapping[str, Any]
BLANKS = {"", ".", "NaN", "nan"}
NUMBERED = {"xlsx": "excel", "sas": "sas", "xport": "sas", "stata": "sas", "spss": "spss"}
STATISTICAL = {"sas": "read_sas7bdat", "xport": "read_xport", "stata": "read_dta", "spss": "read_sav"}
csv.field_size_limit(1 << 30)


class UnreadableError(Exception):
    """A file of a format that this program does not read: what rests on it is not tried, and said to be so."""


class Line(NamedTuple):
    """A row of a file: its line, or of formats without lines its number from 1, and its cells by the study's names."""

    number: int
    cells: dict[str, str]


def read(folder: Path, facts: Facts) -> Iterator[Line]:
    """The rows of a file that are not empty; '' for what its cells say for nothing."""
    return read_persons(folder, facts, "", None)[1]


def read_persons(
    folder: Path, facts: Facts, key: str, persons: Container[str] | None
) -> tuple[list[str], Iterator[Line]]:
    """The columns of a file, and its rows as `read` gives them; with `persons` only those whose key in `key` is one."""
    own = {name: wanted for wanted, name in facts.get("columns", {}).items()}
    rows = iter(_rows(folder / facts["path"], facts))
    header = [own.get(name, name) for name in map(canonical, map(_text, next(rows, (0, ()))[1]))]
    return header, _lines(header, rows, _Cleaner(facts), header.index(key) if persons is not None else 0, persons)


def _lines(
    header: Sequence[str], rows: Iterable[tuple[int, Sequence[Any]]], clean: _Cleaner, at: int, persons: Any
) -> Iterator[Line]:
    for number, values in rows:
        if persons is not None and (len(values) <= at or link(clean[_text(values[at])]) not in persons):
            continue
        cells = [clean[_text(value)] for value in values]
        if any(cells):
            yield Line(number, {name: cell for name, cell in zip(header, cells, strict=False) if name})


def link(text: str) -> str:
    """A key as files are linked by it: a whole number without its leading zeros."""
    return text.lstrip("0") or "0" if text.isascii() and text.isdigit() else text


def canonical(text: str) -> str:
    """A name with what only typing tells apart gone: kinds of blanks, hyphens and brackets, signs without a width."""
    letters = []
    for letter in unicodedata.normalize("NFC", text):
        kind = unicodedata.category(letter)
        if kind == "Pd" or letter == "−":
            letters.append("-")
        elif kind != "Cf":
            letters.append(" " if kind in ("Cc", "Cn", "Cs") else {"{": "(", "}": ")"}.get(letter, letter))
    return " ".join("".join(letters).split())


def _rows(path: Path, facts: Facts) -> Iterable[tuple[int, Sequence[Any]]]:
    """The line of the header and those after it, each with its number."""
    kind = facts.get("kind", "csv")
    if kind == "csv":
        return _separated(path, facts)
    if kind == "xlsx":
        return _sheet(path, facts)
    if kind == "parquet":
        import pyarrow.parquet

        table = pyarrow.parquet.read_table(path)
        return enumerate([table.column_names, *zip(*(column.to_pylist() for column in table.columns), strict=True)])
    if kind in STATISTICAL:
        import pyreadstat

        frame = getattr(pyreadstat, STATISTICAL[kind])(str(path))[0]
        return enumerate([list(frame.columns), *zip(*(frame[name].tolist() for name in frame), strict=True)])
    raise UnreadableError(f"{path.name} is of the format {kind}, which the plain program does not read")


def _separated(path: Path, facts: Facts) -> Iterator[tuple[int, Sequence[str]]]:
    encoding = facts.get("encoding", "utf-8")
    with path.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="") as file:
        for _ in range(facts.get("header", 1) - 1):
            file.readline()
        before = facts.get("header", 1) - 1
        reader = csv.reader(file, delimiter=facts["separator"])
        number = before + 1
        for cells in reader:
            yield number, cells
            number = before + reader.line_num + 1


def _sheet(path: Path, facts: Facts) -> Iterator[tuple[int, Sequence[Any]]]:
    import openpyxl

    with path.open("rb") as file:  # whatever the file is called
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        sheet = book[facts["sheet"]] if facts.get("sheet") else book.worksheets[0]
        first = facts.get("header", 1)
        yield from enumerate(sheet.iter_rows(min_row=first, values_only=True), first)


def _text(value: Any) -> str:
    """A stored value as text: whole numbers without a fraction, a day as yyyy-mm-dd."""
    if value is None or value != value:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, datetime.datetime):
        is_day = value.tzinfo is None and value.time() == datetime.time()
        return value.date().isoformat() if is_day else value.isoformat(sep=" ")
    if isinstance(value, decimal.Decimal):
        return str(int(value)) if value == int(value) else f"{value:f}".rstrip("0")
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value)


class _Cleaner(dict[str, str]):
    """Cells trimmed, blanks as '', 890.0 as 890, each text once."""

    def __init__(self, facts: Facts) -> None:
        super().__init__()
        self._blanks = BLANKS | set(facts.get("blanks", ()))
        self._whole = re.compile(rf"(-?[0-9]+)(?:\.0|{re.escape(facts.get('decimal', '.'))}0+)")

    def __missing__(self, cell: str) -> str:
        text = cell.strip()
        match = self._whole.fullmatch(text)
        self[cell] = found = "" if text in self._blanks else match[1] if match else text
        return found


def read_day(text: str, facts: Facts) -> datetime.date | None:
    """A date as the file writes it; None for none."""
    written = facts.get("dates", NUMBERED.get(facts.get("kind", "csv"), "yyyy-mm-dd"))
    text = re.sub(r"[ T]00:00(:00(\.0+)?)?$", "", text)
    if not text:
        return None
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return datetime.date.fromisoformat(text)
    if written in ("dd-mm-yyyy", "mm-dd-yyyy"):
        one, two, year = (int(part) for part in re.split(r"[-./]", text))
        return datetime.date(year, two, one) if written == "dd-mm-yyyy" else datetime.date(year, one, two)
    origin = {
        "excel": (1899, 12, 30), "excel-1904": (1904, 1, 1), "sas": (1960, 1, 1), "spss": (1582, 10, 14)
    }[written]  # fmt: skip
    number = int(text)
    return datetime.date(*origin) + datetime.timedelta(days=number if number <= 1_000_000 else number // 86_400)
