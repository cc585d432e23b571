"""A text in one form, however it was written: escapes resolved, signs alike, base64 read, numbers and keys in one piece.

So what is sought is sought once, and not in each form that somebody, a program or a format may give it.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import unicodedata
from collections.abc import Iterator

ESCAPED = re.compile(r"\\u([0-9A-Fa-f]{4})")
PERCENT = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
ENTITY = re.compile(r"&(?:#\w+|\w+);?")
UNLIKE = re.compile(r"[^\x00-\x7f]+")
ALIKE = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d", "-")
    | dict.fromkeys("\u2018\u2019\u02bc\u00b4", "'")
    | dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff", "")  # signs that are not seen
)
PACKED = re.compile(r"[A-Za-z0-9+/_-]{10,}")  # base64 of seven signs and more
BYTES_OF_KEY = 32
# Groups of digits with one sign between them, and the parts of a register's number, with any. What has one point or
# one comma is a decimal number.
GROUPED = re.compile(r"(?<!\d)(?<!\d[ .,'_/:-])\d{1,9}([ .,'_/:-])\d{1,7}(?:\1\d{1,7}){0,6}(?![ .,'_/:-]?\d)")
PARTS = re.compile(r"(?<!\d)\d\d[ .,/_-]?\d\d[ .,/_-]?\d\d[\s.,/_-]{1,3}\d{4}(?!\d)")
SIGNED = re.compile(r"(?<![^\W_])[A-Za-z]{1,4}(\d{7,})(?![^\W_])")  # a sign before a number, as P5300123
SIXTEENS = re.compile(r"(?<![^\W_])(?:0[xX])?([0-9A-Fa-f]{14})(?![^\W_])")  # a pseudonym has 53 bits
NOT_DIGIT, NOT_SIXTEEN = re.compile(r"\D"), re.compile(r"[^0-9A-Fa-f]+")
PAIRED = re.compile(r"(?<![^\W_])(?:[0-9A-Fa-f]{2}[\W_]{1,2}){31}[0-9A-Fa-f]{2}(?![^\W_])")
BROKEN = re.compile(r"(?<![^\W_])[0-9A-Fa-f]{4,63}(?:[\W_]{1,6}[0-9A-Fa-f]{4,63})+(?![^\W_])")
DIGITS_OF_KEY = 2 * BYTES_OF_KEY


def plain(text: str) -> str:
    """The text with its escapes resolved and alike signs made one; after it, what base64 in it says."""
    if "&" in text:
        text = ENTITY.sub(lambda found: html.unescape(found[0]), text)
    if "\\u" in text:
        text = ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    if "%" in text:
        text = PERCENT.sub(_resolved, text)
    if not text.isascii():
        text = UNLIKE.sub(lambda found: unicodedata.normalize("NFKC", found[0].translate(ALIKE)).translate(ALIKE), text)
    return "\n".join((text, *_unpacked(text)))


def _resolved(found: re.Match[str]) -> str:
    try:
        return bytes.fromhex(found[0].replace("%", "")).decode()
    except UnicodeDecodeError:
        return found[0]


def _unpacked(text: str) -> Iterator[str]:
    """What each word of base64 says, if it is a text or as long as a key."""
    for word in PACKED.findall(text):
        if word.islower() or word.isupper() or len(word) % 4 == 1:
            continue
        try:
            said = base64.urlsafe_b64decode(word.replace("+", "-").replace("/", "_") + "=" * (-len(word) % 4))
            told = said.hex() if len(said) == BYTES_OF_KEY else said.decode()
        except (binascii.Error, UnicodeDecodeError):
            continue
        if told.replace("\n", "").isprintable():
            yield told


def numbers_in_pieces(text: str) -> Iterator[str]:
    """Numbers that are written in groups, with a sign before them, or to the base of sixteen, as their digits.

    Only what is known as somebody's can be told from another number here.
    """
    for found in GROUPED.finditer(text):
        if found[1] not in ".," or found[0].count(found[1]) > 1:
            yield NOT_DIGIT.sub("", found[0])
    parts = (found[0] for found in PARTS.finditer(text) if not GROUPED.fullmatch(found[0]))
    yield from (NOT_DIGIT.sub("", part) for part in parts)
    yield from SIGNED.findall(text)
    yield from (str(int(digits, 16)) for digits in SIXTEENS.findall(text))


def keys_in_pieces(text: str) -> Iterator[str]:
    """Every 64 hexadecimal digits that signs or ends of lines break."""
    yield from (NOT_SIXTEEN.sub("", found) for found in PAIRED.findall(text))
    for found in BROKEN.findall(text):
        if len(found) > DIGITS_OF_KEY:
            yield from _as_long_as_a_key(NOT_SIXTEEN.split(found))


def _as_long_as_a_key(groups: list[str]) -> Iterator[str]:
    """What groups that follow each other make of the length of a key."""
    for first in range(len(groups)):
        digits = ""
        for group in groups[first:]:
            digits += group
            if len(digits) >= DIGITS_OF_KEY:
                break
        if len(digits) == DIGITS_OF_KEY and digits != groups[first]:
            yield digits
