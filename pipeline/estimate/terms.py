"""A number as a sum over persons or person-weeks, and which cells of the received files each term rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.settings.models import Source

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Kind = Literal["outcome", "weeks", "draw"]


@dataclass(frozen=True)
class Evidence:
    """The cells of the received files behind some terms.

    kind: outcome (the cells of the variable, up to the week or, of the table of weekly states, in it), weeks (the cell
    of the state of an exit in the week of each term), or draw (the row of the allocation file). persons: (k,). A cell
    contributes direct (k,) times its value, and its equal part of the person's evenly (k,). weeks: (k,), those of
    person-weeks. clusters: (k,), the cluster whose score the cells add up to.
    """

    kind: Kind
    persons: IntArray
    variable: str = ""
    week: int | None = None
    source: Source | None = None
    direct: FloatArray | None = None
    evenly: FloatArray | None = None
    weeks: IntArray | None = None
    clusters: npt.NDArray[np.generic] | None = None


@dataclass(frozen=True)
class Terms:
    """An estimate or a count as a sum.

    identity: the formula in words. table: one row a person, or person-week, with weight and outcome; unit says which.
    evidence: the cells behind the terms. constant: what stands beside the sum.
    """

    identity: str
    table: pd.DataFrame
    evidence: tuple[Evidence, ...] = ()
    constant: float = 0.0
    unit: str = "persons"


@dataclass(frozen=True)
class Squares:
    """A standard error: the root of `factor` x the sum over clusters of the squared sum of their scores.

    identity: what a score is, in words; factor_words: what the factor is. table: one row a person, or person-week, with
    cluster and score; unit says which. cluster: what a cluster is; is_listed: whether there are few enough to list.
    """

    identity: str
    factor: float
    factor_words: str
    table: pd.DataFrame
    evidence: tuple[Evidence, ...]
    unit: str = "persons"
    cluster: str = "person"
    is_listed: bool = False


def sum_of_ones(identity: str, persons: npt.ArrayLike, weights: npt.ArrayLike = 1.0) -> Terms:
    """A count of persons: each by the row of its draw."""
    import pandas as pd

    chosen = np.asarray(persons, dtype=np.int64)
    ones = np.broadcast_to(np.asarray(weights, dtype=float), chosen.shape)
    table = pd.DataFrame({"person": chosen, "weight": ones, "outcome": 1.0})
    return Terms(identity, table, (Evidence("draw", chosen, direct=ones),))
