"""An extract as built: its tables, its estimates, and the settings it was built with, from the records of the runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from pipeline.audit.compare import read_estimates
from pipeline.audit.lineage import remedy
from pipeline.changes.resampled import read_resampled
from pipeline.errors import InputError
from pipeline.runner.inputs import load_input
from pipeline.settings.reading import read_settings
from pipeline.storage import digest

if TYPE_CHECKING:
    import pandas as pd

# What ingest gives, from which everything else follows.
TABLES = ("trial", "register_columns", "register_weeks", "baseline_items", "followup_items")
DERIVED = ("sample", "exclusions", "groups", "baseline", "followup", "background", "weekly", "shares", "durations")


@dataclass(frozen=True)
class Built:
    """A built extract.

    study: its folder of settings. tables: those of ingest, by name; derived: those that follow from them. texts: by
    name the text of each settings file that estimates rest on, extract.toml among them; settings: the same by stem, as
    the stages are given them. others: by name the SHA-256 of every other settings file. estimates, and
    resampled, if they were: as stored.
    """

    name: str
    study: str
    tables: Mapping[str, pd.DataFrame]
    derived: Mapping[str, pd.DataFrame]
    texts: Mapping[str, str]
    settings: Mapping[str, Any]
    others: Mapping[str, str]
    estimates: pd.DataFrame
    resampled: pd.DataFrame | None = None


def read_built(derived: Path, raw: Path | None = None) -> Built:
    """Read what was built in `derived`; InputError if nothing was, or if a table is not the one recorded.

    `raw` is the folder of its received files, for the remedy.
    """
    records = [_read_record(path) for path in sorted((derived / "runs").glob("*.json"))]
    if not records:
        if raw is not None and not raw.exists():
            raise InputError(f"{raw}: no such extract. Put its files there, or name another with FROM=.")
        raise InputError(f"{derived}: not built, so nothing is compared. Say make all EXTRACT={derived.name} first.")
    recorded = {path: sha256 for record in records for path, sha256 in record["outputs"].items()}
    texts = _texts(records, derived)

    def load(name: str) -> Any:
        path = derived / f"{name}.parquet"
        if recorded.get(str(path)) != digest(path):
            raise InputError(f"{path}: not the file that its record holds. {remedy(str(path), True)}")
        return load_input(path)

    return Built(
        name=derived.name,
        study=(derived / "study.txt").read_text(encoding="utf-8").strip(),
        tables={name: load(name) for name in TABLES},
        derived={name: load(name) for name in DERIVED},
        texts=texts,
        settings=parse_settings(texts, derived.name),
        others=_others(records, texts),
        estimates=read_estimates(derived / "estimates"),
        resampled=read_resampled(derived),
    )


def _read_record(path: Path) -> dict[str, Any]:
    """A record of this version, or of an earlier one, which has no seal."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(
            f"{path}: no record as make writes it ({error}). Delete it, and run make all again."
        ) from error
    if not isinstance(record, dict) or not isinstance(record.get("outputs"), dict):
        raise InputError(f"{path}: no record as make writes it. Delete it, and run make all again.")
    return record


def _texts(records: list[dict[str, Any]], derived: Path) -> dict[str, str]:
    """The text of each settings file by its name; InputError unless every run was given the same."""
    texts: dict[str, str] = {}
    for record in records:
        if "settings" not in record:
            raise InputError(
                f"{derived}: its records hold no settings, since it was built by an earlier version. Say make all "
                f"EXTRACT={derived.name}."
            )
        for path, text in record["settings"].items():
            if texts.setdefault(Path(path).name, text) != text:
                raise InputError(
                    f"{derived}: its stages were run with two versions of {path}, for a build was interrupted. Say "
                    f"make all EXTRACT={derived.name}."
                )
    return texts


def _others(records: list[dict[str, Any]], texts: Mapping[str, str]) -> dict[str, str]:
    """The SHA-256 of settings whose text is not kept, since no estimate rests on them: those beside study.toml."""
    inputs = {path: sha256 for record in records for path, sha256 in record["inputs"].items()}
    folders = {Path(path).parent for path in inputs if Path(path).name == "study.toml"}
    beside = {Path(path): sha256 for path, sha256 in inputs.items() if Path(path).parent in folders}
    return {path.name: sha256 for path, sha256 in beside.items() if path.name not in texts}


def parse_settings(texts: Mapping[str, str], extract: str) -> dict[str, Any]:
    """The settings by stem, each text read as the file that it was; InputError if the code no longer reads one."""
    with TemporaryDirectory() as folder:
        found = {}
        for name, text in texts.items():
            # A folder each: a table beside an extract.toml would be taken for a received file.
            path = Path(folder) / name.partition(".")[0] / name
            path.parent.mkdir()
            path.write_text(text, encoding="utf-8")
            try:
                # The name of an extract was that of its folder when it was built; here it lies in another.
                found[path.stem] = read_settings(path) if path.suffix == ".toml" else load_input(path)
            except InputError as error:
                why = str(error).replace(str(path), name)
                raise InputError(f"the settings that {extract} was built with: {why}") from error
        return found
