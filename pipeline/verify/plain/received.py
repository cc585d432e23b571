"""The received files as rows of text, read by a library alone with what extract.toml says of each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

NOTHING = {"", ".", "nan", "NaN", "None", "<NA>", "NaT"}
WHOLE = re.compile(r"(-?\d+)\.0+")


def read_rows(folder: Path, facts: Mapping[str, Any], wanted: list[str] | None = None) -> pd.DataFrame:
    """A file as text, its columns as the study calls them, '' for what its cells say for nothing."""
    path, kind = folder / facts["path"], facts.get("kind", "csv")
    frame = READERS[kind](path, facts).astype(object)
    frame = frame.rename(columns={own: name for name, own in facts.get("columns", {}).items()})
    if wanted is not None:
        frame = frame[[name for name in wanted if name in frame]]
    blanks = NOTHING | set(facts.get("blanks", []))
    return frame.map(lambda value: _text(value, blanks))


def _text(value: Any, blanks: set[str]) -> str:
    if isinstance(value, float) and value == value and value.is_integer():
        value = int(value)
    text = str(value).strip()
    if re.fullmatch(r"\d{4}-\d\d-\d\d[ T]00:00:00.*", text):
        text = text[:10]
    text = WHOLE.sub(r"\1", text) if WHOLE.fullmatch(text) else text
    return "" if text in blanks else text


def _csv(path: Path, facts: Mapping[str, Any]) -> pd.DataFrame:
    return pd.read_csv(
        path, sep=facts["separator"] or ";", encoding=facts.get("encoding", "utf-8").replace("utf-8", "utf-8-sig"),
        header=0, skiprows=facts.get("header", 1) - 1, dtype=str, keep_default_na=False, skipinitialspace=True,
    ).rename(columns=lambda name: str(name).strip())  # fmt: skip


def _excel(path: Path, facts: Mapping[str, Any]) -> pd.DataFrame:
    return pd.read_excel(path, header=facts.get("header", 1) - 1, dtype=object)


def _statistical(reader: str) -> Any:
    def read(path: Path, facts: Mapping[str, Any]) -> pd.DataFrame:
        import pyreadstat

        return getattr(pyreadstat, reader)(str(path))[0]

    return read


READERS: Mapping[str, Any] = {
    "csv": _csv,
    "parquet": lambda path, facts: pd.read_parquet(path),
    "xlsx": _excel,
    "sas": _statistical("read_sas7bdat"),
    "xport": _statistical("read_xport"),
    "stata": _statistical("read_dta"),
    "spss": _statistical("read_sav"),
}
