"""Every model of models.toml estimated, in one table of estimates for each group of models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline.estimate import description, hazard, prognosis, survival
from pipeline.estimate.estimation import estimate_stage
from pipeline.settings.models import read_models
from pipeline.settings.study import Study

if TYPE_CHECKING:
    import pandas as pd


def run(
    sample: pd.DataFrame,
    background: pd.DataFrame,
    shares: pd.DataFrame,
    weekly: pd.DataFrame,
    durations: pd.DataFrame,
    followup: pd.DataFrame,
    exclusions: pd.DataFrame,
    variables: pd.DataFrame,
    models: Mapping[str, Any],
    study: Study,
) -> dict[str, pd.DataFrame]:
    """The estimates of every model."""
    tables = {"sample": sample, "background": background, "shares": shares, "weekly": weekly, "followup": followup}
    results: dict[str, pd.DataFrame] = {}
    for stage in dict.fromkeys(model.stage for model in read_models(models).values()):
        if stage == "description":
            found = description.run(sample, background, exclusions, variables, models, study)
        elif stage == "hazard":
            found = hazard.run(sample, durations, background, models, study)
        elif stage == "survival":
            found = survival.run(sample, durations, background, models, study)
        elif stage == "prognosis":
            found = prognosis.run(sample, background, shares, models, study)
        else:
            found = {f"{stage}.parquet": estimate_stage(stage, tables, models, study, variables)}
        results |= found
    return results
