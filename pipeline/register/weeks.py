"""What every form of the register is read into: one row a person and week, and where each cell lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class RegisterWeeks:
    """The register weeks of the randomised persons.

    weeks: person, week, code (text; '' is none, missing is not observed), wage (missing: not told) and line, the same
    weeks for each person, in order. columns: by week the column of its code and of its wage. lines: the first line of
    each randomised person in the register file, missing for who is not in it.
    """

    weeks: pd.DataFrame
    columns: pd.DataFrame
    lines: pd.Series
