"""What a trace reads: the settings, the derived tables and the numbers shown, each file once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.audit.located import Tables
from pipeline.errors import InputError
from pipeline.estimate.estimators import ESTIMATORS, checked_models
from pipeline.estimate.problem import Data, Estimator, gather_data
from pipeline.estimate.table import Address
from pipeline.runner.inputs import load_input
from pipeline.settings.described import read_exhibits
from pipeline.settings.models import Model
from pipeline.settings.study import Study
from pipeline.show.addresses import Slot
from pipeline.show.rows import with_rows
from pipeline.show.shown import find_slots

DATA = ("sample", "background", "shares", "durations", "exclusions", "weekly", "followup")
LOCATED = ("trial", "sample", "weekly", "register_columns", "baseline_items", "followup_items")


@dataclass(frozen=True)
class Request:
    """An estimate to be walked: the problem that was solved, its estimator, and the tables that locate its cells."""

    address: Address
    model: Model
    estimator: Estimator
    problem: Any
    tables: Tables


@dataclass(frozen=True)
class Build:
    """An extract as built: the folder of the received files, that of the derived tables, and that of the settings."""

    raw: Path
    derived: Path
    config: Path = Path("config")

    def request(self, address: Address) -> Request:
        """The problem behind the estimate at `address`, as it was estimated; InputError if no model says what it is."""
        model = self.models.get(address.model)
        if model is None:
            raise InputError(f"models.toml: no table [{address.model}], so nothing says what the number is.")
        estimator = ESTIMATORS[model.estimator]
        for problem in estimator.problems(model, self.data, address):
            return Request(address, model, estimator, problem, self.tables)
        raise InputError(
            f"models.toml, table [{address.model}]: it estimates no {address.outcome} of '{address.sample}' now. Run "
            "make all."
        )

    @cached_property
    def shown(self) -> pd.DataFrame:
        """Every number shown."""
        shown: pd.DataFrame = self._load("shown.parquet")
        return shown

    @cached_property
    def estimates(self) -> dict[str, tuple[Path, dict[Any, Any]]]:
        """By estimate_id the row of the estimate and the file that holds it."""
        paths = sorted((self.derived / "estimates").glob("*.parquet"))
        return {row["estimate_id"]: (path, row) for path in paths for row in load_input(path).to_dict("records")}

    @cached_property
    def slots(self) -> dict[str, Slot]:
        """By address what exhibits.toml shows there."""
        exhibits = read_exhibits(load_input(self.config / "exhibits.toml"))
        variables, groups = load_input(self.config / "variables.csv"), self._load("groups.parquet")
        listed = with_rows(exhibits, variables, groups, self.estimates, self.study.time.horizon_weeks)
        return {slot.cell_id: slot for slot in find_slots(listed, self.study, self.estimates)}

    @cached_property
    def study(self) -> Study:
        """study.toml."""
        study: Study = load_input(self.config / "study.toml")
        return study

    @cached_property
    def models(self) -> dict[str, Model]:
        """models.toml."""
        return checked_models(load_input(self.config / "models.toml"), self.study.design)

    @cached_property
    def language(self) -> str:
        """The language in which the numbers are written."""
        return str(self._load("language.toml").language)

    @cached_property
    def exclusions(self) -> pd.DataFrame:
        """Every randomised person with the reason for leaving them out."""
        return self.data.tables["exclusions"]

    @cached_property
    def data(self) -> Data:
        """The derived tables that estimation reads."""
        tables = {name: self._load(f"{name}.parquet") for name in DATA}
        return gather_data(tables, self.study, load_input(self.config / "variables.csv"))

    @cached_property
    def tables(self) -> Tables:
        """The derived tables that know where each cell lies."""
        located = {name: self._load(f"{name}.parquet") for name in LOCATED}
        scales = self.config / "scales.csv"
        files = load_input(self.raw / "extract.toml").files
        return Tables(
            **located,
            study=self.study,
            outcomes=load_input(self.config / "outcomes.toml"),
            files={role: file.path for role, file in files.items()},
            scales=load_input(scales) if scales.exists() else None,
        )

    def _load(self, name: str) -> Any:
        path = self.derived / name
        if not path.exists():
            raise InputError(f"{path}: the file is missing. Say make all EXTRACT={self.derived.name} first.")
        return load_input(path)
