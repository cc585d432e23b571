"""Bytes of files: their SHA-256, and writing them atomically and only if they differ."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pipeline.errors import InputError

LARGE = 64 << 20  # bytes: a file of more is hashed once in a process, while it is read
Signature = tuple[int, int, int]
_known: dict[tuple[str, Signature], str] = {}


def digest(path: Path) -> str:
    """SHA-256 of a file's bytes, as hexadecimal text; InputError if the file is not there or cannot be read.

    That of a large file which was hashed in this process is not reckoned again while its size and times are the same.
    """
    try:
        before = signature(path)
        if before[0] > LARGE and (known := _known.get((str(path), before))):
            return known
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise InputError(f"{path}: the file is missing. Put it back, or run make to build it.") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}. Mend that, and run make again.") from error
    remember(path, before, found)
    return found


def signature(path: Path) -> Signature:
    """What changes if a file is written: its size, the time of its last change in nanoseconds, and its number."""
    status = path.stat()
    return status.st_size, status.st_mtime_ns, status.st_ino


def remember(path: Path, before: Signature, sha256: str) -> None:
    """Keep the SHA-256 that was reckoned while the file was read, if it is the file it was `before`."""
    if signature(path) == before:
        _known[str(path), before] = sha256


def fingerprint(path: Path) -> str:
    """What tells whether a file changed: its SHA-256, and of a large one its size and times."""
    try:
        found = signature(path)
    except OSError:
        return digest(path)
    return str(found) if found[0] > LARGE else digest(path)


def is_digest(found: str) -> bool:
    """Whether a fingerprint is a SHA-256, and not the size and times of a large file."""
    return not found.startswith("(")


def write_if_changed(path: Path, content: bytes) -> bool:
    """Write `content` unless the file holds it already; True if it was written.

    The bytes go to a temporary file in the same folder that then replaces the target, so a reader or an interruption
    sees the old file or the new one and nothing between. What a killed run leaves, the next one writes over. Raises
    InputError if the file cannot be written.
    """
    temporary = path.with_name(f".{path.name}.part")
    try:
        if path.exists() and path.read_bytes() == content:
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, temporary, content)
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written: {error.strerror}. See to the space on the disk, the rights and what lies "
            "there, and run make again."
        ) from error
    return True


def _replace(path: Path, temporary: Path, content: bytes) -> None:
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def open_to_others(folder: Path) -> str:
    """What is to be done about a folder that others than its owner can enter; '' if none can, or it is not there."""
    if not folder.exists() or not folder.stat().st_mode & 0o077:
        return ""
    return f"{folder}: others than its owner can enter the folder, which holds persons. Say chmod -R go= {folder}."
