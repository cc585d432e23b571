"""The keys of a whole register, as they are read: whose rows are looked for, and what is wrong with any of them."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field
from string import ascii_letters, digits
from typing import TYPE_CHECKING

import numpy as np

from pipeline.pseudonyms.hashed import Pseudonyms, link_key
from pipeline.register.files.rows import Chunk

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORM = str.maketrans({**dict.fromkeys(digits, "x"), **dict.fromkeys(ascii_letters, "A")})
EMPTY = -1
LONGEST_NUMBER = 18  # digits of a number of 64 bits
MOST_HELD = 1 << 20  # keys of others that are held in mind, whatever the size of the register
SPREAD = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio: numbers near each other are far apart


@dataclass
class SeenKeys:
    """The keys of a whole file: those in mind as numbers with their lines, and those that are written oddly.

    In mind are all keys of the trial's persons, and of others as many as there are up to MOST_HELD; of more those whose
    spread numbers are lowest, so that of a key which is held every line is. wanted: the pseudonyms of the trial's
    persons, so that who they are is known to nobody before their rows are met; usual: how most of their numbers are
    written, as `usual_form` says.
    """

    wanted: Collection[str]
    usual: str
    pseudonyms: Pseudonyms | None = None
    numbers: list[NDArray[np.int64]] = field(default_factory=list)
    lines: list[NDArray[np.int64]] = field(default_factory=list)
    limit: int = 2**64 - 1
    missing: list[int] = field(default_factory=list)
    odd: dict[int, str] = field(default_factory=dict)
    rounded: int = 0
    rows: int = 0
    _chosen: tuple[list[str], NDArray[np.int64]] = field(default_factory=lambda: ([], np.zeros(0, np.int64)))
    _sought: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def choose(self, keys: list[str]) -> list[int]:
        """The places of the persons looked for: of keys as they link the files, 7 and 007 are one."""
        assert self.pseudonyms is not None
        numbers, wanted = _numbers(keys), self.wanted
        self._chosen = keys, numbers
        pseudonyms = map(self.pseudonyms.in_register, map(link_key, keys))
        places = [place for place, pseudonym in enumerate(pseudonyms) if pseudonym in wanted]
        self._sought = np.union1d(self._sought, numbers[places])
        return places

    def count(self, chunk: Chunk) -> None:
        """Note the keys of a chunk."""
        keys, lines = chunk.keys, chunk.lines
        chosen, numbers = self._chosen
        self._hold(numbers if chosen is keys else _numbers(keys), np.asarray(lines, dtype=np.int64))
        self.rows += len(keys)
        if "" in keys:
            self.missing += [line for line, key in zip(lines, keys, strict=True) if not key]
        self.rounded += "\n".join([*keys, ""]).count("00\n")
        usual = self.usual
        if usual and set("\n".join(keys).translate(FORM).split("\n")) - {usual, ""}:
            self.odd |= {
                line: key for line, key in zip(lines, keys, strict=True) if key and key.translate(FORM) != usual
            }

    def _hold(self, numbers: NDArray[np.int64], lines: NDArray[np.int64]) -> None:
        """Keep in mind what is to be kept of these; of all that is held, if it is too much, the lower half."""
        self._append(numbers, lines)
        while sum(map(len, self.numbers)) > MOST_HELD + len(self._sought):
            self.limit //= 2
            numbers, lines = np.concatenate(self.numbers), np.concatenate(self.lines)
            self.numbers, self.lines = [], []
            self._append(numbers, lines)

    def _append(self, numbers: NDArray[np.int64], lines: NDArray[np.int64]) -> None:
        kept = (numbers.astype(np.uint64) * SPREAD <= np.uint64(self.limit)) | np.isin(numbers, self._sought)
        kept &= numbers != EMPTY
        self.numbers.append(numbers[kept])
        self.lines.append(lines[kept])

    def repeated(self) -> list[int]:
        """The lines of keys in mind that occur more than once."""
        if not self.numbers:
            return []
        numbers, lines = np.concatenate(self.numbers), np.concatenate(self.lines)
        ordered = np.sort(numbers)
        double = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
        return [int(line) for line in lines[np.isin(numbers, double)]] if len(double) else []


def _numbers(keys: list[str]) -> NDArray[np.int64]:
    """The numbers that stand for the keys."""
    together = "".join(keys)
    are_whole = together.isascii() and together.isdigit() and min(map(len, keys)) > 0
    is_short = are_whole and max(map(len, keys)) <= LONGEST_NUMBER
    return np.fromiter(map(int if is_short else _number, keys), dtype=np.int64, count=len(keys))


def _number(key: str) -> int:
    """A whole number that stands for a key as files are linked by it: itself, or of other texts its hash."""
    link = link_key(key)
    if link.isdecimal() and len(link) <= LONGEST_NUMBER:
        return int(link)
    if not key:
        return EMPTY
    return int.from_bytes(hashlib.blake2b(link.encode(), digest_size=8).digest(), signed=True) | -(1 << 62)
