"""The week in which each person of a duration left or was followed to, and the register cell that decided it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pandas as pd

from pipeline.audit.located import WAGE, Tables, locate_weeks
from pipeline.estimate.kaplan_meier import ARMS
from pipeline.estimate.problem import BoolArray
from pipeline.estimate.spells import IntArray, Spells
from pipeline.estimate.table import Address

EXIT, HORIZON, UNKNOWN, TERMINAL = "exit", "end of follow-up", "unknown week", "terminal code"
ENDS_DA = {
    EXIT: "afgang",
    HORIZON: "slut på opfølgningen",
    UNKNOWN: "ukendt uge",
    TERMINAL: "afsluttende kode",
}
WORDS = {
    "en": {
        "to": "to", "line": "line", "column": "column", "week": "week", "code": "code", "wage": "wage",
        "blank": "(blank)", "no_cell": "no cell",
    },
    "da": {
        "to": "til", "line": "linje", "column": "kolonne", "week": "uge", "code": "kode", "wage": "løn",
        "blank": "(tom)", "no_cell": "intet felt",
    },
}  # fmt: skip
COLUMNS = ["person", "end", "week", "file", "line", "column", "content", "state", *WAGE, "run_to"]


def locate_ends(problem: Spells, address: Address, tables: Tables) -> pd.DataFrame:
    """The ends of the spells behind the number at `address`, as `find_ends` gives them: of a curve those of its arm."""
    is_curve = address.week is not None
    own = problem.take(problem.treated == (address.parameter == ARMS[1])) if is_curve else problem
    return find_ends(own.label.outcome, own.persons, own.weeks, own.exited, own.horizon, tables)


def find_ends(
    outcome: str, persons: IntArray, weeks: IntArray, exited: BoolArray, horizon: int, tables: Tables
) -> pd.DataFrame:
    """A row a person of a duration, by their numbers, with the columns COLUMNS; all arrays are (n,).

    end: EXIT, and week the first of the run; HORIZON, the last week of follow-up; UNKNOWN, the first week that cannot
    be told, after which nobody knows whether the person left; or TERMINAL, the code after which nothing is known. The
    cell is that of the week; run_to: the column of the last week of the run, of an exit that takes several.
    """
    exit_, weeks = tables.outcomes.exits[outcome], np.minimum(weeks, horizon)
    is_censored = ~exited & (weeks < horizon)
    ends = np.select([exited, is_censored], [EXIT, UNKNOWN], HORIZON).astype(object)
    followed = tables.weekly[tables.weekly["person"].isin(persons[is_censored])]
    by_person = dict(iter(followed.set_index("week").groupby("person")))
    for place in np.flatnonzero(is_censored):
        history = by_person[persons[place]]
        ends[place], weeks[place] = _first_unknown(history, int(weeks[place]) + 1, exit_.state, tables.terminal)
    found = locate_weeks(persons, weeks, exit_.state, tables).assign(end=ends, week=weeks)
    last = locate_weeks(persons[exited], weeks[exited] + exit_.run_weeks - 1, exit_.state, tables)
    run_to = found["person"].map(last.set_index("person")["column"]).fillna("")
    return found.assign(run_to=run_to if exit_.run_weeks > 1 else "")[COLUMNS].sort_values("person", ignore_index=True)


def _first_unknown(history: pd.DataFrame, week: int, state: str, terminal: Collection[str]) -> tuple[str, int]:
    """Why a person is followed to the week before `week` only, and the week of the cell that says so.

    `history` are the person's weeks, by their number.
    """
    first = int(history.index[(history.index >= week) & history[state].isna()][0])
    ended = history.index[(history.index <= first) & history["code"].isin(list(terminal))]
    return (TERMINAL, int(ended[0])) if len(ended) else (UNKNOWN, first)


def with_ends(cells: pd.DataFrame, ends: pd.DataFrame) -> pd.DataFrame:
    """Cells with the end of their person beside them, in columns that begin with end."""
    named = ends.rename(columns={name: f"end_{name}" for name in ends.columns.drop(["person", "end"])})
    return cells.merge(named, on="person", how="left", validate="many_to_one")


def say_end(row: Mapping[Any, Any], language: str = "en") -> str:
    """The end of a duration in a line: what, when, and the cell, or two of an exit to work, that decided it.

    With wage_content the wage cell is named with what the received file holds there.
    """
    words = WORDS[language]
    run = f" {words['to']} {row['run_to']}" if row["run_to"] else ""
    cell = f"{row['file']}, {words['line']} {row['line']}, {words['column']} {row['column']}{run}"
    place = cell if pd.notna(row["line"]) else words["no_cell"]
    what = f"{row['outcome']}: " if "outcome" in row else ""
    end = f"{what}{say_kind_of_end(row['end'], language)}, {words['week']} {row['week']}"
    return f"{end}: {place}, {words['code']} {row['content'] or words['blank']}{_say_wage(row, words)}"


def say_kind_of_end(end: str, language: str) -> str:
    """How a duration ended, in a language."""
    return ENDS_DA[end] if language == "da" else end


def _say_wage(row: Mapping[Any, Any], words: Mapping[str, str]) -> str:
    if not row["wage_column"]:
        return ""
    is_beside = (row["wage_file"], row["wage_line"]) == (row["file"], row["line"])
    place = "" if is_beside else f"{row['wage_file']}, {words['line']} {row['wage_line']}, "
    held = f" {row['wage_content'] or words['blank']}" if "wage_content" in row else ""
    return f"; {words['wage']} {place}{words['column']} {row['wage_column']}{held}"
