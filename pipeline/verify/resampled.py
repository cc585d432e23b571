"""The stored statistics of resampling beside those that plain programs make of the derived tables."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.verify.agreement import NONE, Agreement, apart_by
from pipeline.verify.estimates import EXACT, Second, read_trial

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.verify.packages.again import Drawn

FILE = "inference.parquet"
# By the beginning of a statistic's name the kind it is counted as, what made it again, and of what.
KINDS: Mapping[str, tuple[str, str, str]] = {
    "ri": (
        "draws of the lot",
        "treatment of each draw written out",
        "of the first and last outcome of one family a model",
    ),
    "wild": (
        "signs of clusters",
        "residuals' maker written out",
        "of the first and last outcome of one family a model",
    ),
    "jackknife": ("jackknife", "estimates without each cluster", "of the first and last regression of a model"),
    "cr2": ("CR2", "projection written out", "of the first and last regression of a model"),
    "without": (
        "one cluster left out",
        "estimates without each cluster",
        "of the first and last regression of a model",
    ),
    "family": ("families of tests", "a plain loop over the draws", "of one family a model that has draws made again"),
}
IN_FAMILIES = ("stepdown", "joint", "band", "family")


def kind_of(statistic: str) -> tuple[str, str, str]:
    """Kind, route and what is made again of a statistic."""
    first = statistic.partition("_")[0]
    return KINDS["family" if first in IN_FAMILIES else first]


@lru_cache(maxsize=1)
def _drawn(settings: Path, derived: Path) -> Drawn:
    from pipeline.verify.packages.again import draw

    return draw(read_trial(settings, derived))


def compare_resampled(settings: Path, derived: Path, name: str) -> tuple[list[Agreement], list[Second]]:
    """The counts by kind of one model, and each statistic by both routes."""
    import pandas as pd

    from pipeline.verify.packages.inference import is_resampled, resample

    found = {kind[0]: Agreement(f"inference: {kind[0]}", EXACT, may_be_empty=True) for kind in KINDS.values()}
    trial, path = read_trial(settings, derived), derived / FILE
    model = trial.definitions.model(name)
    if not path.exists() or not is_resampled(model):
        return list(found.values()), []
    table = pd.read_parquet(path).set_index("estimate_id")
    table = table[table.index.str.startswith(f"{name}/")].drop(columns="inference_note")
    estimates = pd.read_parquet(derived / "estimates" / f"{model['stage']}.parquet")
    _require_rows(found["jackknife"], table, estimates[estimates["model"] == name])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of divisions by an error of nothing: what they give is compared
        second = resample(model, trial, _drawn(settings, derived), set(table.index))
    return list(found.values()), list(_compare(table, second, found))


def _require_rows(found: Agreement, table: pd.DataFrame, estimates: pd.DataFrame) -> None:
    """Count each effect that has an error and no row of resampling, or the other way round, as a difference."""
    with_error = estimates[estimates["se"].notna() & estimates["parameter"].str.match(r"treated(_clustered)?(:|$)")]
    for address in sorted(set(with_error["estimate_id"]) ^ set(table.index)):
        has = address in table.index
        found.count(f"{address} row", address if has else NONE, NONE if has else address)


def _compare(
    table: pd.DataFrame, second: Mapping[str, Mapping[str, float]], found: Mapping[str, Agreement]
) -> Iterable[Second]:
    for address, row in table.to_dict("index").items():
        for statistic, first in row.items():
            kind, route, part = kind_of(str(statistic))
            other = second.get(str(address), {}).get(str(statistic))
            if other is None:
                if first == first:
                    found[kind].leave(f"statistics of {kind}, which are made again {part}")
                continue
            agrees = found[kind].count(f"{address} {statistic}", first, other)
            apart = apart_by(first, other)
            yield Second(
                str(address), str(statistic), first, other, apart if apart < float("inf") else None, agrees, route
            )
