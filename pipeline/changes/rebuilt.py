"""An extract as received, with the settings it is built with, and everything built of it again in memory."""

from __future__ import annotations

import io
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pipeline.audit.build import Build
from pipeline.changes.built import TABLES
from pipeline.changes.cells import Cell, Found, find_cell, set_cell
from pipeline.changes.counterfactual import Inputs, derive
from pipeline.errors import InputError
from pipeline.pseudonyms.hashed import Pseudonyms
from pipeline.register.kept import ask_register, keep_register
from pipeline.register.persons import link_keys, number_persons
from pipeline.runner.inputs import DESCRIPTION, load_input
from pipeline.runner.schemas import build_schemas, validate_table
from pipeline.runner.stage import KEPT
from pipeline.settings.extract import Extract
from pipeline.stages import ingest

if TYPE_CHECKING:
    import pandas as pd

READ_WITH = ("study", "benefit_codes", "scales", "outcomes")
FILES = ("allocation", "baseline_survey", "followup_survey")  # beside the register


@dataclass(frozen=True)
class Received:
    """What an extract is built from: its facts, the settings by stem, and its files by role as stages are given them.

    The register is the rows that were kept of it.
    """

    extract: Extract
    settings: Mapping[str, Any]
    files: Mapping[str, pd.DataFrame]

    def find(self, cell: Cell) -> Found:
        """Where a cell stands; InputError if no number rests on it."""
        return find_cell(cell, self.files, self.extract, self.settings["study"].design)

    def with_cell(self, cell: Cell) -> tuple[Received, str]:
        """The extract with a cell changed, and what the cell held."""
        files, before = set_cell(cell, self.find(cell), self.files, self.extract)
        return replace(self, files=files), before

    def person_of(self, cell: Cell) -> int:
        """The pseudonym of the person whose cell it is."""
        allocation, design = self.files["allocation"], self.settings["study"].design
        found = self.find(cell)
        pseudonyms = Pseudonyms.of(self.extract)
        if found.role == "register":
            keys = pseudonyms.keys(link_keys(allocation[design.key]))
        else:
            keys = link_keys(allocation[design.person])
        return int(number_persons(allocation, design.person, pseudonyms).iloc[keys.to_list().index(found.key)])

    def build(self) -> tuple[dict[str, pd.DataFrame], str]:
        """Every derived table by name, as the stages make them, and checks.csv.

        InputError with all that is wrong, as the build would stop with.
        """
        given: dict[str, Any] = {name: self.settings.get(name) for name in READ_WITH} | dict(self.files)
        with redirect_stdout(io.StringIO()):  # what is unusual was said when the extract was built
            made = ingest.run(extract=self.extract, **given)
        tables = {name: made[f"{name}.parquet"] for name in TABLES}
        derived = {**tables, **derive(Inputs(tables, self.settings, self.extract))}
        schemas = build_schemas(set(derived), self.settings["variables"], self.settings.get("scales"))
        for name, table in derived.items():
            validate_table(table, schemas[name])
        return derived, made["checks.csv"]


def read_files(build: Build) -> Received:
    """The extract of a build, read again as received: nothing that was made of it is trusted."""
    extract: Extract = load_input(build.raw / DESCRIPTION)
    paths = {name: build.raw / extract.files[name].path for name in FILES if name in extract.files}
    files = {name: load_input(path) for name, path in paths.items()}
    given = [build.config / name for name in KEPT if name != DESCRIPTION]
    settings = {path.stem: load_input(path) for path in given if path.exists()}
    asked = ask_register(files["allocation"], settings["study"].design, Pseudonyms.of(extract))
    registers = list(extract.registers)
    paths_of = [build.raw / file.path for file in registers]
    with redirect_stdout(io.StringIO()):
        kept = keep_register(paths_of, registers, asked, is_wide=extract.format == "dream_wide")
    return Received(extract, settings, {**files, "register": kept})


def require_as_received(derived: Mapping[str, pd.DataFrame], build: Build) -> None:
    """Raise InputError unless the build's tables are those `derived` from its files as received."""
    unlike = [name for name, table in derived.items() if not _same(build.table(name), table)]
    if unlike:
        raise InputError(
            f"SET: {', '.join(f'{name}.parquet' for name in unlike)} in {build.derived}: not what the stages make of "
            f"the received files, so there is nothing to start from. Say make clean EXTRACT={build.raw.name}, then "
            "make all."
        )


def _same(stored: pd.DataFrame, made: pd.DataFrame) -> bool:
    """Whether two tables hold the same, whatever a file makes of the types of columns."""
    if list(stored) != list(made) or len(stored) != len(made):
        return False
    pairs = ((stored[name].astype(object), made[name].astype(object)) for name in stored)
    return all(bool(((one == other) | (one.isna() & other.isna())).all()) for one, other in pairs)
