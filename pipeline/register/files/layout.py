"""The layout of a file of separated text, found in its bytes: encoding, separator, and the line of the header."""

from __future__ import annotations

import codecs
import csv
import hashlib
import re
from collections.abc import Collection
from itertools import islice
from pathlib import Path

from pipeline.errors import InputError
from pipeline.storage import remember, signature

SEPARATORS = ";,\t"
LINES_BEFORE_A_HEADER = 50
BLOCK = 1 << 22
MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
BEYOND_LATIN = re.compile(rb"[\x80-\x9f]")  # no letters in Latin-1, but in Windows-1252
csv.field_size_limit(1 << 30)  # a cell of free text may be longer than the 131,072 letters that csv takes
DECODED = {"utf-8": "utf-8-sig"}  # a mark of the byte order at the beginning is no text


def find_encoding(path: Path) -> str:
    """utf-8, utf-16, latin-1 or cp1252, from all bytes of the file; its SHA-256 is remembered on the way.

    What is valid UTF-8 is that; else letters of one byte are Windows-1252 where Latin-1 has none. Raises InputError
    naming the line for a file that is UTF-8 in some lines and not in others.
    """
    before, hashed, decoder = signature(path), hashlib.sha256(), codecs.getincrementaldecoder("utf-8")()
    lines, wrong, sequences, beyond = 1, 0, 0, False
    with path.open("rb") as file:
        head = file.read(4)
        marked = next((name for mark, name in MARKS.items() if head.startswith(mark)), "")
        file.seek(0)
        while block := file.read(BLOCK):
            hashed.update(block)
            if not marked and not block.isascii():
                sequences += len(SEQUENCE.findall(block))
                beyond = beyond or bool(BEYOND_LATIN.search(block))
            if not marked and not wrong:
                wrong = _first_wrong(decoder, block, lines)
            lines += block.count(b"\n")
    remember(path, before, hashed.hexdigest())
    if marked:
        return marked
    if not wrong:
        return _without_mark(head)
    if sequences:
        raise InputError(
            f"{path}, line {wrong}: not UTF-8, as other lines are. Ask for the file in one encoding, or save it as "
            "UTF-8."
        )
    return "cp1252" if beyond else "latin-1"


def _first_wrong(decoder: codecs.IncrementalDecoder, block: bytes, line: int) -> int:
    """The line of the first bytes that are not UTF-8; 0 if there are none."""
    try:
        decoder.decode(block)
    except UnicodeDecodeError as error:
        return line + error.object[: error.start].count(b"\n")
    return 0


def _without_mark(head: bytes) -> str:
    if head[1:2] == b"\0" and head[:1] != b"\0":
        return "utf-16-le"
    return "utf-16-be" if head[:1] == b"\0" and head[1:2] != b"\0" else "utf-8"


def find_header(path: Path, encoding: str, known: Collection[str]) -> tuple[int, str]:
    """The line of the header and the separator: the first line with a cell among the `known` names, in any case.

    Without such a line the header is the first, and a file without a line is an InputError.
    """
    wanted = {name.casefold() for name in known}
    with path.open(encoding=DECODED.get(encoding, encoding), errors="replace", newline=None) as file:
        lines = list(islice(file, LINES_BEFORE_A_HEADER))
    if not any(line.strip() for line in lines):
        raise InputError(f"{path}: the file is empty. Restore it.")
    for number, line in enumerate(lines, 1):
        separator = max(SEPARATORS, key=line.count)
        cells = {cell.strip().casefold() for cell in next(csv.reader([line], delimiter=separator), [])}
        if cells & wanted:
            return number, separator
    return 1, max(SEPARATORS, key=lines[0].count)
