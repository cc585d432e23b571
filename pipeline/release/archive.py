"""An archive of files with their checksums: the same bytes from the same files, and read back without writing any.

What is read is only what `pack` writes: regular files with plain names, one after the other, and nothing else.
"""

from __future__ import annotations

import hashlib
import io
import re
import stat
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

from pipeline.errors import InputError
from pipeline.scan.zipped import UNREADABLE

MANIFEST = "manifest-sha256.txt"
FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # of the format: the archive tells no time of its own
READABLE = (stat.S_IFREG | 0o644) << 16
# What an archive may be, before anything of it is unpacked: bytes of a file, bytes of all, number of files.
LARGEST, LARGEST_IN_ALL, MOST = 64 << 20, 256 << 20, 5_000
NAME = re.compile(r"[\w.~+-]+(/[\w.~+-]+)*", re.ASCII)  # a relative path of plain letters
LINE = re.compile(r"([0-9a-f]{64})  (\S+)")
CENTRAL = 46  # bytes of what the format lists of a file, without its name
# What the list of an archive says of a file beside its name, size and checksum.
DESCRIBED = (
    *("flag_bits", "compress_type", "date_time", "external_attr", "internal_attr", "create_system"),
    *("create_version", "extract_version", "reserved", "volume", "extra", "comment"),
)
UNIX = 3  # the system that the list names, whatever wrote it
AGAIN = "Ask for the archive again."


def is_plain(name: str) -> bool:
    """Whether a name is a relative path without '..', drive, backslash or empty part."""
    return NAME.fullmatch(name) is not None and not {".", ".."} & set(name.split("/"))


def checksums(files: Mapping[str, bytes]) -> dict[str, str]:
    """The SHA-256 of each file by its path, sorted."""
    return {path: hashlib.sha256(files[path]).hexdigest() for path in sorted(files)}


def pack(files: Mapping[str, bytes]) -> bytes:
    """The files and their manifest as a zip archive; InputError for a name that `unpack` would refuse."""
    odd = [path for path in files if not is_plain(path)]
    if odd:
        raise InputError(f"{odd[0]}: no name for a file of an archive. Move what lies there into the repository.")
    manifest = "".join(f"{sha256}  {path}\n" for path, sha256 in checksums(files).items())
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path, content in sorted({**files, MANIFEST: manifest.encode()}.items()):
            archive.writestr(_entry(path), content)
    return written.getvalue()


def _entry(path: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(path, FIRST_DAY)
    entry.external_attr, entry.compress_type, entry.create_system = READABLE, zipfile.ZIP_DEFLATED, UNIX
    return entry


def unpack(path: Path) -> dict[str, bytes]:
    """The files of an archive by path; InputError names the entry if it is none as `pack` writes it, or is damaged."""
    try:
        if not path.is_file():
            raise InputError(f"{path}: the file is missing. Name an archive that make release wrote.")
        if path.stat().st_size > LARGEST_IN_ALL:
            raise InputError(f"{path}: larger than {LARGEST_IN_ALL >> 20} MB, so no archive of aggregates. {AGAIN}")
        content = path.read_bytes()
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _require_as_packed(path, archive, content)
            return {entry.filename: _read(path, archive, entry) for entry in archive.infolist()}
    except (OSError, ValueError, *UNREADABLE) as error:
        raise InputError(f"{path}: not a whole zip archive: {error}. {AGAIN}") from error


def _require_as_packed(path: Path, archive: zipfile.ZipFile, content: bytes) -> None:
    """InputError unless the entries are plain, not too large, and all that the file is made of."""
    entries = archive.infolist()
    for entry in entries:
        if fault := _fault(entry):
            raise InputError(f"{path}: entry {entry.orig_filename!r}: {fault}. {AGAIN}")
    names = [entry.filename.casefold() for entry in entries]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1] if len(set(names)) < len(names) else []
    if twice:
        raise InputError(f"{path}: entry {twice[0]!r}: it is there twice. {AGAIN}")
    if len(entries) > MOST or sum(entry.file_size for entry in entries) > LARGEST_IN_ALL:
        raise InputError(f"{path}: more than {MOST:,} files or {LARGEST_IN_ALL >> 20} MB when unpacked. {AGAIN}")
    place = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        header = _described(entry).FileHeader(zip64=False)
        if entry.header_offset != place or content[place : place + len(header)] != header:
            raise InputError(f"{path}: entry {entry.filename!r}: before it stands what belongs to no file. {AGAIN}")
        place += len(header) + entry.compress_size
    listed = sum(CENTRAL + len(entry.filename.encode()) for entry in entries)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, len(entries), len(entries), listed, place, 0)
    if content[place + listed :] != end:
        raise InputError(f"{path}: something stands in it that is no file of it. {AGAIN}")


def _described(entry: zipfile.ZipInfo) -> zipfile.ZipInfo:
    """An entry of that name and content as `pack` describes it."""
    own = _entry(entry.filename)
    own.CRC, own.compress_size, own.file_size = entry.CRC, entry.compress_size, entry.file_size
    return own


def _fault(entry: zipfile.ZipInfo) -> str:
    """What is wrong with an entry before it is unpacked, in words; '' if nothing is."""
    own = _described(entry)
    faults = {
        "its name is no plain relative path": entry.filename != entry.orig_filename or not is_plain(entry.filename),
        "it is no regular file": stat.S_IFMT(entry.external_attr >> 16) != stat.S_IFREG,
        "it is encrypted, or described otherwise than make release does": any(
            getattr(entry, key) != getattr(own, key) for key in DESCRIBED
        ),
        f"it is larger than {LARGEST >> 20} MB": entry.file_size > LARGEST,
    }
    return next((words for words, holds in faults.items() if holds), "")


def _read(path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """The bytes of an entry: no more are unpacked than it states."""
    try:
        with archive.open(entry) as file:
            content = file.read(entry.file_size + 1)
    except UNREADABLE as error:
        raise InputError(f"{path}: entry {entry.filename!r}: damaged: {error}. {AGAIN}") from error
    if len(content) != entry.file_size:
        raise InputError(f"{path}: entry {entry.filename!r}: not as long as it states. {AGAIN}")
    return content


def read_manifest(files: Mapping[str, bytes]) -> dict[str, str]:
    """By path the SHA-256 that the manifest states; InputError without one, and for a line that is none."""
    if MANIFEST not in files:
        raise InputError(f"{MANIFEST} is not in the archive, so nothing says what should be. {AGAIN}")
    found: dict[str, str] = {}
    for number, line in enumerate(files[MANIFEST].decode("utf-8", "replace").splitlines(), 1):
        parts = LINE.fullmatch(line)
        if parts is None or parts[2] in found:
            raise InputError(f"{MANIFEST}, line {number}: not a checksum and the path of a file, once. {AGAIN}")
        found[parts[2]] = parts[1]
    return found
