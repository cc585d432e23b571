"""Intention-to-treat effect on the share of weeks, for every week of follow-up (report section 3.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline.config import Study
from pipeline.estimation import estimate_stage

if TYPE_CHECKING:
    import pandas as pd


def run(
    sample: pd.DataFrame, background: pd.DataFrame, shares: pd.DataFrame, models: Mapping[str, Any], study: Study
) -> dict[str, pd.DataFrame]:
    """Estimate the models of the stage: model (2) of the report for t = 1..horizon in their samples."""
    tables = {"sample": sample, "background": background, "shares": shares}
    return {"itt.parquet": estimate_stage("itt", tables, models, study)}
