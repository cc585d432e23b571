"""The derived tables that know where in the received files each cell lies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.estimate.terms import FloatArray, IntArray
from pipeline.register.places import FILE
from pipeline.settings.extract import is_register
from pipeline.settings.outcomes import OutcomeDefinitions
from pipeline.settings.study import Study

WAGE = ["wage_file", "wage_line", "wage_column"]  # where the wage of a week stands, of a state that rests on wages
CELL_COLUMNS = ["file", "line", "column", "content", "state", *WAGE, "weight", "contribution", "person", "week"]

NO_WAGE: dict[str, Any] = {"wage_file": "", "wage_line": pd.NA, "wage_column": ""}


@dataclass(frozen=True)
class Grid:
    """The rows of a table by person and week: persons (n,) in order, and places (n, w), -1 where there is no row."""

    persons: IntArray
    first: int
    places: IntArray

    @classmethod
    def of(cls, persons: IntArray, weeks: IntArray) -> Grid:
        """The grid of a table whose rows are of these persons and weeks (k,)."""
        every, first = np.unique(persons), int(weeks.min(initial=0))
        places = np.full((len(every), int(weeks.max(initial=0)) - first + 1), -1)
        places[np.searchsorted(every, persons), weeks - first] = np.arange(len(persons))
        return cls(every, first, places)

    def rows(self, persons: IntArray, weeks: IntArray) -> IntArray:
        """The rows (n, w) of some persons in the same weeks."""
        return self.find(persons[:, None], weeks[None, :])

    def find(self, persons: IntArray, weeks: IntArray) -> IntArray:
        """The row of each pair of person and week, -1 without one; the arrays are broadcast."""
        if not self.places.size or not len(self.persons):
            return np.full(np.broadcast_shapes(persons.shape, weeks.shape), -1)
        line = np.minimum(np.searchsorted(self.persons, persons), len(self.persons) - 1)
        column = np.clip(weeks - self.first, 0, self.places.shape[1] - 1)
        is_there = (self.persons[line] == persons) & (weeks - self.first == column)
        return np.where(is_there, self.places[line, column], -1)

    def rows_of_pairs(self, persons: IntArray, weeks: IntArray) -> IntArray:
        """The row (k,) of each pair of person and week, of which every one has one."""
        return _require(self.find(persons, weeks), "register cell")


@dataclass(frozen=True)
class Answers:
    """The answers of a survey: who gave them, in which line, and the value (n, k) of each item, NaN for none."""

    persons: pd.Index
    lines: npt.NDArray[np.generic]
    columns: list[str]
    values: FloatArray

    @classmethod
    def of(cls, items: pd.DataFrame) -> Answers:
        """The answers of a table of items."""
        columns = [str(name) for name in items.columns.drop(["person", "line"])]
        values = [items[name].to_numpy(dtype=float, na_value=np.nan) for name in columns]
        stacked = np.stack(values, axis=1) if values else np.zeros((len(items), 0))
        return cls(pd.Index(items["person"]), items["line"].to_numpy(), columns, stacked)

    def rows(self, persons: IntArray) -> IntArray:
        """The row (k,) of each of some persons, who all gave answers."""
        return _require(self.persons.get_indexer(pd.Index(persons)), "answer")


def _require(rows: IntArray, what: str) -> IntArray:
    """The rows, of which none may be missing."""
    if (rows < 0).any():
        raise KeyError(f"{int((rows < 0).sum())} of the persons have no {what}")
    return rows


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

    def rows_of_draws(self, persons: IntArray) -> IntArray:
        """The row (k,) in draws of each of some randomised persons."""
        return _require(self.draws.index.get_indexer(pd.Index(persons)), "draw")

    def days_of_draws(self, persons: IntArray) -> FloatArray:
        """The day (k,) on which each of some randomised persons was drawn, since 1970-01-01."""
        return self._days[self.rows_of_draws(persons)]

    @cached_property
    def _days(self) -> FloatArray:
        days = (self.draws["allocation_date"] - pd.Timestamp("1970-01-01")).dt.days
        return np.asarray(days.to_numpy(dtype=float, na_value=np.nan))

    @cached_property
    def grid(self) -> Grid:
        """Where the cell of each person and week lies in register_cells."""
        return Grid.of(self.register_cells["person"].to_numpy(), self.register_cells["week"].to_numpy(dtype=np.int64))

    @cached_property
    def states(self) -> dict[str, FloatArray]:
        """By name what each row of register_cells says of a state: 1, 0, or NaN for unknown."""
        cells = self.register_cells
        return {name: cells[name].to_numpy(dtype=float, na_value=np.nan) for name in self.outcomes.states}

    @cached_property
    def answers(self) -> dict[str, Answers]:
        """By survey the answers of those who gave any."""
        return {"baseline": Answers.of(self.baseline_items), "followup": Answers.of(self.followup_items)}

    def scale(self, variable: str) -> dict[str, Any] | None:
        """The row of scales.csv that says how a variable is scored, None without one."""
        return self._scales.get(variable)

    @cached_property
    def _scales(self) -> dict[str, dict[str, Any]]:
        rows = [] if self.scales is None else self.scales.to_dict("records")
        return {str(row["variable"]): {str(name): value for name, value in row.items()} for row in rows}

    @cached_property
    def register_cells(self) -> pd.DataFrame:
        """Every cell of the weekly table: person, week, its states, and where in which file it and its wage stand."""
        rows = self.weekly.merge(self.sample[["person", "allocation_week"]], on="person")
        rows = rows.assign(register_week=rows["allocation_week"] + rows["week"])
        columns = self.register_columns.rename(columns={"week": "register_week"})
        rows = rows.merge(columns, on="register_week", how="left")
        path, line = place_of_lines(rows["line"], self)
        place, number = place_of_lines(rows["wage_line"], self) if "wage_line" in rows else (path, line)
        is_told = number.notna() & rows["month_column"].notna()
        wages = {"wage_file": place.where(is_told, ""), "wage_line": number.where(is_told)}
        wages["wage_column"] = rows["month_column"].where(is_told, "")
        content = rows["code"].astype(object).fillna("")
        return rows.assign(file=path, line=line, column=rows["week_column"], content=content, **wages)

    def rests_on_wages(self, state: str) -> bool:
        """Whether a wage record is part of what decides the weekly state."""
        return self.outcomes.states[state].kind == "no_code_and_wage"


def locate_weeks(persons: IntArray, weeks: IntArray, state: str, tables: Tables) -> pd.DataFrame:
    """The register cells of persons (k,) in weeks (k,) since allocation, in their order, with those of CELL_COLUMNS."""
    places = tables.grid.find(persons, weeks)
    rows = tables.register_cells.iloc[places[places >= 0]].reset_index(drop=True)
    nothing = pd.Series(0.0, index=rows.index)
    return as_cells(rows, state, nothing, nothing, tables)


def as_cells(
    rows: pd.DataFrame, state: str, weight: pd.Series, contribution: pd.Series, tables: Tables
) -> pd.DataFrame:
    """Rows of the table of register cells, each with its state, weight and contribution, as CELL_COLUMNS."""
    told = rows if tables.rests_on_wages(state) else rows.assign(**NO_WAGE)
    cells = told.assign(state=rows[state], weight=weight, contribution=contribution)[CELL_COLUMNS]
    return cells.astype({"wage_line": "Int64"})


def place_of_lines(numbers: pd.Series, tables: Tables) -> tuple[pd.Series, pd.Series]:
    """The file and the line of rows of the register, which may be several files."""
    paths = dict(enumerate(path for role, path in sorted(tables.files.items()) if is_register(role)))
    whole = numbers.astype("Int64")
    return (whole // FILE).fillna(0).map(paths), whole % FILE
