"""An archive of files with their checksums: the same bytes from the same files."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from pipeline.errors import InputError

MANIFEST = "manifest-sha256.txt"
FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # of the format: the archive tells no time of its own
READABLE = 0o644 << 16


def checksums(files: Mapping[str, bytes]) -> dict[str, str]:
    """The SHA-256 of each file by its path, sorted."""
    return {path: hashlib.sha256(files[path]).hexdigest() for path in sorted(files)}


def pack(files: Mapping[str, bytes]) -> bytes:
    """The files and their manifest as a zip archive."""
    manifest = "".join(f"{sha256}  {path}\n" for path, sha256 in checksums(files).items())
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path, content in sorted({**files, MANIFEST: manifest.encode()}.items()):
            entry = zipfile.ZipInfo(path, FIRST_DAY)
            entry.external_attr, entry.compress_type = READABLE, zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return written.getvalue()


def unpack(path: Path) -> dict[str, bytes]:
    """The files of an archive by path; InputError if it is none, or is damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            return {entry.filename: archive.read(entry) for entry in archive.infolist() if not entry.is_dir()}
    except FileNotFoundError as error:
        raise InputError(f"{path}: the file is missing. Name an archive that make release wrote.") from error
    except (OSError, zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError) as error:
        raise InputError(f"{path}: not a whole zip archive: {error}. Ask for it again.") from error


def read_manifest(files: Mapping[str, bytes]) -> dict[str, str]:
    """By path the SHA-256 that the manifest states; InputError without one."""
    if MANIFEST not in files:
        raise InputError(
            f"{MANIFEST} is not in the archive, so nothing says what should be. Ask for the archive again."
        )
    lines = files[MANIFEST].decode().splitlines()
    return {path: sha256 for sha256, _, path in (line.partition("  ") for line in lines)}
