"""The estimates by address, each with what resampling says of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, get_args

from pipeline.settings.exhibits import Statistic

if TYPE_CHECKING:
    import pandas as pd


def index_estimates(estimates: Iterable[pd.DataFrame], inference: pd.DataFrame | None) -> dict[str, dict[Any, Any]]:
    """The rows of tables of estimates by estimate_id, each with the columns of its row of `inference`.

    An estimate without such a row has those columns missing.
    """
    further = {} if inference is None else inference.set_index("estimate_id").to_dict("index")
    nothing = dict.fromkeys(get_args(Statistic), float("nan"))
    return {
        row["estimate_id"]: {**nothing, **row, **further.get(row["estimate_id"], {})}
        for table in estimates
        for row in table.to_dict("records")
    }
