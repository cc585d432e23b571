"""Where the cells behind some terms lie, as arrays: the rows of the tables that hold them, and what each gives.

The walk of many numbers adds these arrays up; a trace makes the table of cells of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.audit.located import NO_WAGE, Tables, as_cells
from pipeline.errors import InputError
from pipeline.estimate.terms import Evidence, FloatArray, IntArray
from pipeline.settings.scales import item_names
from pipeline.settings.study import Grouping

REGISTER, DRAWS = "register", "allocation"
SURVEYS = {"baseline": "baseline_survey", "followup": "followup_survey"}


@dataclass(frozen=True)
class Placed:
    """The k cells behind the terms of some evidence.

    role: that of the file, which tells the table: the register's cells, the draws, or the answers of a survey. rows:
    (k,) in that table; columns: (k,) the item of an answer. owner: (k,) whose term each cell is part of. weight, unit:
    (k,) what its weight and its contribution are for a direct weight of one. state: (k,) what the cell says, of the
    register the state called `variable`. persons: of the terms.
    """

    role: str
    rows: IntArray
    owner: IntArray
    weight: FloatArray
    unit: FloatArray
    state: FloatArray
    persons: IntArray
    variable: str = ""
    columns: npt.NDArray[np.object_] = field(default_factory=lambda: np.zeros(0, dtype=object))

    @property
    def person(self) -> IntArray:
        """(k,), the person whose outcome the cell is part of."""
        return self.persons[self.owner]

    @cached_property
    def share(self) -> FloatArray:
        """(k,), the equal part of its term that each cell has."""
        return 1.0 / np.bincount(self.owner, minlength=1)[self.owner]


def place(part: Evidence, tables: Tables) -> Placed:
    """The cells behind some terms: see Evidence.

    Of an outcome, the week is the last one of a share, or with "weekly" the one week; None is a background variable or
    a score of the follow-up survey.
    """
    persons = part.persons
    if part.kind == "draw":
        return _draws(persons, np.ones(len(persons)), tables)
    if part.kind == "weeks":
        return _person_weeks(part, tables)
    outcome, week = part.variable, part.week
    if part.source == "followup":
        return _answers(outcome, persons, tables, "followup")
    if week is not None:
        exit_ = tables.outcomes.exits.get(outcome)
        state = exit_.state if exit_ and part.source is None else outcome
        return _weeks(state, week if part.source == "weekly" else 1, week, persons, tables)
    if outcome in tables.study.windows:
        return _weeks(*tables.study.windows[outcome], persons, tables)
    if outcome == "answered_followup":
        answered = tables.draws["followup_line"].notna().to_numpy().astype(np.float64)
        return _draws(persons, answered[tables.rows_of_draws(persons)], tables)
    cluster = tables.study.design.cluster
    if outcome == "wait_days" and cluster is not None:
        return _waits(persons, cluster, tables)
    if outcome in ("allocation_day", "wait_days"):
        return _draws(persons, tables.days_of_draws(persons), tables)
    if outcome in tables.draws:
        return _draws(persons, tables.draws[outcome].to_numpy(dtype=float)[tables.rows_of_draws(persons)], tables)
    return _answers(outcome, persons, tables, "baseline")


def _weeks(state: str, first: int, last: int, persons: IntArray, tables: Tables) -> Placed:
    """A share of weeks: each week counts 1 / number of weeks if the person is in the state (known weeks only)."""
    rows = tables.grid.rows(persons, np.arange(first, last + 1))
    owner, week = np.nonzero(rows >= 0)
    found = rows[owner, week]
    if np.any(np.diff(found) < 0):  # as the cells lie in their table
        order = np.argsort(found, kind="stable")
        found, owner = found[order], owner[order]
    values = tables.states[state][found]
    is_known = np.isfinite(values)
    known = np.bincount(owner[is_known], minlength=len(persons))[owner]
    weight = np.divide(1.0, known, out=np.full(len(known), np.nan), where=known > 0)
    return Placed(REGISTER, found, owner, weight, np.where(is_known, weight * values, 0.0), values, persons, state)


def _person_weeks(part: Evidence, tables: Tables) -> Placed:
    """Person-weeks: each is the register cell of its week, and contributes its weight.

    An exit that takes a run is decided by the run that begins in the week: the next cells tell its further weeks.
    """
    state = tables.outcomes.exits[part.variable].state
    rows = tables.grid.rows_of_pairs(part.persons, np.asarray(part.weeks))
    ones = np.ones(len(rows))
    owner = np.arange(len(rows))
    return Placed(REGISTER, rows, owner, ones, ones, tables.states[state][rows], part.persons, state)


def _draws(persons: IntArray, values: FloatArray, tables: Tables) -> Placed:
    """Rows of the allocation file: one cell a person, which contributes the value (n,)."""
    rows, owner = tables.rows_of_draws(persons), np.arange(len(persons))
    return Placed(DRAWS, rows, owner, np.ones(len(rows)), values, values, persons)


def _waits(persons: IntArray, cluster: Grouping, tables: Tables) -> Placed:
    """A wait, the last draw of the cluster less the own in days since 1970-01-01, is two cells."""
    clusters = tables.sample.set_index("person")[cluster.name].reindex(pd.Index(persons))
    drawn = np.concatenate([tables.last_draws[clusters].to_numpy(), persons])
    sign, owner = np.repeat([1.0, -1.0], len(persons)), np.tile(np.arange(len(persons)), 2)
    days = tables.days_of_draws(drawn)
    return Placed(DRAWS, tables.rows_of_draws(drawn), owner, sign, sign * days, days, persons)


def _answers(outcome: str, persons: IntArray, tables: Tables, survey: str) -> Placed:
    """A score: each answered item counts number of items / answered items times its value."""
    scale = tables.scale(outcome)
    if scale is None:
        raise InputError(f"trace: no file of the extract holds the variable '{outcome}', so its cells are not known.")
    items, answers = item_names(scale["items"]), tables.answers[survey]
    lines = answers.rows(persons)
    values = answers.values[lines][:, [answers.columns.index(item) for item in items]]
    given = np.isfinite(values)
    owner, item = np.nonzero(given)  # unanswered items are left out: they hold no information
    if scale["scoring"] == "indicator":
        values = np.isin(values, [float(value) for value in scale["indicator_values"].split()]).astype(float)
        weight = np.ones(len(owner))
    else:
        weight = (len(items) / np.maximum(given.sum(axis=1), 1))[owner]
    state, columns = values[owner, item], np.array(items, dtype=object)[item]
    return Placed(SURVEYS[survey], lines[owner], owner, weight, weight * state, state, persons, "", columns)


def cells_of(placed: Placed, tables: Tables) -> pd.DataFrame:
    """The cells as a table with the columns CELL_COLUMNS, whose weight and contribution are those of a term of one."""
    if placed.role == REGISTER:
        rows = tables.register_cells.iloc[placed.rows].reset_index(drop=True)
        weight, unit = pd.Series(placed.weight), pd.Series(placed.unit)
        return as_cells(rows, placed.variable, weight, unit, tables)
    told = _draws_told if placed.role == DRAWS else _answers_told
    return pd.DataFrame(
        {
            "file": tables.files[placed.role],
            **told(placed, tables),
            "state": placed.state,
            **NO_WAGE,
            "weight": placed.weight,
            "contribution": placed.unit,
            "person": placed.person,
            "week": np.nan,
        }
    ).astype({"wage_line": "Int64"})


def _draws_told(placed: Placed, tables: Tables) -> dict[str, object]:
    """Line, column and content of each cell of a draw."""
    rows = tables.draws.iloc[placed.rows]
    line, content = rows["allocation_line"].to_numpy(), rows["content"].to_numpy()
    return {"line": line, "column": tables.draw_column, "content": content}


def _answers_told(placed: Placed, tables: Tables) -> dict[str, object]:
    """Line, column and content of each answer."""
    answers = tables.answers[placed.role.removesuffix("_survey")]
    places = pd.Index(answers.columns).get_indexer(pd.Index(placed.columns))
    content = [f"{value:.12g}" for value in answers.values[placed.rows, places]]
    return {"line": answers.lines[placed.rows], "column": placed.columns, "content": content}
