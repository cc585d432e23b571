"""What a picture holds beside itself: every text of a PNG or a JPEG, the EXIF, and what follows the end."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

SIGNATURE, HEAD, TAIL = 8, 8, 4  # bytes: of a file, before the content of a chunk, and after it
START_OF_SCAN, COMMENT = 0xDA, 0xFE  # segments of a JPEG
PICTURE = {b"IHDR", b"IDAT", b"PLTE", b"IEND", b"pHYs", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"tRNS", b"bKGD"}


def png_fields(content: bytes) -> Iterator[tuple[str, str]]:
    """By name the text of each chunk that is no part of the picture; of an unknown chunk its bytes as they are."""
    place = SIGNATURE
    while place + HEAD <= len(content):
        length, kind = struct.unpack(">I4s", content[place : place + HEAD])
        body = content[place + HEAD : place + HEAD + length]
        place += HEAD + length + TAIL
        if kind not in PICTURE:
            yield _read(kind, body)
        if kind == b"IEND":
            break
    if place < len(content):
        yield "bytes after the end", content[place:].decode("latin-1")


def jpeg_fields(content: bytes) -> Iterator[tuple[str, str]]:
    """By name what the segments of a JPEG say that programs and persons write: EXIF, XMP, comments."""
    place = 2
    while content[place : place + 1] == b"\xff" and content[place + 1] != START_OF_SCAN:
        kind, length = content[place + 1], int.from_bytes(content[place + 2 : place + 4])
        if 0xE0 <= kind <= COMMENT:
            yield f"segment {kind:02x}", content[place + 4 : place + 2 + length].decode("latin-1").replace("\0", "")
        place += 2 + length
    end = content.rfind(b"\xff\xd9")
    if content[end + 2 :].strip(b"\0"):
        yield "bytes after the end", content[end + 2 :].decode("latin-1")


def _read(kind: bytes, body: bytes) -> tuple[str, str]:
    name, _, rest = body.partition(b"\0")
    plain = name.decode("latin-1") or kind.decode("latin-1")
    if kind == b"tEXt":
        return plain, rest.decode("latin-1")
    if kind == b"zTXt":
        return plain, _inflated(rest[1:]).decode("latin-1")
    if kind == b"iTXt":
        tags = rest[2:].split(b"\0", 2)
        text = _inflated(tags[-1]) if rest[:1] == b"\1" else tags[-1]
        return plain, text.decode("utf-8", "replace")
    return kind.decode("latin-1"), body.decode("latin-1").replace(
        "\0", ""
    )  # EXIF has texts of one byte, or two, a letter


def _inflated(body: bytes) -> bytes:
    try:
        return zlib.decompress(body)
    except zlib.error:
        return body
