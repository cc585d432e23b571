"""What every format is read into: chunks of rows, and the one text of a value however it was stored."""

from __future__ import annotations

import datetime
import decimal
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError
from pipeline.names import canonical
from pipeline.register.shown import show_column

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

BLANKS = frozenset({"", ".", "NaN", "nan"})  # how files write that a cell holds nothing
FRACTIONS = (float, decimal.Decimal)
NUMBERS = (int, *FRACTIONS)
NUMBER_OF_A_PERSON = 10  # digits; stored as a number it has lost a zero in front
Choose = Callable[[list[str]], Sequence[int]]  # of the keys of a chunk, the places of the rows to keep


@dataclass(frozen=True)
class Chunk:
    """Some rows of a file: the keys and lines of all of them, and the rows that are kept, text indexed by line.

    share: how much of the file is read by now, from 0 to 1.
    """

    keys: list[str]
    lines: Sequence[int]
    rows: pd.DataFrame
    share: float


class Texts(dict[str, str]):
    """Cells as the pipeline compares them: trimmed, a blank as '', a whole number without the zeros of its fraction.

    890.0 is 890, whatever the decimal mark; 890,0 only where the mark is a comma, for 1,000 may be a thousand.
    """

    def __init__(self, decimal: str, blanks: Iterable[str] = ()) -> None:
        super().__init__()
        self._blanks = BLANKS | set(blanks)
        self.idle = set(blanks)  # those declared that no cell has held so far
        self.decimal = decimal
        self._whole = re.compile(rf"(-?[0-9]+)(?:\.0|{re.escape(decimal)}0+)")

    def __missing__(self, cell: str) -> str:
        self[cell] = text = self.text(cell)
        return text

    def text(self, cell: str) -> str:
        """The text of a cell, which is not kept in mind: for cells that differ from row to row."""
        text = cell.strip()
        if text in self._blanks:
            self.idle.discard(text)
            return ""
        whole = self._whole.fullmatch(text)
        return whole.group(1) if whole else text


def text_of(value: Any) -> str:
    """A value as a file of typed cells stores it, as text: dates as yyyy-mm-dd, whole numbers without a fraction.

    A time of day stays with its date, and midnight in a zone with its zone: which day that is elsewhere nobody knows.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, datetime.datetime):
        return "" if value != value else _time(value)  # NaT is a datetime that is not itself
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):  # whose digits are more than those of a float
        return "" if value.is_nan() else f"{value:f}".rstrip("0").rstrip(".") if "." in f"{value:f}" else f"{value:f}"
    if isinstance(value, float) or hasattr(value, "is_integer"):
        return _number(float(value)) if not isinstance(value, int) else str(value)
    return "" if value != value else str(value)


def _time(value: datetime.datetime) -> str:
    is_day = value.tzinfo is None and value.time() == datetime.time()
    return value.isoformat()[:10] if is_day else value.isoformat(sep=" ", timespec="seconds")


def _number(value: float) -> str:
    if math.isnan(value):
        return ""
    return str(int(value)) if value.is_integer() else repr(value)


def typed_frame(columns: dict[str, list[Any]], lines: Sequence[int], texts: Texts) -> pd.DataFrame:
    """Columns of values as a frame of text; numbers of persons get back the zero that a number has not."""
    import pandas as pd

    frame = pd.DataFrame({name: _texts(values, texts) for name, values in columns.items()}, dtype=object)
    frame.index = pd.Index(list(lines), dtype="int64", name="line")
    return frame


def _texts(values: Sequence[Any], texts: Texts) -> list[str]:
    known: dict[Any, str] = {}
    cells = []
    for value in values:
        if isinstance(value, (list, dict)):  # of a nested column, which is none of the study's
            value = str(value)
        key = (value.__class__, value)
        text = known.get(key)
        if text is None:
            text = text_of(value)
            text = known[key] = texts[text.replace(".", texts.decimal) if isinstance(value, FRACTIONS) else text]
        cells.append(text)
    return pad_numbers(cells) if any(isinstance(value, NUMBERS) for value in values[:1000]) else cells


def keys_of(values: Sequence[Any], texts: Texts) -> list[str]:
    """A column of keys as texts, of which none is kept in mind: there are as many as rows."""
    are_digits = (value.__class__ is str and value.isdigit() for value in values)  # as most are, and as they stay
    keys = [value if plain else texts.text(text_of(value)) for value, plain in zip(values, are_digits, strict=True)]
    return pad_numbers(keys) if any(isinstance(value, NUMBERS) for value in values[:1000]) else keys


def pad_numbers(cells: list[str]) -> list[str]:
    """Whole numbers of nine or ten digits with ten: a person's number stored as a number has no zero in front."""
    filled = [cell for cell in cells if cell]
    lengths = {len(cell) for cell in filled if cell.isdigit()}
    if filled and lengths <= {NUMBER_OF_A_PERSON - 1, NUMBER_OF_A_PERSON} and all(map(str.isdigit, filled)):
        return [cell.zfill(NUMBER_OF_A_PERSON) if cell else cell for cell in cells]
    return cells


def require_header(path: Path, header: list[str], line: int) -> list[str]:
    """The names of the columns in their canonical form; InputError for one that stands twice, as in a line of data."""
    names = [canonical(name) for name in header]
    repeated = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if repeated:
        given = [name for name in names if name]
        if 2 * sum(any(map(str.isalpha, name)) for name in given) < len(given):
            raise InputError(
                f"{path}, line {line}: most cells are numbers: it is no line of names of columns, and none was found "
                "before it or in the first lines. Ask for the file with the names of its columns in the first line."
            )
        shown = ", ".join(repr(show_column(name)) for name in repeated[:5])
        raise InputError(f"{path}, line {line}: columns that occur twice: {shown}. Keep one of each.")
    return names
