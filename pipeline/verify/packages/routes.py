"""Which package gives the estimates of which estimator."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pandas as pd

from pipeline.verify.packages import descriptions, exits, least_squares, tobit
from pipeline.verify.packages.least_squares import Row
from pipeline.verify.packages.trial import Trial

ROUTES: Mapping[str, Callable[[Mapping[str, Any], Trial], Iterator[Row]]] = {
    "ols": least_squares.ordinary,
    "group_ols": least_squares.means,
    "stratum_effects": least_squares.by_stratum,
    "discrete_hazard": exits.hazard,
    "kaplan_meier": exits.survival,
    "tobit": tobit.prognosis,
    "mean": descriptions.means,
    "density": descriptions.densities,
    "count": descriptions.counts,
}


def estimate(name: str, trial: Trial) -> pd.DataFrame:
    """The estimates of a model, a row an address; none of an estimator that has no second route."""
    model = trial.definitions.model(name)
    route = ROUTES.get(model["estimator"])
    rows = [] if route is None else list(route(model, trial))
    table = pd.DataFrame(rows).assign(model=name)
    if not rows:
        return table
    week = table["week"].map(lambda value: "" if pd.isna(value) else str(int(value)))
    return table.assign(
        estimate_id=name + "/" + table["sample"] + "/" + table["outcome"] + "/" + week + "/" + table["parameter"]
    )
