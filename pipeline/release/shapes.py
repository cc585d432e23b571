"""What each entry of an archive that is read has to look like, and how it is read."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from pipeline.errors import InputError

Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Count = Annotated[int, Meta(ge=0)]
Counted = Count | bool  # under disclosure control whether there is any
Shape = TypeVar("Shape", bound=msgspec.Struct)


class Account(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """release.json: the extract, the folder of the settings, the commit and its instant, the languages, first first."""

    extract: Annotated[str, Meta(pattern="^[A-Za-z0-9_-]+$")]
    study: Annotated[str, Meta(pattern="^[A-Za-z0-9_.~/-]+$")]
    commit: Annotated[str, Meta(pattern="^[0-9a-f]{40,64}$")]
    committed: Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$")]
    languages: Annotated[tuple[Literal["en", "da"], ...], Meta(min_length=1)]


class Link(msgspec.Struct, forbid_unknown_fields=True):
    """What a record says of one that it rests on."""

    cause: Sha256
    seal: Sha256


class Ran(msgspec.Struct):
    """What a record tells of the run and does not seal."""

    commit: Annotated[str, Meta(pattern="^([0-9a-f]{40,64})?$")]
    is_clean: bool | None
    python: str
    platform: str
    packages: dict[str, str]


class Record(msgspec.Struct, forbid_unknown_fields=True):
    """A record of a stage."""

    stage: str
    extract: str
    inputs: dict[str, Sha256]
    outputs: dict[str, Sha256]
    code: dict[str, Sha256]
    settings: dict[str, str]
    rests_on: dict[str, Link]
    ran: Ran
    cause: Sha256
    seal: Sha256


class File(msgspec.Struct, forbid_unknown_fields=True):
    """A file that provenance.json names."""

    sha256: Sha256
    made_by: str
    rests_on: list[str]


class Provenance(msgspec.Struct, forbid_unknown_fields=True):
    """provenance.json."""

    head: Sha256
    extract: str
    commit: str
    is_clean: bool | None
    packages: dict[str, str]
    imported: dict[str, str]
    imported_unknown: list[str]
    python: str
    platform: str
    files: dict[str, File]


class Kind(msgspec.Struct, forbid_unknown_fields=True):
    """A kind of numbers in verified.json."""

    agreed: Counted
    disagreed: Count
    not_tried: Counted
    why: dict[str, Counted]


class Verified(msgspec.Struct, forbid_unknown_fields=True):
    """verified.json."""

    kinds: dict[str, Kind]
    agreed: Counted
    disagreed: Count
    not_tried: Counted
    walked: Count
    shown: Count
    largest_gap: float
    head: Sha256
    seconds: float
    files: dict[str, Sha256]
    seal: Sha256


def decode(files: Mapping[str, bytes], name: str, shape: type[Shape]) -> dict[str, Any]:
    """The JSON of an entry, which has the shape; InputError that names the entry and the place that has not."""
    if name not in files:
        raise InputError(f"{name}: it is not in the archive. Ask for the archive again.")
    try:
        content = msgspec.json.decode(files[name])
        msgspec.convert(content, shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{name}: not as make release writes it: {error}. Ask for the archive again.") from error
    return dict(content)


def read_rows(files: Mapping[str, bytes], name: str, columns: tuple[str, ...]) -> list[dict[str, str]]:
    """The rows of a csv of the archive; InputError that names entry and line unless it is one with these columns."""
    if name not in files:
        raise InputError(f"{name}: it is not in the archive. Ask for the archive again.")
    try:
        rows = csv.DictReader(io.StringIO(files[name].decode("utf-8-sig"), newline=""), strict=True)
        found = list(rows)
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{name}: not a comma-separated UTF-8 table: {error}. Ask for it again.") from error
    absent = [column for column in columns if column not in (rows.fieldnames or ())]
    uneven = [line for line, row in enumerate(found, 2) if None in row or None in row.values()]
    if absent or uneven:
        where = f"row {uneven[0]} has other columns" if uneven else f"columns missing: {', '.join(absent)}"
        raise InputError(f"{name}: {where} than make release writes. Ask for the archive again.")
    return found
