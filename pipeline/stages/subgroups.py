"""Effects by self-efficacy and by background at the end of follow-up (report section 3.4 and appendix 6.1)."""

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
    """Estimate the models of the stage: model (3) of the report, Tables 3.3, 3.4 and 6.1.

    Each split gives 'treated:low' and 'treated:high', and for either group 'control_mean:<group>' and 'size:<group>',
    its share of the persons of the estimation sample.
    """
    tables = {"sample": sample, "background": background, "shares": shares}
    return {"subgroups.parquet": estimate_stage("subgroups", tables, models, study)}
