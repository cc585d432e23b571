"""What a received file looks like: its format, and of text its encoding, separator, header and decimal mark."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from pipeline.register.files.kinds import kind_of
from pipeline.register.files.layout import find_encoding, find_header
from pipeline.register.files.sheet import counts_from_1904
from pipeline.register.files.sheet import find_header as find_row
from pipeline.register.recognise import Signs, known_columns
from pipeline.settings.extract import RawFile

if TYPE_CHECKING:
    import pandas as pd

NOT_HASHED = "0" * 64
WITH_POINT = re.compile(r"-?[0-9]*\.[0-9]+")
WITH_COMMA = re.compile(r"-?[0-9]*,[0-9]+")


def find_layout(path: Path, signs: Signs, known: RawFile | None = None) -> RawFile:
    """The layout of a file, its rows and bytes not counted yet; what is declared of cells is that of the `known`."""
    kind, names = kind_of(path), known_columns(signs)
    facts = RawFile(
        path=path.name, rows=0, sha256=NOT_HASHED, key="", separator="", decimal=".", kind=kind  # type: ignore[arg-type]
    )  # fmt: skip
    if kind == "csv":
        encoding = find_encoding(path)
        header, separator = find_header(path, encoding, names)
        facts = msgspec.structs.replace(facts, encoding=encoding, header=header, separator=separator)
    elif kind == "xlsx":
        dates = "excel-1904" if counts_from_1904(path) else facts.dates
        sheet, header = find_row(path, names)
        facts = msgspec.structs.replace(facts, header=header, sheet=sheet, dates=dates)
    return facts if known is None else msgspec.structs.replace(facts, blanks=known.blanks)


def find_decimal(frame: pd.DataFrame) -> Literal[",", "."]:
    """The decimal mark that more cells of a file have; the comma where none has any."""
    cells = set(frame.to_numpy().ravel().tolist())
    points, commas = (sum(bool(form.fullmatch(cell)) for cell in cells) for form in (WITH_POINT, WITH_COMMA))
    return "." if points > commas else ","
