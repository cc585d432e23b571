"""The main effects under other models (report chapter 4)."""

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
    """Estimate the models of the stage: models (5) to (7), and the wait as a covariate (Table 4.1, Figure 4.1)."""
    tables = {"sample": sample, "background": background, "shares": shares}
    return {"robustness.parquet": estimate_stage("robustness", tables, models, study)}
