"""Office files are zip archives that hold the time of their making: here with one fixed time instead."""

from __future__ import annotations

import datetime
import io
import re
import zipfile

FIXED_TIME = datetime.datetime(1980, 1, 1)  # the earliest a zip archive can hold
TIME_STAMP = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*")


def without_times(archive: bytes) -> bytes:
    """The same zip archive with every time in it set to one fixed time."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            content = old.read(entry.filename)
            if entry.filename == "docProps/core.xml":
                content = TIME_STAMP.sub(rb"\g<1>" + FIXED_TIME.isoformat().encode() + b"Z", content)
            fixed = zipfile.ZipInfo(entry.filename, FIXED_TIME.timetuple()[:6])
            fixed.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(fixed, content)
    return buffer.getvalue()
