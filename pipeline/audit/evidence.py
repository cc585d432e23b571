"""From the terms of a number to the cells of the received files they rest on.

Every function gives one row a cell with the columns of CELL_COLUMNS, of which person is the one whose outcome the cell
is part of, and week, counted from the draw, that of a cell of the register; no other cell has one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.audit.located import CELL_COLUMNS, Tables
from pipeline.audit.placed import cells_of, place
from pipeline.estimate.terms import Evidence, Squares, Terms


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
    """The cells behind some terms, with what each contributes, and its cluster where the terms have one.

    A cell contributes what a direct weight of its term makes of it, and its equal part of what the term has evenly; the
    weight of who has only an even part is that part.
    """
    placed = place(part, tables)
    direct = np.zeros(len(part.persons)) if part.direct is None else part.direct
    weight = direct[placed.owner] * placed.weight
    contribution = direct[placed.owner] * placed.unit
    if part.evenly is not None:
        shares = part.evenly[placed.owner] * placed.share
        contribution = contribution + shares
        weight = shares if part.direct is None else weight
    cells = cells_of(placed, tables).assign(weight=weight, contribution=contribution)[CELL_COLUMNS]
    return cells if part.clusters is None else cells.assign(cluster=part.clusters[placed.owner])
