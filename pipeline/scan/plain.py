"""A text in one form, however it was written: escapes resolved, signs alike, base64 read, numbers in one piece.

So what is sought is sought once, and not in each form that somebody, a program or a format may give it.
"""

from __future__ import annotations

import base64
import binascii
import html
import itertools
import re
import unicodedata
from collections.abc import Iterator

ESCAPED = re.compile(r"\\+u([0-9A-Fa-f]{4})")
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
# A pattern that begins with a class of signs is searched for ten times as fast as one that begins by looking behind.
# Groups of digits with one sign between them, and the parts of a register's number, with any. What has one point or
# one comma is a decimal number.
GROUPED = re.compile(
    r"[0-9](?<![0-9]{2})(?<![0-9][ .,'_/:-].)[0-9]{0,8}+"
    r"(?:([ '_/:-])[0-9]{1,7}+(?:\1[0-9]{1,7}+){0,6}+|([.,])[0-9]{1,7}+(?:\2[0-9]{1,7}+){1,6}+)(?![ .,'_/:-]?[0-9])"
)
PARTS = re.compile(
    r"[0-9](?<![0-9]{2})[0-9][ .,/_-]?[0-9]{2}[ .,/_-]?[0-9]{2}(?:[.,/_-]|\s{1,3}|\s?-\s?)[0-9]{4}(?![0-9])"
)
POWER = re.compile(r"[1-9]\.[0-9]{5,16}[eE]\+?[0-9]{1,2}")  # 5.300123e6, with every digit
SIGNED = re.compile(r"[A-Za-z]{1,4}([0-9]+)")  # signs before a number, as P5300123
SIXTEENS = re.compile(r"(?:0[xX])?([0-9A-Fa-f]{14})")  # a pseudonym, which has 53 bits
DIGITS_OF_KEY = 2 * BYTES_OF_KEY
BROKEN = re.compile(r"[0-9A-Fa-f]{2,63}+(?:(?:[\W_]|\\[nrt]){1,8}?[0-9A-Fa-f]{2,63}+)++(?![^\W_])")
NOT_DIGIT, NOT_SIXTEEN = re.compile(r"[^0-9]"), re.compile(r"[^0-9A-Fa-f]+")


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
    """Numbers that are written in groups, as their digits: only those that are somebody's can be told from others."""
    yield from (NOT_DIGIT.sub("", found[0]) for found in GROUPED.finditer(text))
    for part in PARTS.findall(text):
        if not GROUPED.fullmatch(part):
            yield NOT_DIGIT.sub("", part)
    yield from (str(int(float(power))) for power in POWER.findall(text))


def number_in(word: str) -> str:
    """The number that a word is with signs before it or to the base of sixteen, as its digits; else nothing."""
    if found := SIXTEENS.fullmatch(word):
        return str(int(found[1], 16))
    found = SIGNED.fullmatch(word)
    return found[1] if found else ""


def keys_in_pieces(text: str) -> Iterator[str]:
    """Every 64 hexadecimal digits that signs or ends of lines break."""
    for found in BROKEN.findall(text):
        if len(found) > DIGITS_OF_KEY and found.upper() != found.lower():  # no key is without a letter
            yield from _as_long_as_a_key(NOT_SIXTEEN.split(found))


def _as_long_as_a_key(groups: list[str]) -> Iterator[str]:
    """What groups that follow each other make of the length of a key."""
    ends = [0, *itertools.accumulate(map(len, groups))]
    places = {end: place for place, end in enumerate(ends)}
    for first, end in enumerate(ends):
        last = places.get(end + DIGITS_OF_KEY, 0)
        if last > first + 1:
            yield "".join(groups[first:last])
