"""Persons of a sample: the analysed persons with their background, and the conditions of study.toml on them."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError
from pipeline.settings.study import Study, given_bound

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
    Raises InputError for a sample that study.toml does not define, and a variable that does not exist.
    """
    if name not in study.samples:
        raise InputError(f"study.toml: no table [samples.{name}]. Samples defined: {', '.join(study.samples)}.")
    chosen = people
    for condition in study.samples[name].conditions:
        comparison, bound = given_bound(condition)
        if condition.variable not in people:
            raise InputError(
                f"study.toml, table [samples.{name}]: no variable '{condition.variable}' in sample.parquet or "
                "background.parquet. Mend its name."
            )
        chosen = chosen[COMPARISONS[comparison](chosen[condition.variable], bound)]
    return chosen
