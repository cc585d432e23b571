"""Which received file, line and column holds the register cell of a person and week."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from pipeline.estimate.terms import IntArray
from pipeline.register.places import FILE
from pipeline.settings.extract import is_register
from pipeline.settings.outcomes import OutcomeDefinitions
from pipeline.settings.study import Study

CELL_COLUMNS = ["file", "line", "column", "content", "state", "wage_column", "weight", "contribution", "person"]


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

    def rests_on_wages(self, state: str) -> bool:
        """Whether a wage record is part of what decides the weekly state."""
        return self.outcomes.states[state].kind == "no_code_and_wage"


def locate_weeks(persons: IntArray, weeks: IntArray, state: str, tables: Tables) -> pd.DataFrame:
    """The register cells of persons (k,) in weeks (k,) since allocation, in their order, with those of CELL_COLUMNS."""
    rows = pd.DataFrame({"person": persons, "week": weeks})
    rows = rows.merge(tables.weekly[state_columns(state, tables)], on=["person", "week"])
    rows = with_columns(rows, tables)
    nothing = pd.Series(0.0, index=rows.index)
    return register_cells(rows, state, nothing, nothing, tables)


def state_columns(state: str, tables: Tables) -> list[str]:
    """The columns of the table of weeks that tell a state and where it stands."""
    lines = [name for name in ("line", "wage_line") if name in tables.weekly]
    return ["person", "week", "code", *lines, state]


def with_columns(rows: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    """The rows of person and week with the columns of the received register that hold them."""
    rows = rows.merge(tables.sample[["person", "allocation_week"]], on="person")
    rows = rows.assign(register_week=rows["allocation_week"] + rows["week"])
    return rows.merge(tables.register_columns.rename(columns={"week": "register_week"}), on="register_week", how="left")


def register_cells(
    rows: pd.DataFrame, state: str, weight: pd.Series, contribution: pd.Series, tables: Tables
) -> pd.DataFrame:
    """The cells of rows with their columns, each with its state, weight and contribution, as CELL_COLUMNS."""
    path, line = place_of_lines(rows["line"], tables)
    wages = rows["month_column"]
    if "wage_line" in rows:
        place, number = place_of_lines(rows["wage_line"], tables)
        wages = (place + ", line " + number.astype(str) + ", column " + wages).where(number.notna(), "")
    return pd.DataFrame(
        {
            "file": path,
            "line": line,
            "column": rows["week_column"],
            "content": rows["code"].astype(object).fillna(""),
            "state": rows[state],
            "wage_column": wages if tables.rests_on_wages(state) else "",
            "weight": weight,
            "contribution": contribution,
            "person": rows["person"],
        }
    )[CELL_COLUMNS]


def place_of_lines(numbers: pd.Series, tables: Tables) -> tuple[pd.Series, pd.Series]:
    """The file and the line of rows of the register, which may be several files."""
    paths = dict(enumerate(path for role, path in sorted(tables.files.items()) if is_register(role)))
    whole = numbers.astype("Int64")
    return (whole // FILE).fillna(0).map(paths), whole % FILE
