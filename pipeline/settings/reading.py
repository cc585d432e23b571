"""Reading a settings file: TOML as the frozen object of its kind, and the columns of the tables."""

import tomllib
from pathlib import Path
from typing import Any

from pipeline.errors import InputError
from pipeline.settings.base import Settings, convert
from pipeline.settings.disclosure import Asked, Disclosure
from pipeline.settings.extract import Extract, Language
from pipeline.settings.lines import Document
from pipeline.settings.outcomes import OutcomeDefinitions
from pipeline.settings.study import Study

KINDS: dict[str, type[Settings]] = {
    "study": Study,
    "outcome_definitions": OutcomeDefinitions,
    "outcomes": OutcomeDefinitions,
    "extract": Extract,
    "language": Language,
    "disclosure": Disclosure,
    "asked": Asked,
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
    """Read one TOML file; a known kind becomes its frozen object, any other a dict that knows its text.

    The kind is the file's stem. Raises InputError naming file, line and key for broken TOML, an unknown or missing
    key, or a value of the wrong type.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        again = f"make extract EXTRACT={path.parent.name} writes it" if path.stem == "extract" else "restore it"
        raise InputError(f"{path}: the file is missing: {again}, or say which folder you mean.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as UTF-8 text: {error}. Save it again as UTF-8.") from error
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: not valid TOML: {error}. Mend the line.") from error
    kind = KINDS.get(path.stem)
    return Document(data, str(path), text) if kind is None else convert(data, kind, str(path), text)
