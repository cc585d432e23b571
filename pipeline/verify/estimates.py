"""The stored estimates beside those that packages make of the derived tables."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.verify.agreement import Agreement

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.verify.packages.trial import Trial

TABLES = ("sample", "background", "shares", "weekly", "durations", "followup", "exclusions", "groups")
STATISTICS = (
    "estimate", "se", "df", "p_value", "ci_low", "ci_high", "n", "n_treated", "n_control", "n_clusters", "control_mean",
)  # fmt: skip
# Packages that solve in another way differ by rounding; a maximum that is searched for by where the search stops, and
# a Hessian by differences by the square of their step.
TOLERANCE: Mapping[str, float] = {"tobit": 1e-6, "discrete_hazard": 1e-7}
EXACT = 1e-9
NO_ROUTE = "no package makes it"
NO_ESTIMATE = "missing on the first route, which says why; the second has none either"


def compare_estimates(settings: Path, derived: Path, progress: Callable[[str], None]) -> list[Agreement]:
    """A count for each model, of every statistic of every estimate; models are tried side by side."""
    trial = read_trial(settings, derived)
    names = sorted(trial.definitions.models, key=lambda name: -_weight(name, trial))
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    found = {}
    with ProcessPoolExecutor(max_workers=os.cpu_count(), mp_context=get_context("spawn")) as pool:
        tasks = {name: pool.submit(compare_model, settings, derived, name) for name in names}
        for number, name in enumerate(names, 1):
            found[name] = tasks[name].result()
            progress(f"{name} ({number} of {len(names)} models)")
    return [found[name] for name in trial.definitions.models]


def _weight(name: str, trial: Trial) -> int:
    """How many estimates a model may have, to begin with the longest."""
    model = trial.definitions.model(name)
    return len(trial.definitions.weeks(model)) * max(1, len(model.get("splits", ()))) * len(model["outcomes"])


def read_trial(settings: Path, derived: Path) -> Trial:
    """The derived tables and the definitions, as the packages take them."""
    import tomllib

    import pandas as pd

    from pipeline.verify.packages.definitions import Definitions
    from pipeline.verify.packages.trial import gather

    study, models, outcomes = (
        tomllib.loads((settings / f"{name}.toml").read_text(encoding="utf-8")) for name in ("study", "models", "outcomes")
    )
    variables = pd.read_csv(settings / "variables.csv", dtype=str, keep_default_na=False)
    tables = {name: pd.read_parquet(derived / f"{name}.parquet") for name in TABLES}
    return gather(tables, Definitions(study, models, outcomes, variables))


def compare_model(settings: Path, derived: Path, name: str) -> Agreement:
    """The count of one model."""
    import pandas as pd

    from pipeline.verify.packages.routes import ROUTES, estimate

    trial = read_trial(settings, derived)
    model = trial.definitions.model(name)
    stored = pd.read_parquet(derived / "estimates" / f"{model['stage']}.parquet")
    stored = stored[stored["model"] == name].set_index("estimate_id")
    found = Agreement(f"model {name}", TOLERANCE.get(model["estimator"], EXACT))
    if model["estimator"] not in ROUTES:
        found.not_tried, found.why = len(stored), NO_ROUTE
        return found
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        second = estimate(name, trial).set_index("estimate_id").reindex(columns=list(STATISTICS)).to_dict("index")
    for address, row in _rows(stored):
        other = second.pop(address, None)
        if other is None and row["estimate"] is None:
            found.not_tried, found.why = found.not_tried + 1, NO_ESTIMATE
            continue
        for statistic in STATISTICS:
            found.count(f"{address} {statistic}", row[statistic], "none" if other is None else other[statistic])
    for address in second:
        found.count(address, "none", second[address]["estimate"])
    return found


def _rows(stored: pd.DataFrame) -> Iterator[tuple[str, dict[str, object]]]:
    cells = stored[list(STATISTICS)].astype(object)
    for address, row in cells.where(cells.notna(), None).to_dict("index").items():
        yield str(address), row
