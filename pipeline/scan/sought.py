"""What must stand in nothing that leaves: of this extract, of whom it holds, and of the machine and who works on it."""

from __future__ import annotations

import csv
import os
import pwd
import socket
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.pseudonyms.hashed import link_key
from pipeline.pseudonyms.linkage import KEY, NAME, NUMBER, PERSON
from pipeline.settings.extract import Extract
from pipeline.settings.sensitivity import may_enter

LONG = 7  # signs of a number of a person: a shorter one cannot be told from a count or a size, and is sought in tables
# Accounts and machines by whose names nobody is known, and which are words of a report or of a path in the project.
NOBODY = frozenset(
    ["root", "user", "users", "admin", "runner", "build", "test", "docker", "ubuntu", "debian", "local", "localhost"]
)
OF_PERSONS = ("trial", "sample", "baseline", "followup")  # derived tables with a row a person
SHORTEST = 3  # letters of the name of an account
LAST_OF_SYSTEM = 999  # accounts up to this number are no person's


@dataclass(frozen=True)
class Sought:
    """Numbers as received and pseudonyms, as texts; names and folders; names of columns; how many rows persons have."""

    numbers: frozenset[str] = field(repr=False)
    pseudonyms: frozenset[str] = field(repr=False)
    key_digest: str
    accounts: frozenset[str] = field(repr=False)
    folders: frozenset[str] = field(repr=False)
    person_columns: frozenset[str]
    variables: frozenset[str]
    sizes: frozenset[int]

    @classmethod
    def of(
        cls, derived: Path, extract: Extract, person_columns: Iterable[str], variables: Iterable[Mapping[Any, Any]]
    ) -> Sought:
        """What is sought in the reports of an extract; without its linkage file numbers are sought by their form alone.

        `person_columns` are the names that columns of persons' numbers have as received, `variables` the rows of the
        dictionary.
        """
        rows = _linkage(derived / NAME)
        keys, numbers = ([row[column] for row in rows if row[column]] for column in (KEY, NUMBER))
        received = {form for number in (*keys, *numbers) for form in _forms(number)}
        personal = [row for row in variables if not may_enter("report", row["sensitivity"])]
        names = {row[column] for row in personal for column in ("name", "label_en", "label_da")}
        sizes = {len(rows), *(file.rows for file in extract.files.values()), *_rows(derived)}
        return cls(
            numbers=frozenset(number for number in received if len(number) >= LONG),
            pseudonyms=frozenset(row[PERSON] for row in rows),
            key_digest=extract.key_digest,
            accounts=frozenset(_accounts()),
            folders=frozenset(map(str, {Path.cwd(), Path.home(), Path(tempfile.gettempdir())})),
            person_columns=frozenset(name.casefold() for name in (PERSON, *person_columns) if name),
            variables=frozenset(name.casefold() for name in names if name),
            sizes=frozenset(size for size in sizes if size > 1),
        )


def _linkage(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _rows(derived: Path) -> Iterator[int]:
    """How many rows the tables have that hold a row a person, as far as they are made."""
    from pyarrow.parquet import read_metadata

    paths = (derived / f"{table}.parquet" for table in OF_PERSONS)
    yield from (read_metadata(path).num_rows for path in paths if path.exists())


def _forms(number: str) -> set[str]:
    """A number as received, and as somebody may write it: without zeros before it, or without its hyphen."""
    return {number, link_key(number), number.replace("-", ""), link_key(number.replace("-", ""))}


def _accounts() -> set[str]:
    """Names of the account, of its owner and of the machine, but those that are nobody's."""
    own = pwd.getpwuid(os.geteuid())
    host = socket.gethostname()
    people = [own.pw_name, own.pw_gecos.partition(",")[0]] if own.pw_uid > LAST_OF_SYSTEM else []
    people += [os.environ.get(name, "") for name in ("SUDO_USER", "LOGNAME", "USER")]
    return {
        name for name in (*people, host, host.partition(".")[0]) if len(name) >= SHORTEST and name.lower() not in NOBODY
    }
