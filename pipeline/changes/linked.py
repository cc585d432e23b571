"""Which trial numbers name one person in both extracts."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

FACTS = {"treated": "arm", "allocation_date": "draw"}


@dataclass(frozen=True)
class Linked:
    """The persons of two trials.

    common: the numbers that name one person in both, none where the numbers do not say who is who. both: how many
    numbers both trials have; alike: how many of them agree in everything of `compared`.
    """

    common: frozenset[int]
    both: int
    alike: int
    compared: tuple[str, ...]


def link_persons(old: pd.DataFrame, new: pd.DataFrame) -> Linked:
    """Link two trials by their numbers, unless most numbers that both have disagree in arm, draw, stratum or cluster.

    A stratum or cluster agrees if it is the one that most persons of the old one are in now: a new name is no new
    person. Most is halfway from what persons put side by side by chance agree in to all: where only the arm is known,
    half of them agree whoever they are.
    """
    columns = [name for name in old.columns.intersection(new.columns) if name in FACTS or name.endswith("_name")]
    both = old.merge(new, on="person", suffixes=("_old", "_new"))
    before = pd.DataFrame({name: _renamed(both, name) for name in columns}, index=both.index)
    after = pd.DataFrame({name: both[f"{name}_new"] for name in columns}, index=both.index)
    facts = [pd.Series(list(frame.itertuples(index=False, name=None)), dtype=object) for frame in (before, after)]
    agrees = facts[0] == facts[1]
    shares = [side.value_counts(normalize=True) for side in facts]
    by_chance = shares[0].mul(shares[1], fill_value=0.0).sum()
    is_linked = len(both) > 0 and agrees.mean() >= (1 + by_chance) / 2
    common = frozenset(both["person"].tolist()) if is_linked else frozenset[int]()
    compared = tuple(FACTS.get(name, name.removesuffix("_name")) for name in columns)
    return Linked(common, len(both), int(agrees.sum()), compared)


def _renamed(both: pd.DataFrame, column: str) -> pd.Series:
    """The column of the earlier trial, a name as the one that most of its persons have in the later."""
    before, after = both[f"{column}_old"], both[f"{column}_new"]
    if not column.endswith("_name") or both.empty:
        return before
    return before.map(after.groupby(before).agg(lambda names: names.mode().iloc[0]))
