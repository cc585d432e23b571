"""What a PDF says: its information, its metadata, the strings of its objects, and the text of each page.

pypdf reads how the file is built; the text of pages is read here, for pypdf lays it out, which takes long and is of no
use to a search: only what one operator writes must stay together.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.S)
LITERAL = re.compile(rb"\(((?:[^()\\]|\\.)*)\)|<((?:[0-9A-Fa-f]\s*)+)>", re.S)
# The operators that choose a font and write: name and size before Tf, an array before TJ, a string before Tj, ' and ".
WRITES = re.compile(
    rb"/([^\s/<>()\[\]]+)\s+-?[\d.]+\s+Tf|\[((?:[^\[\]()<>]|\((?:[^()\\]|\\.)*\)|<[0-9A-Fa-f\s]*>)*)\]\s*TJ"
    rb"|(\((?:[^()\\]|\\.)*\)|<[0-9A-Fa-f\s]*>)\s*(?:Tj|'|\")",
    re.S,
)
ESCAPED = re.compile(rb"\\([0-7]{1,3}|\r?\n|.)", re.S)
LETTERS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
PAIR, RANGE = re.compile(rb"<(\w+)>\s*<(\w+)>"), re.compile(rb"<(\w+)>\s*<(\w+)>\s*(?:<(\w+)>|\[([^\]]*)\])")


def pdf_texts(content: bytes) -> Iterator[tuple[str, str]]:
    """By place each text of the file; a file that is locked or broken says so as one that cannot be read."""
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(io.BytesIO(content))
        for key, value in (reader.metadata or {}).items():
            yield f"information {key}", str(value)
        for name, attached in reader.attachments.items():
            yield from ((f"attachment {name}", each.decode("latin-1")) for each in attached)
        fonts: dict[int, Mapping[int, str]] = {}
        for number, page in enumerate(reader.pages, 1):
            yield f"page {number}", "\n".join(_written(page, page.get_contents(), fonts, set()))
    except (PyPdfError, KeyError, ValueError, zlib.error) as error:
        yield "structure", f"\0{type(error).__name__}"
    yield "objects", "\n".join(_strings(content))


def _written(owner: Any, stream: Any, fonts: dict[int, Mapping[int, str]], seen: set[int]) -> Iterator[str]:
    """What the operators of a page or of a drawing on it write, a line each, and the drawings on it."""
    resources = owner.get("/Resources", {})
    own = {name[1:].encode(): font for name, font in resources.get("/Font", {}).items()}
    letters: Mapping[int, str] = {}
    for chosen, array, single in WRITES.findall(stream.get_data() if stream is not None else b""):
        if chosen:
            letters = _letters(own[chosen], fonts) if chosen in own else {}
        else:
            yield "".join(_decoded(_bytes(*found), letters) for found in LITERAL.findall(array or single))
    for drawing in resources.get("/XObject", {}).values():
        if id(drawing.get_object()) not in seen and drawing.get_object().get("/Subtype") == "/Form":
            seen.add(id(drawing.get_object()))
            yield from _written(drawing.get_object(), drawing.get_object(), fonts, seen)


def _letters(font: Any, fonts: dict[int, Mapping[int, str]]) -> Mapping[int, str]:
    """By code the letters of a font that says them; nothing of one whose codes are the letters."""
    number = id(font.get_object())
    if number not in fonts:
        told = font.get_object().get("/ToUnicode")
        fonts[number] = _mapped(told.get_data()) if told is not None else {}
    return fonts[number]


def _mapped(table: bytes) -> dict[int, str]:
    found: dict[int, str] = {}
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", table, re.S):
        found |= {int(code, 16): _unicode(to) for code, to in PAIR.findall(block)}
    for block in re.findall(rb"beginbfrange(.*?)endbfrange", table, re.S):
        for first, last, to, each in RANGE.findall(block):
            codes = range(int(first, 16), int(last, 16) + 1)
            many = re.findall(rb"<(\w+)>", each)
            for place, code in enumerate(codes):
                found[code] = _unicode(many[place]) if each else chr(ord(_unicode(to)[-1]) + place)
    return found


def _unicode(digits: bytes) -> str:
    return bytes.fromhex(digits.decode()).decode("utf-16-be", "replace") or "\0"


def _decoded(text: bytes, letters: Mapping[int, str]) -> str:
    """Text of two bytes a letter in a font that says its letters, else of one."""
    if not letters:
        return text.decode("latin-1")
    return "".join(letters.get(int.from_bytes(text[place : place + 2]), "") for place in range(0, len(text), 2))


def _bytes(literal: bytes, digits: bytes) -> bytes:
    if digits:
        return bytes.fromhex(digits.decode() + "0" * (len(b"".join(digits.split())) % 2))
    return ESCAPED.sub(_escaped, literal) if b"\\" in literal else literal


def _escaped(found: re.Match[bytes]) -> bytes:
    said = found[1]
    if said[:1].isdigit():
        return bytes([int(said, 8) & 0xFF])
    return b"" if said.endswith(b"\n") else LETTERS.get(said, said)


def _strings(content: bytes) -> Iterator[str]:
    """Every string of the objects, packed ones too: alternative texts, titles, names, and XMP as it stands."""
    yield from _literals(STREAM.sub(b"", content))
    for found in STREAM.finditer(content):
        head = content[max(0, found.start() - 400) : found.start()].rpartition(b"obj")[2]
        if b"/ObjStm" in head or b"/Metadata" in head:
            body = _inflated(found[1])
            yield from _literals(body) if b"/ObjStm" in head else (body.decode("utf-8", "replace"),)


def _literals(body: bytes) -> Iterator[str]:
    for literal, digits in LITERAL.findall(body):
        text = _bytes(literal, digits)
        yield text[2:].decode("utf-16-be", "replace") if text.startswith(b"\xfe\xff") else text.decode("latin-1")


def _inflated(body: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(body)
    except zlib.error:
        return body
