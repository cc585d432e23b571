"""Beside every estimate of least squares and of a hazard: draws of the lot, signs of clusters, one cluster left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline.estimate.inference import infer_all
from pipeline.estimate.problem import gather_data
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
    """inference.parquet: a row for each estimate that resampling says something of, by the address of the estimate."""
    tables = {"sample": sample, "background": background, "shares": shares, "weekly": weekly}
    tables |= {"durations": durations, "followup": followup, "exclusions": exclusions}
    return {"inference.parquet": infer_all(models, gather_data(tables, study, variables))}
