"""Persons of a sample: the analysed persons with their background, and the conditions of study.toml on them."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError
from pipeline.settings.study import Condition, Study

if TYPE_CHECKING:
    import pandas as pd

COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "below": operator.lt,
    "at_most": operator.le,
    "at_least": operator.ge,
    "above": operator.gt,
    "equals": operator.eq,
}


def join_background(sample: pd.DataFrame, background: pd.DataFrame) -> pd.DataFrame:
    """One row per analysed person: the columns of sample.parquet, then those of background.parquet that are not there.

    Raises InputError unless both tables hold the same persons once.
    """
    import pandas as pd

    ordered, others = (table.sort_values("person", ignore_index=True) for table in (sample, background))
    if not ordered["person"].equals(others["person"]) or not ordered["person"].is_unique:
        raise InputError(
            f"sample.parquet has {len(sample)} rows and background.parquet {len(background)}, and they do not hold the "
            "same persons once. Build both again from one extract."
        )
    return pd.concat([ordered, others[others.columns.difference(ordered.columns, sort=False)]], axis=1)


def select_sample(people: pd.DataFrame, name: str, study: Study) -> pd.DataFrame:
    """The rows of `people`, with their index, for whom every condition of the sample `name` holds.

    A person who lacks the variable of a condition is not in the sample.
    Raises InputError for a sample that study.toml does not define, a variable that does not exist, a condition
    without exactly one bound, or a sample without persons.
    """
    if name not in study.samples:
        raise InputError(f"study.toml: no table [samples.{name}]. Samples defined: {', '.join(study.samples)}.")
    chosen = people
    for condition in study.samples[name].conditions:
        comparison, bound = _bound(condition, name)
        if condition.variable not in people:
            raise InputError(
                f"study.toml, table [samples.{name}]: no variable '{condition.variable}' in sample.parquet or "
                "background.parquet. Mend its name."
            )
        chosen = chosen[COMPARISONS[comparison](chosen[condition.variable], bound)]
    if chosen.empty:
        raise InputError(f"study.toml, table [samples.{name}]: no person meets its conditions. Widen them.")
    return chosen


def _bound(condition: Condition, name: str) -> tuple[str, float]:
    given = [(key, getattr(condition, key)) for key in COMPARISONS if getattr(condition, key) is not None]
    if len(given) != 1:
        raise InputError(
            f"study.toml, table [samples.{name}]: the condition on '{condition.variable}' has {len(given)} "
            f"bounds. Give exactly one of {', '.join(COMPARISONS)}."
        )
    return given[0]


def spells(people: pd.DataFrame, durations: pd.DataFrame, outcome: str, horizon: int) -> pd.DataFrame:
    """The persons at risk of `outcome` with the columns weeks (1..horizon) and exited, in the order of `people`.

    Persons with no week at risk are left out; a longer spell is censored at the horizon. Raises InputError if a person
    has no duration.
    """
    known = durations[durations["outcome"] == outcome].set_index("person", verify_integrity=True)
    absent = int((~people["person"].isin(known.index)).sum())
    if absent:
        raise InputError(f"durations.parquet: {absent} persons have no row for '{outcome}'. Build it again.")
    own = known.loc[people["person"]]
    weeks, exited = own["weeks"].to_numpy(), own["exited"].to_numpy(dtype=bool) & (own["weeks"] <= horizon).to_numpy()
    joined = people.assign(weeks=weeks.clip(max=horizon), exited=exited)
    return joined[weeks >= 1].reset_index(drop=True)
