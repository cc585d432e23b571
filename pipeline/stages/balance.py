"""Balance of the risk factors between the arms (report section 2.7, Table 2.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline.config import Study
from pipeline.estimates import estimates_table
from pipeline.models import estimate_ols, outcome_names, read_models

if TYPE_CHECKING:
    import pandas as pd


def run(
    sample: pd.DataFrame, background: pd.DataFrame, variables: pd.DataFrame, models: Mapping[str, Any], study: Study
) -> dict[str, pd.DataFrame]:
    """Estimate the model 'balance': each risk factor of the dictionary on allocation, in its samples."""
    model = read_models(models)["balance"]
    tables = {"sample": sample, "background": background}
    return {"balance.parquet": estimates_table(estimate_ols(model, outcome_names(model, variables), tables, study))}
