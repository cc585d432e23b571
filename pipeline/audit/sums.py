"""The two forms in which a number is given back: a sum over cells, and the root of squared sums over cells."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Sum:
    """An estimate or a count as a sum.

    identity: the formula in words. terms: one row a person, or person-week, with weight and outcome; unit says which.
    cells: one row a cell of a received file with weight and contribution. constant: what stands beside the sum.
    """

    identity: str
    terms: pd.DataFrame
    cells: pd.DataFrame
    constant: float = 0.0
    unit: str = "persons"

    @property
    def total(self) -> float:
        """The constant and the contributions of all cells, added without intermediate rounding."""
        return math.fsum([self.constant, *self.cells["contribution"]])

    @property
    def total_of_terms(self) -> float:
        """The same from the terms."""
        return math.fsum([self.constant, *(self.terms["weight"] * self.terms["outcome"])])


@dataclass(frozen=True)
class RootOfSquares:
    """A standard error: the root of `factor` x the sum over clusters of the squared sum of their scores.

    identity: what a score is, in words; factor_words: what the factor is. terms: one row a person, or person-week, with
    cluster and score; unit says which. cells: contributions that add up to the scores, with the cluster of each.
    cluster: what a cluster is.
    """

    identity: str
    factor: float
    factor_words: str
    terms: pd.DataFrame
    cells: pd.DataFrame
    unit: str = "persons"
    cluster: str = "team"

    @property
    def clusters(self) -> pd.DataFrame:
        """By cluster: score, the sum of its cells, and part, its share of the variance."""
        scores = self.cells.groupby("cluster")["contribution"].sum()
        return pd.DataFrame({"score": scores, "part": scores**2 / math.fsum(scores**2)})

    @property
    def total(self) -> float:
        """The standard error, from the cells."""
        return math.sqrt(self.factor * math.fsum(self.clusters["score"] ** 2))

    @property
    def total_of_terms(self) -> float:
        """The same from the terms."""
        return math.sqrt(self.factor * math.fsum(self.terms.groupby("cluster")["score"].sum() ** 2))


Parts = dict[str, Sum | RootOfSquares]
