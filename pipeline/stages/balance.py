"""Balance of the risk factors between the arms (report section 2.7, Table 2.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline.config import Study
from pipeline.estimation import estimate_stage

if TYPE_CHECKING:
    import pandas as pd


def run(
    sample: pd.DataFrame, background: pd.DataFrame, variables: pd.DataFrame, models: Mapping[str, Any], study: Study
) -> dict[str, pd.DataFrame]:
    """Estimate the models of the stage: each risk factor of the dictionary on allocation, in their samples."""
    tables = {"sample": sample, "background": background}
    return {"balance.parquet": estimate_stage("balance", tables, models, study, variables)}
