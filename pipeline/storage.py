"""Bytes of files: their SHA-256, and writing them atomically and only if they differ."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pipeline.errors import InputError


def digest(path: Path) -> str:
    """SHA-256 of a file's bytes, as hexadecimal text; InputError if the file is not there or cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise InputError(f"{path}: the file is missing. Put it back, or run make to build it.") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}. Mend that, and run make again.") from error


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
