"""The facts of one delivery: its files, its form, its names, and whom they exclude."""

import datetime
from typing import Annotated, Literal

from msgspec import Meta

from pipeline.settings.base import Settings

ROLES = ("register", "allocation", "baseline_survey", "followup_survey", "targets")


class RawFile(Settings, frozen=True):
    """One file of an extract as received: its bytes, its layout and its key column, '' for a file without persons.

    kind: its format. separator, encoding: of text. header: the line of the names of its columns, of text and sheets.
    sheet: the name of the sheet of a workbook where it is not the first. columns: names that the file has for columns
    the study calls otherwise, as { KOMMUNE = "kommune_navn" }. blanks:
    what its cells say for nothing. dates: how it writes them. no_answer: by item the answers that are none. offset: by
    item what is added to an answer, and reversed: the items whose scale runs the other way; items as in scales.csv.
    year: that of the weeks of a register file that has one file a year. rows_sent: how many rows the sender counted, 0
    if that is not known.
    """

    path: Annotated[str, Meta(pattern=r"^[\w.-]+$")]  # make takes no other file name
    rows: Annotated[int, Meta(ge=0)]
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    key: str
    separator: Literal[";", ",", "\t", ""]
    decimal: Literal[",", "."]
    columns: dict[str, str] = {}
    kind: Literal["csv", "parquet", "xlsx", "sas", "xport", "stata", "spss"] = "csv"
    encoding: Literal["utf-8", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"] = "utf-8"
    header: Annotated[int, Meta(ge=1)] = 1
    sheet: str = ""
    blanks: list[str] = []
    dates: Literal["yyyy-mm-dd", "dd-mm-yyyy", "mm-dd-yyyy", "excel", "excel-1904", "sas", "spss"] = "yyyy-mm-dd"
    no_answer: dict[str, list[str]] = {}
    offset: dict[str, int] = {}
    reversed: list[str] = []
    year: Annotated[int, Meta(ge=0, le=2100)] = 0
    rows_sent: Annotated[int, Meta(ge=0)] = 0


class Attended(Settings, frozen=True):
    """Who came: a column of the allocation file with how often, or 1 and 0, and from how often on a person attended."""

    column: str
    at_least: Annotated[int, Meta(ge=1)] = 1


class Extract(Settings, frozen=True):
    """extract.toml: what was received, from where, and when; the version of a DREAM register is its last month, yyyymm.

    format: that of the register file. uncovered: what a week without a row, or between spells, is in the other formats
    than DREAM's. key_digest: which key persons' numbers are hashed with; public_key: that key, where
    anybody may know the persons. excluded: by reason the names of the strata or clusters left out. spellings: by
    column of the allocation file other spellings of a name, and the name. published: whether the printed numbers are
    those of this extract. attended: where the allocation file says who came, if it does.
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
    attended: Attended | None = None
    key_digest: Annotated[str, Meta(pattern="^([0-9a-f]{64})?$")] = ""
    public_key: Annotated[str, Meta(pattern="^([0-9a-f]{64})?$")] = ""

    def __post_init__(self) -> None:
        unknown = [role for role in self.files if role not in ROLES and not is_register(role)]
        if unknown:
            raise ValueError(
                f"[files.{unknown[0]}] is of no role. The roles are {', '.join(ROLES)}, and register_ with a year or a "
                "name for a further file of the register"
            )
        if self.key_digest and self.public_key:
            raise ValueError("key_digest and public_key are two keys: keep one, the public one for invented persons")
        idle = [
            f"{key} of [files.{role}]"
            for role, file in self.files.items()
            for key in _idle_keys(role, file, self.format)
        ]
        if idle:
            raise ValueError(
                f"{', '.join(idle)} does nothing there: no_answer, offset and reversed are of surveys, year of a "
                "register in the format dream_wide. Take it out, or give it the file that it is meant for"
            )
        if self.uncovered != "unknown" and self.format == "dream_wide" and len(self.registers) == 1:
            raise ValueError(
                "uncovered does nothing where the register is one file of the format dream_wide, whose cells tell "
                "every week: take it out; blanks says what its cells hold for nothing"
            )

    @property
    def registers(self) -> list[RawFile]:
        """The files of the register: one, or one a year, `register_2015` and so on, joined by person."""
        return [file for role, file in sorted(self.files.items()) if is_register(role)]


def _idle_keys(role: str, file: RawFile, format: str) -> list[str]:
    """The keys of a file that are given and that nothing reads of a file of this role."""
    given = [key for key in ("no_answer", "offset", "reversed") if getattr(file, key)]
    idle = [] if role.endswith("_survey") else given
    return [*idle, *(["year"] if file.year and not (is_register(role) and format == "dream_wide") else [])]


def is_register(role: str) -> bool:
    """Whether a file of this role is of the register: `register`, or `register_` and what tells it from the others."""
    return role.partition("_")[0] == "register"


class Language(Settings, frozen=True):
    """The language of the exhibits."""

    language: Literal["en", "da"]
