"""Which files leave, and what each exhibit's file was made by."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.estimate.estimators import ESTIMATORS
from pipeline.runner.records import read_records
from pipeline.runner.surroundings import LOCK
from pipeline.settings.exhibits import Exhibits, exhibit_number
from pipeline.settings.models import Model

if TYPE_CHECKING:
    from pipeline.runner.records import Record

__all__ = ["LOCK", "describe_exhibits", "gather_files"]

# What stands under reports/ for the analyst and the data owner: it names lines of received files, each a person's.
STAYS = ("checks.csv", "checks.html", "answer.txt")
ELSEWHERE = ("diff_*",)  # what sets another extract beside this one
COLUMNS = ["exhibit", "number", "file", "sha256", "stage", "program", "models", "estimators"]


def gather_files(settings: Path, derived: Path, reports: Path) -> dict[str, bytes]:
    """By path in the archive: exhibits, settings, records and the lock."""
    own = {f"exhibits/{path.relative_to(reports)}": path for path in _leaving(reports)}
    own |= {f"settings/{path}": path for path in _files(settings)}
    own |= {f"records/{derived.name}/runs/{path.name}": path for path in sorted((derived / "runs").glob("*.json"))}
    own |= {"provenance.json": derived / "provenance.json", LOCK: Path(LOCK)}
    return {name: path.read_bytes() for name, path in sorted(own.items())}


def _leaving(reports: Path) -> Iterator[Path]:
    for path in _files(reports):
        top = path.relative_to(reports).parts[0]
        if path.name not in STAYS and not any(Path(top).match(pattern) for pattern in ELSEWHERE):
            yield path


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith("."))


def describe_exhibits(
    files: Mapping[str, bytes],
    exhibits: Exhibits,
    shows: Mapping[str, set[str]],
    models: Mapping[str, Model],
    runs: Path,
) -> str:
    """exhibits.csv: a row for each file of an exhibit, with the stage that made it, its program and its models."""
    made = {path: record for record in read_records(runs) for path in record["outputs"]}
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    for name in exhibits.order:
        for path in sorted(files):
            if path.startswith("exhibits/") and Path(path).stem == name:
                rows.writerow(
                    [name, exhibit_number(name, "en"), path, *_made_by(path, made), *_models(shows[name], models)]
                )
    return text.getvalue()


def _made_by(path: str, made: Mapping[str, Record]) -> list[str]:
    """Hash, stage and program of an exhibit's file; each blank where no stage made it."""
    inside = path.removeprefix("exhibits/")
    found = [
        (known, record)
        for known, record in made.items()
        if Path(known).parts[0] == "reports" and known.endswith(f"/{inside}")
    ]
    if not found:
        return ["", "", ""]
    known, record = min(found, key=lambda pair: len(pair[0]))
    return [record["outputs"][known], record["stage"], f"pipeline/stages/{record['stage'].partition('-')[0]}.py"]


def _models(names: set[str], models: Mapping[str, Model]) -> list[str]:
    own = [models[name] for name in sorted(names) if name in models]
    programs = {ESTIMATORS[model.estimator].problems.__module__.replace(".", "/") + ".py" for model in own}
    return [" ".join(model.name for model in own), " ".join(sorted(programs))]
