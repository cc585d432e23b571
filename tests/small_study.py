"""A study of the tests' own: its settings, unlike those of config/, and files as received made from small tables."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd

from pipeline.settings.extract import Extract
from pipeline.settings.outcomes import OutcomeDefinitions
from pipeline.settings.study import Study

WORDS = {"singular_en": "x", "plural_en": "x", "singular_da": "x", "plural_da": "x"}
SETTINGS: dict[str, Any] = {
    "time": {"horizon_weeks": 6},
    "outcomes": {"unknown_weeks": "missing", "hazard_interval_weeks": 2},
    "inference": {"level": 0.9, "stars": {"*": 0.05}},
    "design": {
        "person": "ID",
        "arm": "ARM",
        "treated": {"value": "new", "label_en": "new", "label_da": "ny"},
        "control": {"value": "usual", "label_en": "usual", "label_da": "vanlig"},
        "date": "DRAWN",
        "answered": "ANSWERED",
        "consent": "CONSENT",
        "stratum": {"name": "district", "column": "DISTRICT", **WORDS},
        "cluster": {"name": "class", "column": "CLASS", **WORDS},
    },
    "samples": {"all": {"label_en": "All", "label_da": "Alle", "conditions": []}},
    "exclusions": [
        {"reason": "closed", "listed": "district"},
        {"reason": "unasked", "absent": "baseline_survey"},
        {"reason": "left", "withdrawn": True},
        {"reason": "alone", "listed": "class"},
        {"reason": "unmatched", "absent": "register"},
    ],
    "history": {"weeks": 5, "window_weeks": 2, "states": ["sick"]},
}
DEFINITIONS: dict[str, Any] = {
    "states": {
        "sick": {"kind": "groups", "groups": ["sick"]},
        "working": {"kind": "no_code_and_wage"},
    },
    "shares": ["sick", "working"],
    "exits": {
        "to_work": {"state": "working", "to": "in", "run_weeks": 2},
        "off_sick": {"state": "sick", "to": "out"},
    },
}
CODES = pd.DataFrame(
    {
        "code": ["890", "651"],
        "group": ["sick", "studying"],
        "activation": ["none", "none"],
        "valid_from": ["", ""],
        "valid_to": ["", "201601"],
        "label_da": ["", ""],
        "label_en": ["", ""],
        "confidence": ["", ""],
    }
)
SCALES = pd.DataFrame(
    {
        "variable": ["hope", "pain"],
        "items": ["HOPE_1..3", "PAIN"],
        "item_minimum": ["0", "0"],
        "item_maximum": ["4", "10"],
        "scoring": ["sum", "value"],
        "indicator_values": ["", ""],
        "minimum_answered": ["2", "1"],
        "followup": ["0", "1"],
        "rule_source": ["", ""],
    }
)


def study(**changes: dict[str, Any]) -> Study:
    """The study with some keys of its tables changed; a key that becomes None is left out."""
    tables = {name: {**SETTINGS[name], **change} if isinstance(change, dict) else change
              for name, change in changes.items()}  # fmt: skip
    return msgspec.convert({**SETTINGS, **tables}, Study)


def definitions() -> OutcomeDefinitions:
    return msgspec.convert(DEFINITIONS, OutcomeDefinitions)


def extract(**changes: Any) -> Extract:
    facts = {
        "name": "raw",
        "label": "invented",
        "synthetic": False,
        "format": "dream_wide",
        "received": datetime.date(2020, 1, 1),
        "files": {},
    }
    return msgspec.convert({**facts, **changes}, Extract)


def received(columns: dict[str, list[str]], path: str = "file.csv") -> pd.DataFrame:
    """A file as received: text, indexed by line."""
    frame = pd.DataFrame(columns, dtype=object)
    frame.index = pd.RangeIndex(2, 2 + len(frame), name="line")
    frame.attrs.update(path=path, decimal=",", names={})
    return frame


def write_settings(folder: Path, **changes: dict[str, Any]) -> Path:
    """The settings of the study as files; `changes` as in `study`."""
    folder.mkdir(exist_ok=True)
    tables = {name: {**table, **changes[name]} if name in changes else table for name, table in SETTINGS.items()}
    lines = [f"{name} = {inline(table)}" for name, table in tables.items()]
    (folder / "study.toml").write_text("\n".join(lines), encoding="utf-8")
    SCALES.to_csv(folder / "scales.csv", index=False)
    CODES.to_csv(folder / "benefit_codes.csv", index=False)
    return folder


def inline(value: object) -> str:
    """A value as TOML on one line; a key of None is left out."""
    if isinstance(value, dict):
        given = {key: item for key, item in value.items() if item is not None}
        return "{" + ", ".join(f'"{key}" = {inline(item)}' for key, item in given.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(inline, value))}]"
    return msgspec.json.encode(value).decode()
