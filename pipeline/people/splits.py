"""Groups that models compare: the two sides of a variable, and the rest of a person's team."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pipeline.errors import InputError
from pipeline.settings.study import Peers, Study, given_bound

if TYPE_CHECKING:
    import pandas as pd

TextArray = npt.NDArray[np.str_]
LOW, HIGH, NEITHER = "low", "high", ""
LOW_PEERS, HIGH_PEERS = "low_peers", "high_peers"


def split_people(people: pd.DataFrame, name: str, study: Study) -> TextArray:
    """'low' or 'high' for each of n people by the split `name` of study.toml, '' without its variable.

    Report section 3.4, model (3). Raises InputError for a split that is not defined and a variable that does not exist.
    """
    place = f"study.toml, splits.{name}"
    if name not in study.splits:
        raise InputError(f"study.toml: no split '{name}'. Splits defined: {', '.join(study.splits)}.")
    split = study.splits[name]
    if split.variable not in people:
        raise InputError(f"{place}: no variable '{split.variable}' in background.parquet. Mend its name.")
    values = people[split.variable].to_numpy(dtype=float)
    known = np.isfinite(values)
    comparison, bound = given_bound(split)
    if not known.any():
        return np.full(len(values), NEITHER)
    limit = float(np.median(values[known])) if isinstance(bound, str) else bound
    low = values < limit if comparison == "below" else values <= limit
    return np.where(known, np.where(low, LOW, HIGH), NEITHER)


def classify_peers(people: pd.DataFrame, peers: Peers, cluster: str, only_treated: bool = False) -> TextArray:
    """'low_peers' or 'high_peers' for each of n people, '' if nobody else in the `cluster` has the variable.

    Low if the share of the other members of the cluster below the bound exceeds the limit; members without the variable
    do not count, nor, with only_treated, those who were not offered the course. `people` are all analysed persons.
    Report section 3.5, model (4) and footnote 13. Raises InputError for a variable that does not exist.
    """
    if peers.variable not in people:
        raise InputError(f"study.toml, table [peers]: no variable '{peers.variable}'. Mend its name.")
    values = people[peers.variable].to_numpy(dtype=float)
    _, team = np.unique(people[cluster].to_numpy(dtype=str), return_inverse=True)
    if only_treated:
        values = np.where(people["treated"].to_numpy(dtype=float) == 1, values, np.nan)
    known, low = np.isfinite(values), values < peers.below
    members, below = np.bincount(team, weights=known), np.bincount(team, weights=low)
    if not known.any():
        return np.full(len(values), NEITHER)
    shares = below[members > 0] / members[members > 0]
    limit = float(np.median(shares)) if isinstance(peers.exceeds, str) else peers.exceeds
    others = members[team] - known
    share = np.divide(below[team] - low, others, out=np.full(len(values), np.nan), where=others > 0)
    return np.where(others > 0, np.where(share > limit, LOW_PEERS, HIGH_PEERS), NEITHER)
