"""From a person's outcome to the cells of the received files it is made of.

Every function takes persons and their weights and returns one row a cell with the columns of CELL_COLUMNS, of which
person is the one whose outcome the cell is part of; a person's contributions add up to weight times outcome.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pipeline.errors import InputError
from pipeline.settings.models import Source
from pipeline.settings.outcomes import OutcomeDefinitions
from pipeline.settings.scales import item_names
from pipeline.settings.study import Study

CELL_COLUMNS = ["file", "line", "column", "content", "state", "wage_column", "weight", "contribution", "person"]


@dataclass(frozen=True)
class Tables:
    """The derived tables that know where each cell lies."""

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

    @property
    def draw_column(self) -> str:
        """The column of the allocation file that stands for a person's draw: its date, else the arm."""
        return self.study.design.date or self.study.design.arm

    def rests_on_wages(self, state: str) -> bool:
        """Whether a wage record is part of what decides the weekly state."""
        return self.outcomes.states[state].kind == "no_code_and_wage"


def trace_outcome(
    outcome: str,
    week: int | None,
    persons: np.ndarray,
    weights: np.ndarray,
    tables: Tables,
    source: Source | None = None,
) -> pd.DataFrame:
    """The cells behind an outcome of the derived table `source`: `week` is the last week of a share, or with "weekly"
    the one week; None for a background variable or a score of the follow-up survey.
    """
    if source == "weekly":
        return trace_weeks(outcome, np.array([week]), persons, weights, tables)
    if source == "followup":
        return _trace_answers(outcome, persons, weights, tables, "followup")
    if week is not None:
        return trace_weeks(outcome, np.arange(1, week + 1), persons, weights, tables)
    if outcome in tables.study.windows:
        state, first, last = tables.study.windows[outcome]
        return trace_weeks(state, np.arange(first, last + 1), persons, weights, tables)
    if outcome in ("allocation_day", "wait_days"):
        return _trace_draws(outcome, persons, weights, tables)
    return _trace_answers(outcome, persons, weights, tables, "baseline")


def trace_weeks(
    state: str, weeks: np.ndarray, persons: np.ndarray, weights: np.ndarray, tables: Tables
) -> pd.DataFrame:
    """A share of weeks: each week counts weight / number of weeks if the person is in the state (known weeks only)."""
    rows = tables.weekly[tables.weekly["week"].isin(weeks) & tables.weekly["person"].isin(persons)]
    rows = rows.merge(_where(tables), on="person").merge(
        pd.DataFrame({"person": persons, "weight": weights}), on="person"
    )
    rows["register_week"] = rows["allocation_week"] + rows["week"]
    columns = tables.register_columns.rename(columns={"week": "register_week"})
    rows = rows.merge(columns, on="register_week", how="left")
    known = rows[state].notna().groupby(rows["person"]).transform("sum")
    weight = rows["weight"] / known
    return _register_cells(rows, state, weight, weight * rows[state].fillna(0).astype("float64"), tables)


def trace_person_weeks(terms: pd.DataFrame, outcome: str, tables: Tables) -> pd.DataFrame:
    """Person-weeks: each is the register cell of its week; `terms` has person, week, weight, outcome, and may have a
    cluster, which the cells keep.

    An exit to employment is decided by the run that begins in the week: its further weeks are told by the next cells.
    """
    state = tables.outcomes.exits[outcome].state
    rows = terms.merge(_where(tables), on="person")
    rows = rows.merge(tables.weekly[["person", "week", "code", "line", state]], on=["person", "week"])
    rows["register_week"] = rows["allocation_week"] + rows["week"]
    rows = rows.merge(tables.register_columns.rename(columns={"week": "register_week"}), on="register_week", how="left")
    cells = _register_cells(rows, state, rows["weight"], rows["weight"] * rows["outcome"], tables)
    return cells.assign(cluster=rows["cluster"]) if "cluster" in rows else cells


def spread_evenly(cells: pd.DataFrame, persons: np.ndarray, amounts: np.ndarray) -> pd.DataFrame:
    """The cells with each person's amount in equal parts as their weight and contribution."""
    parts = share_out(cells, persons, amounts)
    return cells.assign(weight=parts, contribution=parts)


def share_out(cells: pd.DataFrame, persons: np.ndarray, amounts: np.ndarray) -> pd.Series:
    """Each cell's part of its person's amount, equal for all cells of the person."""
    person = cells["person"]
    return person.map(pd.Series(amounts, index=persons)) / person.map(person.value_counts())


def locate_draws(terms: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    """Rows of the allocation file: one cell a person, contribution weight x outcome."""
    rows = terms.merge(tables.trial, on="person")
    return pd.DataFrame(
        {
            "file": tables.files["allocation"],
            "line": rows["allocation_line"],
            "column": tables.draw_column,
            "content": _draw_content(rows, tables),
            "state": rows["outcome"],
            "wage_column": "",
            "weight": rows["weight"],
            "contribution": rows["weight"] * rows["outcome"],
            "person": rows["person"],
        }
    )[CELL_COLUMNS]


def _draw_content(rows: pd.DataFrame, tables: Tables) -> pd.Series:
    """What the cell of the draw holds."""
    design = tables.study.design
    if design.date:
        return rows["allocation_date"].dt.strftime("%Y-%m-%d")
    return rows["treated"].map({1: design.treated.value, 0: design.control.value})


def _register_cells(
    rows: pd.DataFrame, state: str, weight: pd.Series, contribution: pd.Series, tables: Tables
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "file": tables.files["register"],
            "line": rows["line"],
            "column": rows["week_column"],
            "content": rows["code"].astype(object).fillna(""),
            "state": rows[state],
            "wage_column": rows["month_column"] if tables.rests_on_wages(state) else "",
            "weight": weight,
            "contribution": contribution,
            "person": rows["person"],
        }
    )[CELL_COLUMNS]


def _where(tables: Tables) -> pd.DataFrame:
    return tables.sample[["person", "allocation_week"]]


def _trace_answers(outcome: str, persons: np.ndarray, weights: np.ndarray, tables: Tables, survey: str) -> pd.DataFrame:
    """A score: each answered item counts weight x number of items / answered items times its value."""
    if tables.scales is None or outcome not in set(tables.scales["variable"]):
        raise InputError(f"trace: no file of the extract holds the variable '{outcome}', so its cells are not known.")
    scale: dict[Any, Any] = tables.scales.set_index("variable").loc[outcome].to_dict()
    items = item_names(scale["items"])
    asked = {"baseline": tables.baseline_items, "followup": tables.followup_items}[survey]
    answers = asked.set_index("person").loc[persons]
    values = answers[items].astype("float64")
    weight = pd.Series(weights, index=persons)
    if scale["scoring"] == "indicator":
        counted = values.isin([float(value) for value in scale["indicator_values"].split()]).astype("float64")
    else:
        counted = values
        weight = weight * len(items) / values.notna().sum(axis=1)
    long = counted.stack()  # unanswered items are dropped: they hold no information
    person = long.index.get_level_values(0)
    cells = pd.DataFrame(
        {
            "file": tables.files[f"{survey}_survey"],
            "line": answers["line"].loc[person].to_numpy(),
            "column": long.index.get_level_values(1),
            "content": values.stack().astype(int).astype(str).to_numpy(),
            "state": long.to_numpy(),
            "wage_column": "",
            "weight": weight.loc[person].to_numpy(),
            "person": person.to_numpy(),
        }
    )
    return cells.assign(contribution=cells["weight"] * cells["state"])[CELL_COLUMNS]


def _trace_draws(outcome: str, persons: np.ndarray, weights: np.ndarray, tables: Tables) -> pd.DataFrame:
    """Dates of the draw in days since 1970-01-01; a wait is the last draw of the team less the own one: two cells."""
    lines = tables.trial.set_index("person")["allocation_line"]
    sample = tables.sample.set_index("person")
    days = (sample["allocation_date"] - pd.Timestamp("1970-01-01")).dt.days.astype("float64")
    parts = [(persons, weights)]
    if outcome == "wait_days":
        last = days.groupby(sample["team"]).idxmax()
        parts = [(last[sample.loc[persons, "team"]].to_numpy(), weights), (persons, -weights)]
    cells = [
        pd.DataFrame(
            {
                "file": tables.files["allocation"],
                "line": lines[who].to_numpy(),
                "column": tables.draw_column,
                "content": sample.loc[who, "allocation_date"].dt.strftime("%Y-%m-%d").to_numpy(),
                "state": days[who].to_numpy(),
                "wage_column": "",
                "weight": weight,
                "contribution": weight * days[who].to_numpy(),
                "person": persons,
            }
        )
        for who, weight in parts
    ]
    return pd.concat(cells, ignore_index=True)[CELL_COLUMNS]
