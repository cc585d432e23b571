"""What may lie behind the effects: scores after the course, the rest of the team, activation (section 3.5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline.config import Study
from pipeline.estimation import estimate_stage

if TYPE_CHECKING:
    import pandas as pd


def run(
    sample: pd.DataFrame,
    background: pd.DataFrame,
    shares: pd.DataFrame,
    weekly: pd.DataFrame,
    followup: pd.DataFrame,
    variables: pd.DataFrame,
    models: Mapping[str, Any],
    study: Study,
) -> dict[str, pd.DataFrame]:
    """Estimate the models of the stage: Tables 3.5, 3.6 and 6.2 and Figure 6.1.

    Model (4) gives 'treated:low:low_peers', the effect on those with low self-efficacy in a team whose other members
    have low self-efficacy, 'treated:low:high_peers', and so on; pooled, 'treated:high' for all with high self-efficacy.
    """
    tables = {"sample": sample, "background": background, "shares": shares, "weekly": weekly, "followup": followup}
    return {"mechanisms.parquet": estimate_stage("mechanisms", tables, models, study, variables)}
