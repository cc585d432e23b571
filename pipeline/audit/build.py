"""What a trace reads: the settings, the derived tables and the numbers shown, each file once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.audit.located import Tables
from pipeline.audit.resampled import Resampling
from pipeline.errors import InputError
from pipeline.estimate.estimators import ESTIMATORS, checked_models
from pipeline.estimate.problem import Data, Estimator, gather_data
from pipeline.estimate.specification import Specified
from pipeline.estimate.table import Address
from pipeline.register.kept import Asked, read_asked
from pipeline.register.states import read_catalogue
from pipeline.runner.inputs import load_input
from pipeline.settings.described import read_exhibits
from pipeline.settings.exhibits import Exhibits, Figure, Table
from pipeline.settings.extract import Extract
from pipeline.settings.models import Model
from pipeline.settings.scales import item_names
from pipeline.settings.specifications import specifications
from pipeline.settings.study import Study
from pipeline.show.addresses import Slot
from pipeline.show.labels import label_numbers
from pipeline.show.rows import with_rows
from pipeline.show.shown import find_slots
from pipeline.show.shown_with import index_estimates
from pipeline.show.words import Words, read_words

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
    resampling: Resampling


@dataclass(frozen=True)
class Build:
    """An extract as built: the folder of the received files, that of the derived tables, and that of the settings."""

    raw: Path
    derived: Path
    config: Path = Path("config")

    def request(self, address: Address) -> Request:
        """The problem behind the estimate at `address`, as it was estimated; InputError if no model says what it is.

        That of a specification of a curve is the problem of its own model, at the address it has there.
        """
        model = self.models.get(address.model)
        if model is None:
            raise InputError(f"models.toml: no table [{address.model}], so nothing says what the number is.")
        estimator = ESTIMATORS[model.estimator]
        for problem in estimator.problems(model, self.data, address):
            if isinstance(problem, Specified) and problem.specification:
                inside, own = problem.inside(address), problem.specification.model
                return Request(inside, own, problem.inner, problem.problem, self.tables, self.resampling)
            return Request(address, model, estimator, problem, self.tables, self.resampling)
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
        path = self.derived / "inference.parquet"
        inference = load_input(path) if path.exists() else None
        tables = {path: load_input(path) for path in paths}
        rows = index_estimates(tables.values(), inference)
        return {name: (path, rows[name]) for path, table in tables.items() for name in table["estimate_id"]}

    @cached_property
    def exhibits(self) -> Exhibits:
        """exhibits.toml with the rows of its tables listed."""
        read = read_exhibits(load_input(self.config / "exhibits.toml"))
        groups, horizon = self._load("groups.parquet"), self.study.time.horizon_weeks
        return with_rows(read, self.variables, groups, self.estimates, horizon)

    @cached_property
    def slots(self) -> dict[str, Slot]:
        """By address what exhibits.toml shows there."""
        return {slot.cell_id: slot for slot in find_slots(self.exhibits, self.study, self.estimates)}

    @cached_property
    def variables(self) -> pd.DataFrame:
        """variables.csv."""
        found: pd.DataFrame = load_input(self.config / "variables.csv")
        return found

    @cached_property
    def known(self) -> Words:
        """What exhibits say of the study and the extract."""
        return read_words(self._load("words.json"))

    @cached_property
    def words(self) -> dict[str, str]:
        """What fills the placeholders of the exhibits."""
        return self.known.with_legend([], self.language)

    def label(self, shown: pd.DataFrame) -> list[str]:
        """What each of some numbers of one exhibit is, in the words of the exhibit."""
        groups, name = self._load("groups.parquet"), str(shown["exhibit"].iloc[0])
        others = (groups, self.words, self.language, self.known.curves)
        return label_numbers(name, self.exhibits, shown, self.variables, *others)

    @cached_property
    def study(self) -> Study:
        """study.toml."""
        study: Study = load_input(self.config / "study.toml")
        return study

    @cached_property
    def models(self) -> dict[str, Model]:
        """models.toml."""
        return checked_models(load_input(self.config / "models.toml"), self.study.design)

    def model_of(self, estimate: Mapping[Any, Any]) -> tuple[Model, str]:
        """The model of an estimate, and the sample or split it is of; of a specification its own."""
        model, sample = self.models[estimate["model"]], str(estimate["sample"])
        found = specifications(model).get(sample) if model.curve else None
        if found is None:
            return model, sample
        own: Model = found.model
        return own, (own.splits or tuple(own.samples))[0]

    @cached_property
    def language(self) -> str:
        """The language in which the numbers are written."""
        return str(self._load("language.toml").language)

    @cached_property
    def exclusions(self) -> pd.DataFrame:
        """Every randomised person with the reason for leaving them out."""
        return self.data.tables["exclusions"]

    @cached_property
    def extract(self) -> Extract:
        """extract.toml."""
        extract: Extract = load_input(self.raw / "extract.toml")
        return extract

    @cached_property
    def benefit_codes(self) -> pd.DataFrame | None:
        """benefit_codes.csv, which a study of named states has not."""
        return self._setting("benefit_codes.csv")

    @cached_property
    def scales(self) -> pd.DataFrame | None:
        """scales.csv, which a study without questionnaires has not."""
        return self._setting("scales.csv")

    @cached_property
    def asked(self) -> Asked:
        """Whose rows were asked of the register."""
        return read_asked(self._load("request.json"))

    def _setting(self, name: str) -> pd.DataFrame | None:
        path = self.config / name
        return load_input(path) if path.exists() else None

    @cached_property
    def data(self) -> Data:
        """The derived tables that estimation reads."""
        tables = {name: self.table(name) for name in DATA}
        return gather_data(tables, self.study, self.variables)

    @cached_property
    def resampling(self) -> Resampling:
        """What the lot drawn again says of any estimate."""
        return Resampling(self.data)

    def items_of(self, variable: str) -> list[str]:
        """The items of the questionnaires that a variable is scored from; none of another."""
        scale = self.tables.scale(variable)
        return item_names(str(scale["items"])) if scale else []

    @property
    def people(self) -> pd.DataFrame:
        """The analysed persons with their background."""
        return self.data.people

    def table(self, name: str) -> pd.DataFrame:
        """A derived table by its name, read once, so that what is compared is what was used."""
        if name not in self._tables:
            self._tables[name] = self._load(f"{name}.parquet")
        return self._tables[name]

    @cached_property
    def _tables(self) -> dict[str, pd.DataFrame]:
        return {}

    def exhibit(self, name: str) -> Table | Figure:
        """One exhibit."""
        return self.exhibits.tables.get(name) or self.exhibits.figures[name]

    @cached_property
    def tables(self) -> Tables:
        """The derived tables that locate cells."""
        located = {name: self.table(name) for name in LOCATED}
        outcomes, codes = load_input(self.config / "outcomes.toml"), self.benefit_codes
        names = located["weekly"]["code"].astype("category").cat.categories
        catalogue = read_catalogue(codes, map(str, names))
        return Tables(
            **located,
            study=self.study,
            outcomes=outcomes,
            files={role: file.path for role, file in self.extract.files.items()},
            scales=self.scales,
            terminal=frozenset(catalogue.codes(groups=outcomes.terminal_groups)),
        )

    def _load(self, name: str) -> Any:
        path = self.derived / name
        if not path.exists():
            raise InputError(f"{path}: the file is missing. Say make all EXTRACT={self.derived.name} first.")
        return load_input(path)
