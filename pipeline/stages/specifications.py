"""Every curve of specifications of models.toml: its estimates, and the tests of the whole curve."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline.estimate.curve_tests import estimate_curves
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
    """specifications.parquet: a row for each specification, and the numbers of each curve under the sample `curve`."""
    tables = {"sample": sample, "background": background, "shares": shares, "weekly": weekly}
    tables |= {"durations": durations, "followup": followup, "exclusions": exclusions}
    return {"specifications.parquet": estimate_curves(models, gather_data(tables, study, variables))}
