"""Kaplan-Meier survival curves of each arm (report section 3.1, Figures 3.1 and 3.4)."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import TYPE_CHECKING, Any

from pipeline.estimate.table import Estimate, estimates_table, hash_persons
from pipeline.people.samples import join_background, select_sample, spells
from pipeline.settings.models import Model, models_of, outcome_names
from pipeline.settings.study import Study
from pipeline.stats.survival import kaplan_meier

if TYPE_CHECKING:
    import pandas as pd


def run(
    sample: pd.DataFrame, durations: pd.DataFrame, background: pd.DataFrame, models: Mapping[str, Any], study: Study
) -> dict[str, pd.DataFrame]:
    """Estimate the models of the stage for the weeks 0..horizon; n is the number at risk in the week."""
    people = join_background(sample, background)
    rows: list[Estimate] = []
    for model in models_of(models, "survival"):
        for name, outcome in product(model.samples, outcome_names(model, None)):
            chosen = select_sample(people, name, study)
            at_risk = spells(chosen, durations, outcome, study.time.horizon_weeks)
            for arm, members in at_risk.groupby(model.treatment):
                rows += _curve(model, name, outcome, "treated" if arm else "control", members, study)
    return {"survival.parquet": estimates_table(rows)}


def _curve(model: Model, sample: str, outcome: str, arm: str, members: pd.DataFrame, study: Study) -> list[Estimate]:
    """One row for each week of the survival curve of one arm."""
    curve = kaplan_meier(members["weeks"], members["exited"], study.time.horizon_weeks, study.inference.level)
    sample_hash, spec_hash = hash_persons(members["person"]), model.spec_hash
    return [
        Estimate(
            model=model.name,
            sample=sample,
            outcome=outcome,
            week=int(week),
            parameter=arm,
            estimate=float(curve.survival[week]),
            se=float(curve.standard_errors[week]),
            ci_low=float(curve.ci_low[week]),
            ci_high=float(curve.ci_high[week]),
            n=int(curve.at_risk[week]),
            n_treated=int(curve.at_risk[week]) if arm == "treated" else 0,
            n_control=int(curve.at_risk[week]) if arm == "control" else 0,
            sample_hash=sample_hash,
            spec_hash=spec_hash,
        )
        for week in curve.weeks
    ]
