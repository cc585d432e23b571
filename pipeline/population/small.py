"""Groups too small to show anything of: their numbers are missing with a reason; the bound is that of study.toml."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.population.persons import EVERYBODY, TRIAL

if TYPE_CHECKING:
    import pandas as pd

NOBODY = "nobody is counted"


def say_why(persons: int, bound: int) -> str:
    """Why a number of a group of so many persons is missing, as the remarks know it; '' where its size is no reason."""
    if persons == 0:
        return NOBODY
    return f"fewer than {bound} persons" if persons < bound else ""


def with_trial(counts: pd.DataFrame) -> pd.DataFrame:
    """The counts, and once more those of the arms as the series of the whole trial."""
    import pandas as pd

    return pd.concat([counts, counts[counts["series"] != EVERYBODY].assign(series=TRIAL)], ignore_index=True)


def sum_ages(ages: pd.DataFrame, bound: int) -> pd.DataFrame:
    """The sums of ages by series and group, that of the whole trial too; those of small groups are missing.

    `ages` has the columns series, by, value, aged, ages: the persons with an age, and its sum.
    """
    summed = with_trial(ages).groupby(["series", "by", "value"], as_index=False)[["aged", "ages"]].sum()
    numbers = summed[["aged", "ages"]].astype("Int64")
    return summed.assign(**numbers.where(summed["aged"] >= bound))
