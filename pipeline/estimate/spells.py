"""Spells until an exit: the persons at risk, their weeks, and whether they were seen to leave."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pipeline.errors import InputError
from pipeline.estimate.designs import EVERYBODY, TextArray, cluster_of, complete_cases
from pipeline.estimate.problem import WITHOUT_COVARIATE, WITHOUT_WEEK, BoolArray, Data, FloatArray, Label, left_out
from pipeline.estimate.table import Address
from pipeline.people.samples import select_sample
from pipeline.settings.models import Model, outcome_names
from pipeline.settings.study import Study

if TYPE_CHECKING:
    import pandas as pd

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Spells:
    """The spells of n persons at risk of an exit, all arrays (n,): in the weeks 1..weeks, and leaving in the last.

    covariates: (n, q), those of the model. size: the persons of the sample, at risk or not. left: who is left
    out.
    """

    model: Model
    sample: str
    label: Label
    persons: IntArray
    weeks: IntArray
    exited: BoolArray
    treated: BoolArray
    strata: TextArray
    clusters: TextArray
    covariates: FloatArray
    size: int
    left: tuple[str, ...]
    study: Study

    def take(self, rows: BoolArray) -> Spells:
        """The spells of the persons in `rows` (n,)."""
        own = ("persons", "weeks", "exited", "treated", "strata", "clusters", "covariates")
        return replace(self, **{name: getattr(self, name)[rows] for name in own})

    @property
    def notes(self) -> list[str]:
        """Who was left out, and how many are followed for fewer weeks than the others: what comes then is unknown."""
        short = int((~self.exited & (self.weeks < self.horizon)).sum())
        return [*self.left, f"followed {short} persons for fewer weeks, to one that is unknown" if short else ""]

    @property
    def horizon(self) -> int:
        """The last week of follow-up."""
        return self.study.time.horizon_weeks


def spells(model: Model, data: Data, address: Address | None = None) -> Iterator[Spells]:
    """The problems of a model: each exit in each sample."""
    for sample, outcome in product(model.samples, outcome_names(model, data.variables)):
        if address is None or (address.sample, address.outcome) == (sample, outcome):
            yield _spells(model, sample, outcome, data)


def _spells(model: Model, sample: str, outcome: str, data: Data) -> Spells:
    """The persons at risk; those with no week at risk are left out, and a longer spell is censored at the horizon."""
    chosen = select_sample(data.people, sample, data.study)
    complete = complete_cases(model, chosen)
    at_risk = _at_risk(chosen[complete], data.tables["durations"], outcome, data.horizon)
    has_strata = model.fixed_effects != "none"
    return Spells(
        model=model,
        sample=sample,
        label=Label(outcome, None),
        persons=at_risk["person"].to_numpy(dtype=np.int64),
        weeks=at_risk["weeks"].to_numpy(dtype=np.int64),
        exited=at_risk["exited"].to_numpy(dtype=bool),
        treated=at_risk[model.treatment].to_numpy(dtype=float).astype(bool),
        strata=at_risk[model.fixed_effects].to_numpy(dtype=str) if has_strata else np.full(len(at_risk), EVERYBODY),
        clusters=cluster_of(at_risk, data),
        covariates=at_risk[list(model.covariates)].to_numpy(dtype=float),
        size=len(chosen),
        left=(
            left_out(int((~complete).sum()), WITHOUT_COVARIATE),
            left_out(int(complete.sum()) - len(at_risk), WITHOUT_WEEK),
        ),
        study=data.study,
    )


def _at_risk(people: pd.DataFrame, durations: pd.DataFrame, outcome: str, horizon: int) -> pd.DataFrame:
    """`people` with the columns weeks (1..horizon) and exited; InputError if a person has no duration."""
    known = durations[durations["outcome"] == outcome].set_index("person", verify_integrity=True)
    absent = int((~people["person"].isin(known.index)).sum())
    if absent:
        raise InputError(
            f"durations.parquet: {absent} persons have no row for '{outcome}'. Build it again, or mend the outcomes of "
            "models.toml: they are the exits of outcomes.toml."
        )
    own = known.loc[people["person"]]
    weeks, exited = own["weeks"].to_numpy(), own["exited"].to_numpy(dtype=bool) & (own["weeks"] <= horizon).to_numpy()
    joined = people.assign(weeks=weeks.clip(max=horizon), exited=exited)
    return joined[weeks >= 1].reset_index(drop=True)
