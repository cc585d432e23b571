"""Every model of models.toml estimated: a table of estimates for each `stage` that the models name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from pipeline.estimate.estimators import estimate_all
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
    wanted: Collection[str] | None = None,
) -> dict[str, pd.DataFrame]:
    """<stage>.parquet for each group of models. What cannot be estimated is a row with its reason.

    Of the tables only those in `wanted`, the names of files, if it is given.
    """
    tables = {"sample": sample, "background": background, "shares": shares, "weekly": weekly}
    tables |= {"durations": durations, "followup": followup, "exclusions": exclusions}
    stages = None if wanted is None else {name.removesuffix(".parquet") for name in wanted}
    found = estimate_all(models, gather_data(tables, study, variables), stages)
    return {f"{stage}.parquet": table for stage, table in found.items()}
