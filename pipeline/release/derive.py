"""What is made from the other files of an archive: when it is written, and again when it is checked."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.documents.models import models_by_exhibit
from pipeline.release.archive import checksums
from pipeline.release.contents import POPULATION, copied_exhibits, guide_name, made_exhibits
from pipeline.release.crate import METADATA, write_crate
from pipeline.release.facts import Facts
from pipeline.release.guide import write_guide
from pipeline.release.results import write_results
from pipeline.release.wording import program_of
from pipeline.settings.exhibits import exhibit_number

COLUMNS = ("exhibit", "number", "file", "sha256", "stage", "program", "models", "estimators")
EXHIBIT = re.compile(r"(figure|table)_\d+_\d+")
WHOLE = "report"  # what the page, Word, PDF and workbook show: all exhibits


def derive_files(facts: Facts) -> dict[str, bytes]:
    """By path results, guide in each language, list of exhibits, and the metadata of all; InputError if one cannot be.

    The same facts give the same bytes.
    """
    provenance = facts.provenance
    texts = {
        "results.json": write_results(facts),
        "exhibits.csv": describe_exhibits(facts),
        **{guide_name(name, facts.languages): write_guide(facts, provenance, name) for name in facts.languages},
    }
    derived = {name: text.encode() for name, text in texts.items()}
    files = {**facts.files, **derived}
    crate = write_crate(dict(sorted(files.items())), checksums(files), facts.extract, provenance, facts.account)
    return {**derived, METADATA: crate.encode()}


def describe_exhibits(facts: Facts) -> str:
    """exhibits.csv: a row for each file, with the exhibit, the stage that made it, its program and its models."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    shows = models_by_exhibit(facts.exhibits, facts.study, facts.variables)
    made, copied = made_exhibits(facts.records), copied_exhibits(facts.records, facts.languages)
    sums = checksums({path: facts.files[path] for path in copied if path in facts.files})
    known: Mapping[str, tuple[str, str]] = {**made, **{path: ("", sha256) for path, sha256 in sums.items()}}
    for path in sorted(known):
        rows.writerow(_row(path, *known[path], shows, facts))
    return text.getvalue()


def _row(path: str, stage: str, sha256: str, shows: Mapping[str, set[str]], facts: Facts) -> list[Any]:
    name = Path(path).stem
    number = exhibit_number(name, "en") if EXHIBIT.fullmatch(name) else ""
    is_whole = not number and POPULATION not in Path(path).parts
    shown = set().union(*shows.values()) if is_whole else shows.get(name, set())
    own = [facts.models[model] for model in sorted(shown) if model in facts.models]
    program = f"pipeline/stages/{stage.partition('-')[0]}.py" if stage else "pipeline/population/__main__.py"
    estimators = " ".join(sorted({program_of(model) for model in own}))
    exhibit = name if number else WHOLE
    return [exhibit, number, path, sha256, stage, program, " ".join(model.name for model in own), estimators]
