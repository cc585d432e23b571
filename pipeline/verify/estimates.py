"""The stored estimates beside those that packages make of the derived tables."""

from __future__ import annotations

import tomllib
import warnings
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.verify.agreement import NONE, Agreement, apart_by, is_nothing

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.verify.packages.trial import Trial

TABLES = ("sample", "background", "shares", "weekly", "durations", "followup", "exclusions", "groups")
STATISTICS = (
    "estimate", "se", "df", "p_value", "ci_low", "ci_high", "n", "n_treated", "n_control", "n_clusters", "control_mean",
)  # fmt: skip
# Packages that solve in another way differ by rounding; a maximum that is searched for by where the search stops, and
# a Hessian, or an influence, by differences by the square of their step.
TOLERANCE: Mapping[str, float] = {
    "tobit": 1e-6, "discrete_hazard": 1e-7, "weighted_ols": 1e-7, "lee_bounds": 1e-6, "hazard_power": 1e-7,
    "specifications": 1e-7,
}  # fmt: skip
EXACT = 1e-9
NO_ROUTE = "estimates of an estimator for which there is no package here"
DRAWN = (
    "p-values of whole curves, which are made again of the curve of fewest specifications of least squares on persons "
    "alone, and what scores give of a curve of hazards"
)
NO_ESTIMATE = "estimates missing on the first route, which says why, and on the second"


class Second(NamedTuple):
    """One statistic by both routes: their relative difference, and whether they agree."""

    estimate_id: str
    statistic: str
    first: float | None
    second: float | None
    difference: float | None
    agrees: bool
    route: str


def model_names(settings: Path) -> list[str]:
    """The models of a study, those with most estimates first."""
    from pipeline.verify.packages.definitions import resolve

    models = tomllib.loads((settings / "models.toml").read_text(encoding="utf-8"))

    def weight(name: str) -> int:
        row = resolve(models, name)
        return (80 if row.get("weeks") == "all" else 1) * max(1, len(row.get("splits", ()))) * len(row["outcomes"])

    return sorted(models, key=lambda name: -weight(name))


@lru_cache(maxsize=1)
def read_trial(settings: Path, derived: Path) -> Trial:
    """The derived tables and the definitions, as the packages take them; read once in a process."""
    import pandas as pd

    from pipeline.verify.packages.definitions import Definitions
    from pipeline.verify.packages.trial import gather

    study, models, outcomes = (
        tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        for path in (settings / f"{name}.toml" for name in ("study", "models", "outcomes"))
    )
    variables = pd.read_csv(settings / "variables.csv", dtype=str, keep_default_na=False)
    tables = {name: pd.read_parquet(derived / f"{name}.parquet") for name in TABLES}
    return gather(tables, Definitions(study, models, outcomes, variables))


def compare_model(settings: Path, derived: Path, name: str) -> tuple[Agreement, list[Second]]:
    """The count of one model, and each statistic by both routes."""
    import pandas as pd

    from pipeline.verify.packages.routes import ROUTES, estimate

    trial = read_trial(settings, derived)
    model = trial.definitions.model(name)
    stored = pd.read_parquet(derived / "estimates" / f"{model['stage']}.parquet")
    stored = stored[stored["model"] == name].set_index("estimate_id")
    tolerance, seconds = TOLERANCE.get(model["estimator"], EXACT), list[Second]()
    # A model that nothing feeds has no rows by either route: whatever the second has is compared all the same.
    found = Agreement(f"estimates: {model['estimator']}", tolerance, may_be_empty=stored.empty)
    if model["estimator"] not in ROUTES:
        found.leave(NO_ROUTE, len(stored))
        return found, seconds
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of matrices that are nearly singular: what they give is compared
        second = _by_address(estimate(name, trial))
    for address, row in _rows(stored):
        other = second.pop(address, None)
        if other is None and row["estimate"] is None:
            found.leave(NO_ESTIMATE)
        elif other is None:
            found.count(address, row["estimate"], NONE)
        else:
            seconds += _compare(address, row, other, found)
    for address in second:
        found.count(address, NONE, second[address]["estimate"])
    return found, seconds


def _compare(address: str, row: Mapping[str, Any], other: Mapping[str, Any], found: Agreement) -> Iterator[Second]:
    given = other["gives"].split() if isinstance(other["gives"], str) else list(STATISTICS)
    found.leave(DRAWN, sum(row[statistic] is not None for statistic in STATISTICS if statistic not in given))
    for statistic in given if given != ["nothing"] else ():
        first, second = row[statistic], None if is_nothing(other[statistic]) else float(other[statistic])
        agrees = found.count(f"{address} {statistic}", first, second)
        if first is not None or second is not None:
            apart = apart_by(first, second)
            yield Second(
                address, statistic, first, second, apart if apart < float("inf") else None, agrees, other["route"]
            )


def _by_address(table: pd.DataFrame) -> dict[str, dict[str, Any]]:
    if table.empty:
        return {}
    rows = table.set_index("estimate_id").reindex(columns=[*STATISTICS, "route", "gives"]).to_dict("index")
    return {str(address): {str(name): value for name, value in row.items()} for address, row in rows.items()}


def _rows(stored: pd.DataFrame) -> Iterator[tuple[str, dict[str, Any]]]:
    for address, row in stored[list(STATISTICS)].astype("float64").to_dict("index").items():
        yield str(address), {str(name): None if is_nothing(value) else float(value) for name, value in row.items()}
