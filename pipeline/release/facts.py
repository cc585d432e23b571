"""What an archive says, read from its files alone, of which none is trusted to be as it should."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from pipeline.disclosure.sayings import LEAVES
from pipeline.errors import InputError
from pipeline.estimate.estimators import checked_models
from pipeline.release.archive import is_plain
from pipeline.release.contents import (
    ACCOUNT,
    CHECKS,
    EXHIBITS,
    NUMBERS,
    PROVENANCE,
    RECORDS,
    SETTINGS,
    VERIFIED,
    Records,
    folder_of,
)
from pipeline.release.shapes import Account, Provenance, Record, Verified, decode, read_rows
from pipeline.runner.inputs import read_table
from pipeline.runner.records import PARTS, fault_of, told_of
from pipeline.settings.base import convert
from pipeline.settings.described import read_exhibits
from pipeline.settings.exhibits import Exhibits, Follow
from pipeline.settings.extract import Extract
from pipeline.settings.lines import Document
from pipeline.settings.models import Model
from pipeline.settings.outcomes import OutcomeDefinitions
from pipeline.settings.study import Study
from pipeline.show.addresses import Slot
from pipeline.show.rows import with_rows
from pipeline.show.shown import exhibit_slots, find_slots
from pipeline.show.words import Words, gather_words

if TYPE_CHECKING:
    import pandas as pd

ASKED_ON = hashlib.sha256(b'asked = "on"\n').hexdigest()  # of asked.toml, as make writes it


class Number(NamedTuple):
    """A number shown: its address, estimate and statistic, and its text by language."""

    address: str
    estimate: str
    statistic: str
    texts: dict[str, str]


@dataclass(frozen=True)
class Facts:
    """The files of an archive by path, without those that are made from them, and what they say."""

    files: Mapping[str, bytes]

    @cached_property
    def account(self) -> Account:
        """release.json."""
        return msgspec.convert(decode(self.files, ACCOUNT, Account), Account)

    @property
    def languages(self) -> tuple[str, ...]:
        """Those of the report, first first."""
        return self.account.languages

    @cached_property
    def records(self) -> Records:
        """By stage its record, of the one extract; InputError names the first that is none."""
        found = {}
        start = f"{RECORDS}{self.account.extract}/runs/"
        for name in sorted(self.files):
            if name.startswith(start) and name.endswith(".json") and "/" not in name.removeprefix(start):
                record = decode(self.files, name, Record)
                odd = [path for part in PARTS for path in record[part] if not is_plain(path)]
                if fault := f"the path {odd[0]!r} in it is none" if odd else fault_of(record, Path(name)):
                    raise InputError(f"{name}: no record as make writes it: {fault}. Ask for the archive again.")
                found[str(record["stage"])] = record
        return found

    @cached_property
    def provenance(self) -> dict[str, Any]:
        """provenance.json."""
        return decode(self.files, PROVENANCE, Provenance)

    @cached_property
    def verified(self) -> dict[str, Any]:
        """verified.json."""
        return decode(self.files, VERIFIED, Verified)

    @cached_property
    def numbers(self) -> list[Number]:
        """numbers.csv; InputError for an address that stands there twice, or an estimate that is no address."""
        texts = {language: f"text_{language}" for language in self.languages}
        rows = read_rows(self.files, NUMBERS, ("address", "estimate", "statistic", *texts.values()))
        found: dict[str, Number] = {}
        for line, row in enumerate(rows, 2):
            if row["address"] in found or row["estimate"].count("/") != 4:
                raise InputError(
                    f"{NUMBERS}, row {line}: '{row['address'][:80]}' stands there twice, or is of no estimate. Ask for "
                    "the archive again."
                )
            said = {language: row[column] for language, column in texts.items()}
            found[row["address"]] = Number(row["address"], row["estimate"], row["statistic"], said)
        return list(found.values())

    @cached_property
    def checks(self) -> list[dict[str, str]]:
        """checks.csv: the rules that looked at the data, and what they said."""
        return read_rows(self.files, CHECKS, LEAVES)

    @cached_property
    def extract(self) -> Extract:
        """extract.toml, whose text the records keep."""
        name = f"data_raw/{self.account.extract}/extract.toml"
        texts = [record["settings"][name] for record in self.records.values() if name in record["settings"]]
        if not texts:
            raise InputError(f"{RECORDS}: no record holds the text of {name}. Ask for the archive again.")
        told = told_of(texts[0])
        return convert(_parse(texts[0], name) if told is None else _parse_told(told, name), Extract, name, texts[0])

    @cached_property
    def is_controlled(self) -> bool:
        """Whether disclosure control was applied: always to an extract that is not synthetic, else if it was asked."""
        asked = {
            sha256
            for record in self.records.values()
            for path, sha256 in record["inputs"].items()
            if path == f"data_derived/{self.account.extract}/asked.toml"
        }
        return not self.extract.synthetic or ASKED_ON in asked

    def setting(self, name: str) -> Document:
        """A TOML file of the settings."""
        path = f"{SETTINGS}{self.account.study}/{name}"
        return Document(_parse(self.text(path), path), path, self.text(path))

    def text(self, path: str) -> str:
        """The text of an entry; InputError if it is not there, or is none."""
        if path not in self.files:
            raise InputError(f"{path}: it is not in the archive. Ask for the archive again.")
        try:
            return self.files[path].decode("utf-8")
        except UnicodeDecodeError as error:
            raise InputError(f"{path}: not UTF-8 text: {error}. Ask for the archive again.") from error

    @cached_property
    def study(self) -> Study:
        """study.toml."""
        read = self.setting("study.toml")
        return convert(read, Study, read.path, read.text)

    @cached_property
    def outcomes(self) -> OutcomeDefinitions:
        """outcomes.toml."""
        read = self.setting("outcomes.toml")
        return convert(read, OutcomeDefinitions, read.path, read.text)

    @cached_property
    def models(self) -> dict[str, Model]:
        """models.toml."""
        return checked_models(self.setting("models.toml"), self.study.design)

    @cached_property
    def variables(self) -> pd.DataFrame:
        """variables.csv."""
        path = f"{SETTINGS}{self.account.study}/variables.csv"
        return read_table(Path(path), self.text(path).encode())

    @cached_property
    def described(self) -> Exhibits:
        """exhibits.toml as it stands."""
        return read_exhibits(self.setting("exhibits.toml"))

    @cached_property
    def estimates(self) -> list[str]:
        """The estimates that are shown."""
        return list(dict.fromkeys(number.estimate for number in self.numbers))

    @cached_property
    def groups(self) -> pd.DataFrame:
        """The groups that tables follow, with their labels, as the tables say them."""
        import pandas as pd

        found = []
        for name, table in self.described.tables.items():
            if isinstance(table.rows, Follow):
                foot = {row.key for row in table.foot}
                path = f"{folder_of(self.languages[0], self.languages)}tables/{name}.csv"
                rows = read_rows(self.files, path, ("row", "label"))
                found += [(table.rows.follow, r["row"], r["label"]) for r in rows if r["row"] not in foot]
        return pd.DataFrame(list(dict.fromkeys(found)), columns=["grouping", "address", "label"])

    @cached_property
    def exhibits(self) -> Exhibits:
        """exhibits.toml with the rows of its tables listed."""
        horizon = self.study.time.horizon_weeks
        return with_rows(self.described, self.variables, self.groups, set(self.estimates), horizon)

    @cached_property
    def slots(self) -> dict[str, Slot]:
        """By address what the settings show there."""
        return {slot.cell_id: slot for slot in find_slots(self.exhibits, self.study, self.estimates)}

    @cached_property
    def told(self) -> frozenset[str]:
        """The addresses of numbers that the main results alone show."""
        own = {slot.cell_id for slot in exhibit_slots(self.exhibits, self.study, self.estimates)}
        return frozenset(self.slots.keys() - own)

    def words(self, language: str) -> Words:
        """What fills the placeholders of the exhibits."""
        models = self.setting("models.toml")
        return gather_words(self.exhibits, self.study, self.outcomes, self.extract, self.variables, language, models)

    def exhibit_paths(self) -> list[str]:
        """The files of the exhibits."""
        return sorted(path for path in self.files if path.startswith(EXHIBITS))


def _parse_told(told: str, path: str) -> dict[str, Any]:
    try:
        return dict(msgspec.json.decode(told))
    except (msgspec.MsgspecError, RecursionError, TypeError, ValueError) as error:
        raise InputError(f"{path}: what is told of it is no JSON: {error}. Ask for the archive again.") from error


def _parse(text: str, path: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(f"{path}: not valid TOML: {error}. Ask for the archive again.") from error
