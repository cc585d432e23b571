"""The one table of estimates: its columns, addresses and hashes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any

from pipeline.settings.base import short_hash

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

MISSING = float("nan")


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """One row of the table of estimates; variables.csv says what each column means.

    A number that does not apply is missing: NaN, or None for a week or a count.
    """

    model: str
    sample: str
    outcome: str
    week: int | None = None
    parameter: str
    estimate: float
    se: float = MISSING
    df: float = MISSING
    p_value: float = MISSING
    ci_low: float = MISSING
    ci_high: float = MISSING
    n: int | None = None
    n_treated: int | None = None
    n_control: int | None = None
    n_clusters: int | None = None
    control_mean: float = MISSING
    converged: bool = True
    note: str = ""
    sample_hash: str
    spec_hash: str

    @property
    def estimate_id(self) -> str:
        """The address <model>/<sample>/<outcome>/<week>/<parameter>, an absent week as nothing between its slashes."""
        week = "" if self.week is None else str(self.week)
        return "/".join([self.model, self.sample, self.outcome, week, self.parameter])


@dataclass(frozen=True)
class Address:
    """An estimate_id taken apart."""

    model: str
    sample: str
    outcome: str
    week: int | None
    parameter: str


def parse_address(estimate_id: str) -> Address:
    """Take an estimate_id apart; ValueError unless it has five parts and a whole number or nothing as its week."""
    parts = estimate_id.split("/")
    if len(parts) != 5 or not (parts[3] == "" or parts[3].isdecimal()):
        raise ValueError(f"'{estimate_id}' is not an address <model>/<sample>/<outcome>/<week>/<parameter>")
    model, sample, outcome, week, parameter = parts
    return Address(model, sample, outcome, int(week) if week else None, parameter)


def estimates_table(rows: Iterable[Estimate]) -> pd.DataFrame:
    """The rows as a data frame with the columns of the dictionary, sorted by estimate_id."""
    import pandas as pd

    addressed = sorted(((row.estimate_id, row) for row in rows), key=itemgetter(0))
    columns: dict[str, Any] = {"estimate_id": pd.Series([address for address, _ in addressed], dtype="object")}
    for field in fields(Estimate):
        value = attrgetter(field.name)
        values = [value(row) for _, row in addressed]
        columns[field.name] = pd.Series(values, dtype=_DTYPES[str(field.type)])
    return pd.DataFrame(columns)


def hash_persons(persons: npt.ArrayLike) -> str:
    """First 16 hexadecimal digits of the SHA-256 of the pseudonyms, sorted and joined by commas."""
    import numpy as np

    listed = str(np.sort(np.asarray(persons, dtype=np.int64)).tolist())
    return short_hash(listed[1:-1].replace(" ", ""))


_DTYPES = {"str": "object", "float": "float64", "int": "Int64", "int | None": "Int64", "bool": "bool"}
