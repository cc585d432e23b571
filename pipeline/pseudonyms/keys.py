"""The key of an extract: 32 random bytes, made once, in a file outside the project that its owner alone reads.

extract.toml holds a digest of the key, so that another key is noticed. Of 256 random bits a digest gives nothing away:
nobody can try them all, and no pseudonym follows from it. The key itself never enters an output, a record or a message.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
from pathlib import Path

from pipeline.errors import InputError

LENGTH = 32  # bytes
FEWEST = 12  # different bytes of 32: random ones have 30, and fewer than 20 in no lifetime; typed ones have few
VARIABLE = "PERSONS_KEY"
DIGITS = 2 * LENGTH
FOLDER = Path("ltjs-evaluation", "keys")
OWN = 0o600
ANYBODY_ELSE = 0o077


def digest_of(key: bytes) -> str:
    """What extract.toml says of a key."""
    return hmac.digest(key, b"digest of the key of persons' numbers", hashlib.sha256).hex()


def place_of(extract: str) -> Path:
    """Where the key of an extract lies: a file of its name in the user's configuration directory."""
    home = Path(os.environ.get("XDG_CONFIG_HOME", ""))
    base = home if home.is_absolute() else Path.home() / ".config"
    return base / FOLDER / f"{extract}.key"


def make_key(extract: str) -> tuple[str, str]:
    """The digest of the key of an extract, and where the key is; one is made unless the environment or a file has it.

    The file appears whole or not at all. Raises InputError as `read_key`, and if it cannot be written.
    """
    path = place_of(extract)
    if os.environ.get(VARIABLE) or path.exists():
        return digest_of(_held(extract)), _source(extract)
    begun = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(begun, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWN), "w", encoding="ascii") as file:
            file.write(secrets.token_bytes(LENGTH).hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(begun, path)
    except FileExistsError:
        pass  # another make was first: its key is the one
    except OSError as error:
        raise InputError(
            f"{path}: the key of the extract cannot be written there: {error.strerror}. Mend that, or name another "
            "folder by XDG_CONFIG_HOME."
        ) from error
    finally:
        begun.unlink(missing_ok=True)
    return digest_of(_held(extract)), str(path)


def read_key(extract: str, digest: str, public: str = "") -> bytes:
    """The key of an extract: the `public` one, or that whose digest extract.toml has.

    Raises InputError for a key that is lost, too short, no random one, open to others, or not the one of the digest.
    """
    if public:
        return bytes.fromhex(public)
    if not digest:
        raise InputError(
            f"extract.toml: no key_digest, so persons' numbers have no key. Say make extract EXTRACT={extract}, which "
            "makes one."
        )
    key = _held(extract)
    if digest_of(key) != digest:
        raise InputError(
            f"{_source(extract)}: not the key that extract.toml names by key_digest {digest[:12]}.... Put the key back "
            f"that extract {extract} was registered with. If it is lost, take key_digest out of extract.toml, move "
            f"this one away, and say make extract EXTRACT={extract}: persons then have other pseudonyms."
        )
    return key


def _source(extract: str) -> str:
    return f"environment variable {VARIABLE}" if os.environ.get(VARIABLE) else str(place_of(extract))


def _held(extract: str) -> bytes:
    """The key from the environment, else from its file."""
    source, path = _source(extract), place_of(extract)
    text = os.environ.get(VARIABLE) or _read(path, extract)
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != LENGTH or len(set(key)) < FEWEST:
        raise InputError(
            f"{source}: no key of {LENGTH} random bytes: {DIGITS} hexadecimal digits are asked for, of which "
            f"{len(text.strip())} characters are there. Put the key back as it was made."
        )
    return key


def _require_closed(path: Path) -> None:
    """Raise InputError if others may write to a folder of the key, and so put another key in its place."""
    for folder in list(path.parents)[: 1 + len(FOLDER.parts)]:
        if folder.exists() and folder.stat().st_mode & stat.S_IWOTH:
            raise InputError(
                f"{folder}: anybody can write to this folder of the key {path.name}, and replace it. Say chmod o-w on "
                "it."
            )


def _read(path: Path, extract: str) -> str:
    """The text of the file, if it is one that its owner alone can read."""
    _require_closed(path)
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & ANYBODY_ELSE:
                raise InputError(
                    f"{path}: the key is not a file that you own and nobody else can read. Say chmod 600 on it. If "
                    "others could read it for long, make another: docs/extracts.md says how."
                )
            return file.read(4 * DIGITS).decode("ascii", "replace")
    except FileNotFoundError as error:
        raise InputError(
            f"{path}: the key of extract {extract} is lost: it is neither there nor in the environment variable "
            f"{VARIABLE}. Put it back from where it is kept. If there is none, take key_digest out of extract.toml and "
            f"say make extract EXTRACT={extract}: persons then have other pseudonyms."
        ) from error
    except OSError as error:
        raise InputError(f"{path}: the key cannot be read: {error.strerror}. It must be a file of your own.") from error
