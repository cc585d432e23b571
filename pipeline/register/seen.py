"""The keys of a whole register, as they are read: whose rows are looked for, and what is wrong with any of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from pipeline.register.files.rows import Chunk

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

FORM = str.maketrans({str(digit): "x" for digit in range(10)})
EMPTY = -1


@dataclass
class SeenKeys:
    """The keys of a whole file: numbers that stand for them, their lines, and those that are written oddly."""

    wanted: set[str]
    trial: pd.Series
    numbers: list[NDArray[np.int64]] = field(default_factory=list)
    lines: list[NDArray[np.int64]] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)
    odd: dict[int, str] = field(default_factory=dict)
    rounded: int = 0
    rows: int = 0

    def choose(self, keys: list[str]) -> list[int]:
        """The places of the persons looked for: of keys as they link the files, 7 and 007 are one."""
        wanted = self.wanted
        return [place for place, key in enumerate(keys) if _link(key) in wanted]

    def count(self, chunk: Chunk) -> None:
        """Note the keys of a chunk."""
        keys, lines = chunk.keys, chunk.lines
        self.numbers.append(np.fromiter(map(_number, keys), dtype=np.int64, count=len(keys)))
        self.lines.append(np.asarray(lines, dtype=np.int64))
        self.rows += len(keys)
        if "" in keys:
            self.missing += [line for line, key in zip(lines, keys, strict=True) if not key]
        self.rounded += sum(key.endswith("00") for key in keys)
        usual = self._usual
        if usual and set("\n".join(keys).translate(FORM).split("\n")) - {usual, ""}:
            self.odd |= {
                line: key for line, key in zip(lines, keys, strict=True) if key and key.translate(FORM) != usual
            }

    @property
    def _usual(self) -> str:
        forms = self.trial.str.translate(FORM).mode()
        return str(forms.iloc[0]) if len(forms) else ""

    def repeated(self) -> list[int]:
        """The lines of keys that occur more than once."""
        numbers, lines = (
            np.concatenate(part) if part else np.zeros(0, np.int64) for part in (self.numbers, self.lines)
        )
        known = numbers != EMPTY
        numbers, lines = numbers[known], lines[known]
        ordered = np.sort(numbers)
        double = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
        return [int(line) for line in lines[np.isin(numbers, double)]] if len(double) else []


def _number(key: str) -> int:
    """A whole number that stands for a key: itself, or beyond the whole numbers its hash."""
    if key.isdecimal() and len(key) <= 15:
        return int(key) if len(key) <= 9 else int("1" + key)
    return EMPTY if not key else hash(key) | -(1 << 62)


def _link(key: str) -> str:
    """The key as `link_keys` has it."""
    return key.lstrip("0") or "0" if len(key) <= 9 and key.isascii() and key.isdigit() else key
