"""What stands in a file, as texts to look through: of a picture, a page, an office file, a PDF, and what lies in these.

A form is told by the bytes and not by the name. What no reader here knows is said, since nobody looked inside.
"""

from __future__ import annotations

import base64
import binascii
import html
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pipeline.scan.fonts import font_names
from pipeline.scan.pictures import jpeg_fields, png_fields
from pipeline.scan.portable import pdf_texts
from pipeline.scan.zipped import UNREADABLE

Kind = Literal["text", "markup", "field", "author", "unread"]
EMBEDDED = re.compile(r"data:[\w/+.;=-]*?;base64,([A-Za-z0-9+/=\s]+)")
TAG = re.compile(r"<[^<>]+>")
# Where a text ends in markup: what stands in two paragraphs or two cells is no one number.
ENDS = re.compile(r"</(?:w:p|w:tc|c|si|row|v|t|td|th|tr|p|div|li|text|title|desc)>")
# Fields that name somebody, in the markup of office files, pictures and pages.
WHO = r"(?:\w+:)?(?:creator|author|lastModifiedBy|manager|company|publisher|contributor|owner|artist)"
NAMED = re.compile(
    rf"<({WHO})\b[^>]*>(.*?)</\1>|<meta\s+name=[\"']?({WHO})[\"']?\s+content=[\"']?([^\"'>]*)", re.S | re.I
)
MARKED = re.compile(r"\s*(?:<\?xml|<!DOCTYPE|<html|<svg|<[\w:]+[\s>])", re.I)
DEEPEST = 4  # archives within archives


@dataclass(frozen=True)
class Part:
    """A text of a file, where in it, and what it is: text, markup, a field of metadata, or one that names somebody."""

    file: str
    where: str
    kind: Kind
    text: str


def parts_of(file: str, content: bytes, where: str = "", depth: int = 0) -> Iterator[Part]:
    """Every text in the bytes of a file; `where` is the member of it that these are."""
    if depth > DEEPEST:
        yield Part(file, where, "unread", "an archive too deep in others")
    elif content.startswith(b"\x89PNG"):
        for name, text in png_fields(content):
            yield Part(file, _at(where, name), "author" if re.fullmatch(WHO, name, re.I) else "field", text)
    elif content.startswith(b"\xff\xd8\xff"):
        yield from (Part(file, _at(where, name), "field", text) for name, text in jpeg_fields(content))
    elif content.startswith(b"PK\x03\x04"):
        yield from _of_archive(file, content, where, depth)
    elif content.startswith(b"%PDF"):
        for name, text in pdf_texts(content):
            yield Part(file, _at(where, name), _kind_of(name), text)
    elif content.startswith((b"wOFF", b"OTTO", b"\0\1\0\0", b"true")):
        yield from (Part(file, _at(where, "names of the font"), "field", text) for text in font_names(content))
    else:
        yield from _of_text(file, content, where, depth)


def _at(where: str, name: str) -> str:
    return f"{where}, {name}" if where else name


def _kind_of(name: str) -> Kind:
    last = name.rpartition(" ")[2].strip("/")
    return "author" if last == "Author" else "text" if name.startswith("page") else "field"


def _of_archive(file: str, content: bytes, where: str, depth: int) -> Iterator[Part]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield Part(file, _at(where, "comment of the archive"), "field", archive.comment.decode("utf-8", "replace"))
            for entry in archive.infolist():
                yield Part(file, _at(where, "names of members"), "field", entry.filename)
                yield Part(file, _at(where, entry.filename), "field", (entry.comment + entry.extra).decode("latin-1"))
                if not entry.is_dir():
                    yield from parts_of(file, archive.read(entry), _at(where, entry.filename), depth + 1)
    except UNREADABLE:
        yield Part(file, where, "unread", "an archive that cannot be opened")


def _of_text(file: str, content: bytes, where: str, depth: int) -> Iterator[Part]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        yield Part(file, where, "unread", "no text, and no form that is known")
        return
    for found in EMBEDDED.finditer(text):
        try:
            within = base64.b64decode(found[1], validate=False)
        except binascii.Error:
            yield Part(file, where, "unread", "embedded data that cannot be decoded")
            continue
        yield from parts_of(file, within, _at(where, "embedded data"), depth + 1)
    text = EMBEDDED.sub("", text)
    for found in NAMED.finditer(text) if MARKED.match(text) else ():
        yield Part(file, _at(where, found[1] or found[3]), "author", TAG.sub(" ", found[2] or found[4] or "").strip())
    yield Part(file, where, "markup" if MARKED.match(text) else "text", html.unescape(text) if "&#" in text else text)


def run_together(markup: str) -> str:
    """The text of markup without its tags, those within a word or a number too."""
    return html.unescape(TAG.sub("", ENDS.sub("\n", markup)))
