"""From the terms of a number to the cells of the received files they rest on.

Every function gives one row a cell with the columns of CELL_COLUMNS, of which person is the one whose outcome the cell
is part of, and week, counted from the draw, that of a cell of the register; no other cell has one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pipeline.audit.located import CELL_COLUMNS, Tables, as_cells
from pipeline.errors import InputError
from pipeline.estimate.terms import Evidence, Squares, Terms
from pipeline.settings.models import Source
from pipeline.settings.scales import item_names


@dataclass(frozen=True)
class Sum:
    """A number as a sum over cells: `cells` have a row each with weight and contribution."""

    terms: Terms
    cells: pd.DataFrame

    @property
    def by_person(self) -> pd.Series:
        """What each person's cells contribute, the largest first."""
        return _by_person(self.cells)

    @property
    def total(self) -> float:
        """The constant and the contributions of all cells, added without intermediate rounding."""
        return math.fsum([self.terms.constant, *self.cells["contribution"]])

    @property
    def total_of_terms(self) -> float:
        """The same from the terms."""
        return math.fsum([self.terms.constant, *(self.terms.table["weight"] * self.terms.table["outcome"])])


@dataclass(frozen=True)
class RootOfSquares:
    """A standard error from cells, which have a row each with contribution and cluster."""

    squares: Squares
    cells: pd.DataFrame

    @property
    def clusters(self) -> pd.DataFrame:
        """By cluster: score, the sum of its cells, and part, its share of the variance."""
        scores = self.cells.groupby("cluster")["contribution"].sum()
        return pd.DataFrame({"score": scores, "part": scores**2 / math.fsum(scores**2)})

    @property
    def by_person(self) -> pd.Series:
        """What each person's cells contribute to the score of the cluster, the largest first."""
        return _by_person(self.cells)

    @property
    def total(self) -> float:
        """The standard error, from the cells."""
        return math.sqrt(self.squares.factor * math.fsum(self.clusters["score"] ** 2))

    @property
    def total_of_terms(self) -> float:
        """The same from the terms."""
        scores = self.squares.table.groupby("cluster")["score"].sum()
        return math.sqrt(self.squares.factor * math.fsum(scores**2))


def _by_person(cells: pd.DataFrame) -> pd.Series:
    sums: pd.Series = cells.groupby("person")["contribution"].sum()
    return sums.sort_values(key=abs, ascending=False, kind="stable")


def locate_sum(terms: Terms, tables: Tables) -> Sum:
    """The cells behind a sum."""
    return Sum(terms, _locate_all(terms.evidence, tables))


def locate_squares(squares: Squares, tables: Tables) -> RootOfSquares:
    """The cells behind a standard error."""
    return RootOfSquares(squares, _locate_all(squares.evidence, tables))


def _locate_all(evidence: tuple[Evidence, ...], tables: Tables) -> pd.DataFrame:
    found = [locate(part, tables) for part in evidence if len(part.persons)]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=CELL_COLUMNS)


def locate(part: Evidence, tables: Tables) -> pd.DataFrame:
    """The cells behind some terms, with what each contributes, and its cluster where the terms have one."""
    count = len(part.persons)
    direct = np.zeros(count) if part.direct is None else part.direct
    if part.kind == "draw":
        cells = _draws(part.persons, direct, tables)
    elif part.kind == "weeks":
        cells = _person_weeks(part, direct, tables)
    else:
        # The cells of who has only an even part are found by a weight of one.
        weights = direct if part.evenly is None or part.direct is not None else np.ones(count)
        cells = _outcome(part.variable, part.week, part.persons, weights, tables, part.source)
    if part.evenly is not None:
        shares = _share_out(cells, part.persons, part.evenly)
        own = cells["contribution"] if part.direct is not None else 0.0
        cells = cells.assign(contribution=own + shares)
        if part.direct is None:
            cells["weight"] = shares
    if part.clusters is not None and part.kind != "weeks":
        cells["cluster"] = cells["person"].map(pd.Series(part.clusters, index=part.persons))
    return cells


def _share_out(cells: pd.DataFrame, persons: np.ndarray, amounts: np.ndarray) -> pd.Series:
    """Each cell's part of its person's amount, equal for all cells of the person."""
    person = cells["person"]
    return person.map(pd.Series(amounts, index=persons)) / person.map(person.value_counts())


def _outcome(
    outcome: str, week: int | None, persons: np.ndarray, weights: np.ndarray, tables: Tables, source: Source | None
) -> pd.DataFrame:
    """The cells behind an outcome of the derived table `source`: `week` is the last week of a share, or with "weekly"
    the one week; None for a background variable or a score of the follow-up survey.
    """
    if source == "weekly" and week is not None:
        return _weeks(outcome, np.array([week]), persons, weights, tables)
    if source == "followup":
        return _answers(outcome, persons, weights, tables, "followup")
    if week is not None:
        exit_ = tables.outcomes.exits.get(outcome)
        state = exit_.state if exit_ and source is None else outcome
        return _weeks(state, np.arange(1, week + 1), persons, weights, tables)
    if outcome in tables.study.windows:
        state, first, last = tables.study.windows[outcome]
        return _weeks(state, np.arange(first, last + 1), persons, weights, tables)
    if outcome in ("allocation_day", "wait_days"):
        return _dates(outcome, persons, weights, tables)
    if outcome in tables.trial:
        values = tables.trial.set_index("person")[outcome].loc[persons].to_numpy(dtype=float)
        return _draws(persons, weights, tables).assign(state=values, contribution=weights * values)
    return _answers(outcome, persons, weights, tables, "baseline")


def _weeks(state: str, weeks: np.ndarray, persons: np.ndarray, weights: np.ndarray, tables: Tables) -> pd.DataFrame:
    """A share of weeks: each week counts weight / number of weeks if the person is in the state (known weeks only)."""
    every = tables.register_cells
    rows = every[every["week"].isin(weeks) & every["person"].isin(persons)]
    known = rows[state].notna().groupby(rows["person"]).transform("sum")
    weight = rows["person"].map(pd.Series(weights, index=persons)) / known
    return as_cells(rows, state, weight, weight * rows[state].fillna(0).astype("float64"), tables)


def _person_weeks(part: Evidence, weights: np.ndarray, tables: Tables) -> pd.DataFrame:
    """Person-weeks: each is the register cell of its week, and contributes its weight.

    An exit that takes a run is decided by the run that begins in the week: the next cells tell its further weeks.
    """
    state = tables.outcomes.exits[part.variable].state
    places = tables.places_of_weeks.get_indexer(pd.MultiIndex.from_arrays([part.persons, np.asarray(part.weeks)]))
    rows = tables.register_cells.iloc[places]
    weight = pd.Series(weights, index=rows.index)
    cells = as_cells(rows, state, weight, weight, tables)
    return cells if part.clusters is None else cells.assign(cluster=part.clusters)


def _draws(persons: np.ndarray, amounts: np.ndarray, tables: Tables) -> pd.DataFrame:
    """Rows of the allocation file: one cell a person, which contributes the amount."""
    rows = tables.draws.loc[persons]
    return pd.DataFrame(
        {
            "file": tables.files["allocation"],
            "line": rows["allocation_line"].to_numpy(),
            "column": tables.draw_column,
            "content": rows["content"].to_numpy(),
            "state": 1.0,
            "wage_column": "",
            "weight": amounts,
            "contribution": amounts,
            "person": persons,
            "week": np.nan,
        }
    )[CELL_COLUMNS]


def _dates(outcome: str, persons: np.ndarray, weights: np.ndarray, tables: Tables) -> pd.DataFrame:
    """Dates of the draw in days since 1970-01-01; a wait, the last draw of the cluster less the own, is two cells."""
    sample = tables.sample.set_index("person")
    days = (sample["allocation_date"] - pd.Timestamp("1970-01-01")).dt.days.astype("float64")
    parts = [(persons, weights)]
    cluster = tables.study.design.cluster
    if outcome == "wait_days" and cluster is not None:
        last = tables.last_draws[sample.loc[persons, cluster.name]].to_numpy()
        parts = [(last, weights), (persons, -weights)]
    cells = []
    for who, weight in parts:
        value = days[who].to_numpy()
        drawn = _draws(who, weight, tables).assign(state=value, contribution=weight * value, person=persons)
        cells.append(drawn)
    return pd.concat(cells, ignore_index=True)


def _answers(outcome: str, persons: np.ndarray, weights: np.ndarray, tables: Tables, survey: str) -> pd.DataFrame:
    """A score: each answered item counts weight x number of items / answered items times its value."""
    if tables.scales is None or outcome not in set(tables.scales["variable"]):
        raise InputError(f"trace: no file of the extract holds the variable '{outcome}', so its cells are not known.")
    scale: dict[Any, Any] = tables.scales.set_index("variable").loc[outcome].to_dict()
    items = item_names(scale["items"])
    asked = {"baseline": tables.baseline_items, "followup": tables.followup_items}[survey]
    answers = asked.set_index("person").loc[persons]
    values = answers[items].to_numpy(dtype=float, na_value=np.nan)
    given = np.isfinite(values)
    rows, places = np.nonzero(given)  # unanswered items are left out: they hold no information
    counted, weight = values, np.asarray(weights, dtype=float)
    if scale["scoring"] == "indicator":
        counted = np.isin(values, [float(value) for value in scale["indicator_values"].split()]).astype(float)
    else:
        weight = weight * len(items) / given.sum(axis=1)
    texts = {value: f"{value:.12g}" for value in np.unique(values[given])}
    state = counted[rows, places]
    return pd.DataFrame(
        {
            "file": tables.files[f"{survey}_survey"],
            "line": answers["line"].to_numpy()[rows],
            "column": np.array(items, dtype=object)[places],
            "content": [texts[value] for value in values[rows, places]],
            "state": state,
            "wage_column": "",
            "weight": weight[rows],
            "contribution": weight[rows] * state,
            "person": persons[rows],
            "week": np.nan,
        }
    )[CELL_COLUMNS]
