"""What is drawn, drawn again by the convention that a reader needs to make the same draws with any program.

The random numbers of a name are Philox's (Salmon et al. 2011; numpy's 4x64) with the first 16 bytes of the SHA-256 of
seed and names, joined by zero bytes, as its key, little end first. The lot: each block, by the name "lot" and its own,
has a row of uniform numbers a draw, one a person in the order of cluster and number of person; those with the smallest
are treated. The signs: by the name "signs", a row of uniform numbers a draw, one a cluster in the order of names, minus
below one half. Where there are no more other lots or signs than draws, they are all of them.
"""

from __future__ import annotations

from hashlib import sha256
from itertools import combinations, product
from math import comb, prod
from typing import NamedTuple

import numpy as np
import pandas as pd

from pipeline.verify.packages.trial import Trial


def numbers(seed: int, *names: str) -> np.random.Generator:
    """The random numbers of a name."""
    key = sha256("\0".join([str(seed), *names]).encode()).digest()[:16]
    return np.random.Generator(np.random.Philox(key=int.from_bytes(key, "little")))


class Drawn(NamedTuple):
    """A column a draw: whether each person is treated, a row a person; the sign of each cluster, a row a name."""

    lots: pd.DataFrame
    signs: pd.DataFrame


def draw(trial: Trial) -> Drawn:
    """The draws of a trial."""
    return Drawn(lots(trial), signs(trial))


def lots(trial: Trial) -> pd.DataFrame:
    """A row a person, a column a draw: whether the person is treated."""
    draws, seed = trial.definitions.draws, trial.definitions.seed
    people = trial.people.assign(cluster_=trial.cluster_names(trial.people), block_=trial.blocks(trial.people))
    blocks = {str(name): own.sort_values("cluster_", kind="stable") for name, own in people.groupby("block_")}
    counts = {name: (len(own), int(own["treated"].sum())) for name, own in blocks.items()}
    if prod(comb(*count) for count in counts.values()) - 1 <= draws:
        return _every_lot(blocks, people["treated"])
    parts = []
    for name, own in blocks.items():
        ranks = numbers(seed, "lot", name).random((draws, len(own))).argsort(axis=1).argsort(axis=1)
        parts.append(pd.DataFrame((ranks < counts[name][1]).T, own.index))
    return pd.concat(parts).loc[trial.people.index]


def _every_lot(blocks: dict[str, pd.DataFrame], treated: pd.Series) -> pd.DataFrame:
    each = [combinations(own.index, int(own["treated"].sum())) for own in blocks.values()]
    every = [set().union(*chosen) for chosen in product(*each)]
    lots = pd.DataFrame({place: treated.index.isin(list(chosen)) for place, chosen in enumerate(every)}, treated.index)
    return lots.loc[:, ~lots.eq(treated == 1, axis=0).all()]


def signs(trial: Trial) -> pd.DataFrame:
    """A row a cluster by name, a column a draw: 1 or -1."""
    names, draws = sorted(set(trial.cluster_names(trial.people))), trial.definitions.draws
    if 2 ** len(names) - 1 <= draws:
        return pd.DataFrame(list(product((1.0, -1.0), repeat=len(names)))[1:], columns=names).T
    uniform = numbers(trial.definitions.seed, "signs").random((draws, len(names)))
    return pd.DataFrame(np.where(uniform < 0.5, -1.0, 1.0).T, names)
