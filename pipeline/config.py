"""The settings files as frozen objects that refuse unknown keys."""

import datetime
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from pipeline.errors import InputError

SettingsType = TypeVar("SettingsType", bound="Settings")
Weeks = Annotated[int, Meta(ge=1)]
Probability = Annotated[float, Meta(gt=0, lt=1)]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of every settings object: immutable, and an unknown key is an error."""


class Time(Settings, frozen=True):
    """The time axis of the study, in ISO weeks around the week of allocation (week 0)."""

    horizon_weeks: Weeks


class OutcomeRules(Settings, frozen=True):
    """How weekly states become outcomes (report section 3)."""

    employment_run_weeks: Weeks
    unknown_weeks: Literal["missing", "known"]
    hazard_interval_weeks: Weeks


class Inference(Settings, frozen=True):
    """Level of the intervals, marks of significance, and the seed of every generator."""

    level: Probability
    stars: dict[str, Probability]
    seed: Annotated[int, Meta(ge=0)]


class Exclusions(Settings, frozen=True):
    """Blocks of persons who were randomised but lie outside the evaluation (report section 2.6)."""

    closed_municipalities: list[str]
    teams_without_control: list[str]


class Condition(Settings, frozen=True):
    """A bound on one variable; exactly one of the bounds is given."""

    variable: str
    below: float | None = None
    at_most: float | None = None
    at_least: float | None = None
    above: float | None = None
    equals: float | None = None


class Sample(Settings, frozen=True):
    """A subset of the analysed persons that models refer to by name."""

    label_en: str
    label_da: str
    conditions: list[Condition]


class Split(Settings, frozen=True):
    """Two groups by one variable: low where the bound holds, high where it does not; exactly one bound is given.

    "median" is that of the persons of the model's sample who have the variable.
    """

    variable: str
    below: float | Literal["median"] | None = None
    at_most: float | Literal["median"] | None = None


class Peers(Settings, frozen=True):
    """When the rest of a team counts as low: the share of its other members below a bound exceeds another.

    "median" is that over teams of the share among all members.
    """

    variable: str
    below: float
    exceeds: float | Literal["median"]


class Study(Settings, frozen=True):
    """config/study.toml."""

    time: Time
    outcomes: OutcomeRules
    inference: Inference
    sample: Exclusions
    samples: dict[str, Sample]
    splits: dict[str, Split]
    peers: Peers


class State(Settings, frozen=True):
    """One weekly state, told by benefit groups, activation types, or a wage without a code."""

    kind: Literal["no_code_and_wage", "groups", "activation"]
    groups: list[str] = []
    activation: list[str] = []


class OutcomeDefinitions(Settings, frozen=True):
    """config/outcomes.toml."""

    unknown_groups: list[str]
    states: dict[str, State]


class RawFile(Settings, frozen=True):
    """One file of an extract as received: its bytes, its layout and its key column, '' for a file without persons."""

    path: str
    rows: Annotated[int, Meta(ge=0)]
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    key: str
    separator: Literal[";", ",", "\t"]
    decimal: Literal[",", "."]


class Extract(Settings, frozen=True):
    """extract.toml: what was received, from where, and when; the version of the register is its last month, yyyymm."""

    name: str
    label: str
    synthetic: bool
    register_version: Annotated[str, Meta(pattern="^[0-9]{4}(0[1-9]|1[0-2])$")]
    format: Literal["dream_wide_csv"]
    received: datetime.date
    files: dict[str, RawFile]


class Language(Settings, frozen=True):
    """The language of the exhibits."""

    language: Literal["en", "da"]


KINDS: dict[str, type[Settings]] = {
    "study": Study,
    "outcome_definitions": OutcomeDefinitions,
    "outcomes": OutcomeDefinitions,
    "extract": Extract,
    "language": Language,
}

PLACE = ("exhibit", "panel", "row", "column", "statistic")

SETTINGS_COLUMNS: dict[str, tuple[str, ...]] = {
    "tables": ("exhibit", "panel", "row", "name", "column", "statistic", "value", "decimals", "stars", "printed"),
    "errata": ("erratum", *PLACE, "kind", "printed", "used", "reason_en", "reason_da"),
    "published_rows": ("exhibit", "panel", "row", "key", "unit"),
    "published_columns": ("exhibit", "column", "statistic", "key", "shown", "unit", "marks"),
    "benefit_codes": ("code", "group", "activation", "valid_from", "valid_to", "label_da", "label_en", "confidence"),
    "municipalities": ("number", "name", "other_names"),
    "outlines": ("number", "outline"),
    "scales": (
        "variable",
        "items",
        "item_minimum",
        "item_maximum",
        "scoring",
        "indicator_values",
        "minimum_answered",
        "followup",
        "rule_source",
    ),
    "variables": (
        "name",
        "label_da",
        "label_en",
        "type",
        "unit",
        "decimals",
        "minimum",
        "maximum",
        "source",
        "tables",
        "key_of",
        "risk_factor",
        "missing",
        "sensitivity",
        "described",
        "definition",
        "definition_da",
    ),
}


def read_settings(path: Path) -> Any:
    """Read one TOML file; a known kind becomes its frozen object, any other a plain dict.

    The kind is the file's stem. Raises InputError naming file, line and key for broken TOML, an unknown or missing
    key, or a value of the wrong type.
    """
    text = path.read_text(encoding="utf-8")
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: not valid TOML: {error}. Mend the line.") from error
    kind = KINDS.get(path.stem)
    return data if kind is None else convert(data, kind, str(path), text)


def convert(data: Any, kind: type[SettingsType], path: str, text: str = "") -> SettingsType:
    """Convert parsed TOML to `kind`; raise InputError that names the file, the line and the key that does not fit."""
    try:
        return msgspec.convert(data, kind, strict=False)
    except msgspec.ValidationError as error:
        raise InputError(_explain(str(error), kind, path, text)) from error


def _explain(message: str, kind: type[Settings], path: str, text: str) -> str:
    """Say in one line what msgspec found, with the line of the key in the file where that is the only one."""
    unknown, at = re.search(r"unknown field `(\w+)`", message), re.search(r"at `\$\.?([\w.]*)", message)
    key = unknown.group(1) if unknown else at.group(1).rpartition(".")[2] if at else ""
    lines = [
        number
        for number, line in enumerate(text.splitlines(), 1)
        if key and re.match(rf"\s*\[?[\w.]*\b{re.escape(key)}\b", line)
    ]
    place = f"{path}, line {lines[0]}" if lines and (unknown or len(lines) == 1) else path
    return f"{place}: {message}. Allowed keys there: {', '.join(_keys_at(message, kind))}."


def _keys_at(message: str, kind: type[Settings]) -> tuple[str, ...]:
    """The keys that the table named in msgspec's message may have: `$.time` is the table [time]."""
    path = re.search(r"at `\$\.?([^`]*)`", message)
    for step in re.split(r"[.\[]", path.group(1)) if path else []:
        annotation = kind.__annotations__.get(step)
        inner = [annotation, *getattr(annotation, "__args__", ())]
        kind = next((part for part in inner if isinstance(part, type) and issubclass(part, Settings)), kind)
    return kind.__struct_fields__
