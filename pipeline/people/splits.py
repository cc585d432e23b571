"""Groups that models compare: the two sides of a variable, and the rest of a person's team."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from pipeline.errors import InputError
from pipeline.settings.study import Peers, Split, Study

if TYPE_CHECKING:
    import pandas as pd

TextArray = npt.NDArray[np.str_]
LOW, HIGH, NEITHER = "low", "high", ""
LOW_PEERS, HIGH_PEERS = "low_peers", "high_peers"


def split_people(people: pd.DataFrame, name: str, study: Study) -> TextArray:
    """'low' or 'high' for each of n people by the split `name` of study.toml, '' without its variable.

    Report section 3.4, model (3). Raises InputError for a split that is not defined, a variable that does not exist, a
    split without exactly one bound, or one with an empty side.
    """
    place = f"study.toml, splits.{name}"
    if name not in study.splits:
        raise InputError(f"study.toml: no split '{name}'. Splits defined: {', '.join(study.splits)}.")
    split = study.splits[name]
    if split.variable not in people:
        raise InputError(f"{place}: no variable '{split.variable}' in background.parquet. Mend its name.")
    values = people[split.variable].to_numpy(dtype=float)
    known = np.isfinite(values)
    comparison, bound = _bound(split, place)
    limit = float(np.median(values[known])) if bound == "median" and known.any() else bound
    if limit == "median":
        raise InputError(f"{place}: nobody has the variable '{split.variable}', so it has no median.")
    low = values < limit if comparison == "below" else values <= limit
    sides = np.where(known, np.where(low, LOW, HIGH), NEITHER)
    counts = {side: int((sides == side).sum()) for side in (LOW, HIGH)}
    if not all(counts.values()):
        raise InputError(
            f"{place}: {counts[LOW]} persons are low and {counts[HIGH]} high, so there is nothing to compare. "
            "Move the bound, or take the split out of the models."
        )
    return sides


def _bound(split: Split, place: str) -> tuple[str, float | Literal["median"]]:
    given = [(name, bound) for name in ("below", "at_most") if (bound := getattr(split, name)) is not None]
    if len(given) != 1:
        raise InputError(f"{place}: {len(given)} bounds. Give exactly one of below, at_most.")
    return given[0]


def classify_peers(people: pd.DataFrame, peers: Peers) -> TextArray:
    """'low_peers' or 'high_peers' for each of n people, '' if nobody else in the team has the variable.

    Low if the share of the other members of the team below the bound exceeds the limit; members without the variable
    do not count. `people` are all analysed persons. Report section 3.5, model (4) and footnote 13. Raises InputError
    for a variable that does not exist.
    """
    if peers.variable not in people:
        raise InputError(f"study.toml, table [peers]: no variable '{peers.variable}'. Mend its name.")
    values = people[peers.variable].to_numpy(dtype=float)
    _, team = np.unique(people["team"].to_numpy(dtype=str), return_inverse=True)
    known, low = np.isfinite(values), values < peers.below
    members, below = np.bincount(team, weights=known), np.bincount(team, weights=low)
    limit = float(np.median(below[members > 0] / members[members > 0])) if peers.exceeds == "median" else peers.exceeds
    others = members[team] - known
    share = np.divide(below[team] - low, others, out=np.full(len(values), np.nan), where=others > 0)
    return np.where(others > 0, np.where(share > limit, LOW_PEERS, HIGH_PEERS), NEITHER)
