"""The derived tables that know where in the received files each cell lies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from pipeline.estimate.terms import IntArray
from pipeline.register.places import FILE
from pipeline.settings.extract import is_register
from pipeline.settings.outcomes import OutcomeDefinitions
from pipeline.settings.study import Study

CELL_COLUMNS = ["file", "line", "column", "content", "state", "wage_column", "weight", "contribution", "person", "week"]


@dataclass(frozen=True)
class Tables:
    """The derived tables that know where each cell lies, and the names of the received files by their role.

    terminal: the codes after which nothing is known of a person.
    """

    trial: pd.DataFrame
    sample: pd.DataFrame
    weekly: pd.DataFrame
    register_columns: pd.DataFrame
    baseline_items: pd.DataFrame
    followup_items: pd.DataFrame
    study: Study
    outcomes: OutcomeDefinitions
    files: Mapping[str, str]
    scales: pd.DataFrame | None = None
    terminal: frozenset[str] = frozenset()

    @property
    def draw_column(self) -> str:
        """The column of the allocation file that stands for a person's draw: its date, else the arm."""
        return self.study.design.date or self.study.design.arm

    @cached_property
    def draws(self) -> pd.DataFrame:
        """The row of each randomised person, by person, with the content of the cell of the draw."""
        rows, design = self.trial.set_index("person"), self.study.design
        if design.date:
            return rows.assign(content=rows["allocation_date"].dt.strftime("%Y-%m-%d"))
        return rows.assign(content=rows["treated"].map({1: design.treated.value, 0: design.control.value}))

    @cached_property
    def last_draws(self) -> pd.Series:
        """By cluster the person who was drawn last, on whom the others waited."""
        cluster = self.study.design.cluster
        assert cluster is not None, "who waits is in a cluster"
        sample = self.sample.set_index("person")
        return sample.groupby(cluster.name)["allocation_date"].idxmax()

    @cached_property
    def places_of_weeks(self) -> pd.MultiIndex:
        """Person and week of each row of register_cells."""
        return pd.MultiIndex.from_frame(self.register_cells[["person", "week"]])

    @cached_property
    def register_cells(self) -> pd.DataFrame:
        """Every cell of the weekly table: person, week, its states, and where in which file it and its wage stand."""
        rows = self.weekly.merge(self.sample[["person", "allocation_week"]], on="person")
        rows = rows.assign(register_week=rows["allocation_week"] + rows["week"])
        columns = self.register_columns.rename(columns={"week": "register_week"})
        rows = rows.merge(columns, on="register_week", how="left")
        path, line = place_of_lines(rows["line"], self)
        wages = rows["month_column"]
        if "wage_line" in rows:
            place, number = place_of_lines(rows["wage_line"], self)
            wages = (place + ", line " + number.astype(str) + ", column " + wages).where(number.notna(), "")
        content = rows["code"].astype(object).fillna("")
        return rows.assign(file=path, line=line, column=rows["week_column"], content=content, wage_column=wages)

    def rests_on_wages(self, state: str) -> bool:
        """Whether a wage record is part of what decides the weekly state."""
        return self.outcomes.states[state].kind == "no_code_and_wage"


def locate_weeks(persons: IntArray, weeks: IntArray, state: str, tables: Tables) -> pd.DataFrame:
    """The register cells of persons (k,) in weeks (k,) since allocation, in their order, with those of CELL_COLUMNS."""
    places = tables.places_of_weeks.get_indexer(pd.MultiIndex.from_arrays([persons, np.asarray(weeks)]))
    rows = tables.register_cells.iloc[places[places >= 0]].reset_index(drop=True)
    nothing = pd.Series(0.0, index=rows.index)
    return as_cells(rows, state, nothing, nothing, tables)


def as_cells(
    rows: pd.DataFrame, state: str, weight: pd.Series, contribution: pd.Series, tables: Tables
) -> pd.DataFrame:
    """Rows of the table of register cells, each with its state, weight and contribution, as CELL_COLUMNS."""
    told = rows if tables.rests_on_wages(state) else rows.assign(wage_column="")
    return told.assign(state=rows[state], weight=weight, contribution=contribution)[CELL_COLUMNS]


def place_of_lines(numbers: pd.Series, tables: Tables) -> tuple[pd.Series, pd.Series]:
    """The file and the line of rows of the register, which may be several files."""
    paths = dict(enumerate(path for role, path in sorted(tables.files.items()) if is_register(role)))
    whole = numbers.astype("Int64")
    return (whole // FILE).fillna(0).map(paths), whole % FILE
