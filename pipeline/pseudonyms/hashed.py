"""Pseudonyms: what stands for a person's number in every table, an HMAC-SHA256 of role and number under the key.

A person of the trial is a whole number of 16 digits, so it fits a float and is never taken for a number as received,
which is shorter; a person in the register is a text, long enough for everybody in a country.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from pipeline.errors import InputError
from pipeline.pseudonyms.keys import read_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from pipeline.settings.extract import Extract

PERSON, KEY = b"person\0", b"key\0"  # the roles: a number that is both has two pseudonyms
BITS = 52  # and one more, which is set: from 4,503,599,627,370,496 to 9,007,199,254,740,991
LEAST = 1 << BITS
LONGEST = 16  # bytes of the text of a person in the register


@dataclass(frozen=True)
class Pseudonyms:
    """The pseudonyms of an extract; numbers are given as files are linked by them, `link_key` of the text."""

    key: bytes = field(repr=False)

    @classmethod
    def of(cls, extract: Extract) -> Pseudonyms:
        """Those of an extract; InputError as `read_key`."""
        return cls(read_key(extract.name, extract.key_digest, extract.public_key))

    @cached_property
    def _keyed(self) -> hmac.HMAC:
        """HMAC after the key, which is taken in once for all numbers."""
        return hmac.new(self.key, digestmod="sha256")

    def _hash(self, message: bytes) -> bytes:
        own = self._keyed.copy()
        own.update(message)
        return own.digest()

    def person(self, number: str) -> int:
        """The pseudonym of a trial number."""
        return int.from_bytes(self._hash(PERSON + number.encode())[:8]) >> (64 - BITS) | LEAST

    def in_register(self, number: str) -> str:
        """The pseudonym of a number in the register; nothing stands for none."""
        return "k" + self._hash(KEY + number.encode())[:LONGEST].hex() if number else ""

    def persons(self, numbers: pd.Series) -> pd.Series:
        """The pseudonyms of trial numbers, each of which stands once; InputError if two persons had one."""
        found = numbers.map(self.person).astype("int64")
        if found.duplicated().any():
            raise InputError(
                f"{int(found.duplicated().sum())} persons have the pseudonym of another by chance. Take key_digest out "
                "of extract.toml, move the key away, and say make extract, which makes another key."
            )
        return found

    def keys(self, numbers: pd.Series) -> pd.Series:
        """The pseudonyms of numbers in the register, which may stand more than once."""
        return numbers.map(self.of_each(numbers.unique())).astype(object)

    def of_each(self, numbers: Iterable[str]) -> dict[str, str]:
        """By number in the register its pseudonym."""
        return {number: self.in_register(number) for number in numbers}


def link_key(key: str) -> str:
    """A key as files are linked by it: a whole number without its leading zeros."""
    return key.lstrip("0") or "0" if key.isascii() and key.isdigit() else key
