"""The outcomes of a model as columns, one row a person, from the derived tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import InputError
from pipeline.estimate.problem import Data, FloatArray, Label
from pipeline.register.states import UNKNOWN
from pipeline.settings.models import WEEKS_OF_SHARES, Model, UnknownWeeks, outcome_names, outcome_weeks

if TYPE_CHECKING:
    import pandas as pd


def labels_of(model: Model, data: Data) -> list[Label]:
    """Every outcome and week of a model."""
    weeks = outcome_weeks(model, data.horizon)
    return [Label(outcome, week) for outcome in outcome_names(model, data.variables) for week in weeks]


def outcome_values(model: Model, labels: Sequence[Label], data: Data) -> FloatArray:
    """The outcomes (n, m) of the n analysed persons, one column per label; missing where unknown.

    Raises InputError for a variable, or an outcome and week, that the table of the model's outcomes does not hold.
    """
    key = (model.source, tuple(labels))
    if key not in data.cache:
        data.cache[key] = _collect(model, labels, data)
    return data.cache[key]


def _collect(model: Model, labels: Sequence[Label], data: Data) -> FloatArray:
    people, held = data.people, model.source
    if held == "shares":
        found = _share_values(labels, people, data.tables["shares"])
    elif held == "weekly":
        found = _state_values(labels, people, data.tables["weekly"])
    elif held in WEEKS_OF_SHARES:
        found = _shares_of_states(labels, people, data.tables["weekly"], WEEKS_OF_SHARES[held])
    else:
        table = (
            people
            if held in ("background", "sample")
            else data.tables[held].set_index("person").reindex(people["person"])
        )
        found = [table[label.outcome].to_numpy(dtype=float) if label.outcome in table else None for label in labels]
    absent = [label for label, values in zip(labels, found, strict=True) if values is None]
    if absent:
        stored = "weekly" if held in WEEKS_OF_SHARES else held
        first: Any = absent[0].outcome if absent[0].week is None else tuple(absent[0])
        raise InputError(
            f"models.toml, table [{model.name}]: {stored}.parquet does not hold {len(absent)} of {len(labels)} "
            f"outcomes, the first of them {first}. Mend the outcomes and weeks, or build the table again."
        )
    return np.stack([values for values in found if values is not None], axis=1)


def _share_values(labels: Sequence[Label], people: pd.DataFrame, shares: pd.DataFrame) -> list[FloatArray | None]:
    """One array (n,) per label from the long table of shares."""
    found: dict[Label, FloatArray | None] = {}
    weeks = sorted({label.week for label in labels if label.week is not None})
    table = shares if set(shares["week"].unique()) <= set(weeks) else shares[shares["week"].isin(weeks)]
    for outcome in dict.fromkeys(label.outcome for label in labels):
        rows = table[table["outcome"] == outcome]
        found |= _spread(outcome, rows["person"], rows["week"], rows["share"], weeks, people)
    return [found.get(label) for label in labels]


def _state_values(labels: Sequence[Label], people: pd.DataFrame, weekly: pd.DataFrame) -> list[FloatArray | None]:
    """One array (n,) per label, a week's state: 1 or 0, missing if unknown."""
    found: dict[Label, FloatArray | None] = {}
    weeks = sorted({label.week for label in labels if label.week is not None})
    rows = weekly[weekly["week"].isin(weeks)]
    for outcome in dict.fromkeys(label.outcome for label in labels):
        if outcome in rows:
            state = rows[outcome].astype("Float64")
            found |= _spread(outcome, rows["person"], rows["week"], state, weeks, people)
    return [found.get(label) for label in labels]


def _shares_of_states(
    labels: Sequence[Label], people: pd.DataFrame, weekly: pd.DataFrame, unknown_weeks: UnknownWeeks
) -> list[FloatArray | None]:
    """One array (n,) per label: the share of weeks 1 to its week in the state, made as the outcomes are."""
    from pipeline.register.spells import cumulative_shares

    found: dict[Label, FloatArray | None] = {}
    last = max((label.week for label in labels if label.week is not None), default=0)
    weeks = [Label(label.outcome, week) for label in labels for week in range(1, last + 1)]
    states = dict(zip(weeks, _state_values(weeks, people, weekly), strict=True))
    for outcome in dict.fromkeys(label.outcome for label in labels):
        own = [states[Label(outcome, week)] for week in range(1, last + 1)]
        known = [np.where(np.isnan(state), UNKNOWN, state) for state in own if state is not None]
        if len(known) < last:
            continue
        shares = cumulative_shares(np.column_stack(known).astype(np.int8), unknown_weeks)
        found |= {Label(outcome, week): shares[:, week - 1] for week in range(1, last + 1)}
    return [found.get(label) for label in labels]


def _spread(
    outcome: str, persons: pd.Series, weeks: pd.Series, values: pd.Series, chosen: Sequence[int], people: pd.DataFrame
) -> dict[Label, FloatArray | None]:
    """The values of one outcome by week, each (n,) in the order of `people`."""
    import pandas as pd

    row = pd.Index(people["person"]).get_indexer(persons)
    column = np.searchsorted(chosen, weeks)
    grid = np.full((len(people), len(chosen)), np.nan)
    inside = row >= 0
    grid[row[inside], column[inside]] = values.to_numpy(dtype=float, na_value=np.nan)[inside]
    present = set(np.unique(column).tolist())
    return {Label(outcome, week): grid[:, place] if place in present else None for place, week in enumerate(chosen)}
