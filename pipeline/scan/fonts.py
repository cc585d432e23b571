"""The names that a font carries: who made it, for whom, and whatever else was written there."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

WOFF = b"wOFF"


def font_names(content: bytes) -> Iterator[str]:
    """The table of names of an OpenType font, or of one packed as WOFF, read both as one byte and as two a letter."""
    packed = content.startswith(WOFF)
    count = struct.unpack(">H", content[12:14] if packed else content[4:6])[0]
    for number in range(count):
        if packed:
            tag, start, length, whole = struct.unpack(">4s3I", content[44 + 20 * number :][:16])
        else:
            tag, _, start, length = struct.unpack(">4s3I", content[12 + 16 * number :][:16])
            whole = length
        body = content[start : start + length]
        if tag == b"name":
            names = zlib.decompress(body) if length < whole else body
            yield names.decode("latin-1").replace("\0", "")
