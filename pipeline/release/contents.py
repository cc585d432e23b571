"""Which files leave, and what each exhibit's file was made by."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pipeline.estimate.estimators import ESTIMATORS
from pipeline.runner.records import Record
from pipeline.runner.surroundings import LOCK
from pipeline.settings.exhibits import Exhibits, exhibit_number
from pipeline.settings.models import Model

EXHIBITS, SETTINGS, RECORDS = "exhibits/", "settings/", "records/"  # what paths in the archive begin with
STAYS = "checks.csv"  # it names lines of received files, each a person's
COPIED = "population/weekly_shares.csv"  # what the page of the population leads to, copied from where a stage made it
COLUMNS = ["exhibit", "number", "file", "sha256", "stage", "program", "models", "estimators"]


def gather_files(settings: Path, derived: Path, reports: Path, made: Iterable[str]) -> dict[str, bytes]:
    """By path in the archive: exhibits, settings, records and the lock.

    Of the folder of the report only what is recorded as `made` by a stage leaves: what commands write beside it is for
    the analyst and the data owner, or sets another extract beside this one.
    """
    recorded = (path for path in map(Path, made) if path.is_relative_to(reports) and path.name != STAYS)
    leaving = [*recorded, *reports.rglob(COPIED)]
    own = {f"{EXHIBITS}{path.relative_to(reports)}": path for path in leaving}
    own |= {f"{SETTINGS}{path}": path for path in _files(settings)}
    own |= {f"{RECORDS}{derived.name}/runs/{path.name}": path for path in (derived / "runs").glob("*.json")}
    own |= {"provenance.json": derived / "provenance.json", LOCK: Path(LOCK)}
    return {name: path.read_bytes() for name, path in sorted(own.items())}


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))


def describe_exhibits(
    files: Mapping[str, bytes],
    exhibits: Exhibits,
    shows: Mapping[str, set[str]],
    models: Mapping[str, Model],
    reports: Path,
    made: Mapping[str, Record],
) -> str:
    """exhibits.csv: a row for each file of an exhibit, with the stage that made it, its program and its models."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    for name in exhibits.order:
        for path in sorted(files):
            if path.startswith(EXHIBITS) and Path(path).stem == name:
                known = str(reports / path.removeprefix(EXHIBITS))
                maker = _maker(known, made[known])
                rows.writerow([name, exhibit_number(name, "en"), path, *maker, *_models(shows[name], models)])
    return text.getvalue()


def _maker(path: str, record: Record) -> list[str]:
    """Hash, stage and program of a file under reports/."""
    stage = record["stage"]
    return [record["outputs"][path], stage, f"pipeline/stages/{stage.partition('-')[0]}.py"]


def _models(names: set[str], models: Mapping[str, Model]) -> list[str]:
    own = [models[name] for name in sorted(names) if name in models]
    programs = {ESTIMATORS[model.estimator].problems.__module__.replace(".", "/") + ".py" for model in own}
    return [" ".join(model.name for model in own), " ".join(sorted(programs))]
