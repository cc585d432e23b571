"""The facts of one delivery: its files, its form, its names, and whom they exclude."""

import datetime
from typing import Annotated, Literal

from msgspec import Meta

from pipeline.settings.base import Settings


class RawFile(Settings, frozen=True):
    """One file of an extract as received: its bytes, its layout and its key column, '' for a file without persons.

    columns: names that the file has for columns the study calls otherwise, as { KOMMUNE = "kommune_navn" }.
    """

    path: str
    rows: Annotated[int, Meta(ge=0)]
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    key: str
    separator: Literal[";", ",", "\t"]
    decimal: Literal[",", "."]
    columns: dict[str, str] = {}


class Extract(Settings, frozen=True):
    """extract.toml: what was received, from where, and when; the version of a DREAM register is its last month, yyyymm.

    format: that of the register file. uncovered: what a week without a row, or between spells, is in the other formats
    than DREAM's. excluded: by reason the names of the strata or clusters whose persons are left out. spellings: by
    column of the allocation file other spellings of a name, and the name. published: whether the printed numbers are
    those of this extract.
    """

    name: str
    label: str
    synthetic: bool
    format: Literal["dream_wide", "weekly_states", "spells"]
    received: datetime.date
    files: dict[str, RawFile]
    label_da: str = ""
    register_version: Annotated[str, Meta(pattern="^([0-9]{4}(0[1-9]|1[0-2]))?$")] = ""
    uncovered: Literal["unknown", "none"] = "unknown"
    excluded: dict[str, list[str]] = {}
    spellings: dict[str, dict[str, str]] = {}
    published: bool = False


class Language(Settings, frozen=True):
    """The language of the exhibits."""

    language: Literal["en", "da"]
