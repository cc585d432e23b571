"""Which trial numbers name one person in both extracts, and what the names of one extract are in the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Collection

FACTS = {"treated": "arm", "allocation_date": "draw"}
HALF = 0.5


@dataclass(frozen=True)
class Linked:
    """The persons of two trials.

    common: the numbers that name one person in both, none where the numbers do not say who is who. both: how many
    numbers both trials have; alike: how many of them agree in everything of `compared`; others: how many name another
    person in each, though most do not.
    """

    common: frozenset[int]
    both: int
    alike: int
    compared: tuple[str, ...]
    others: int


def link_persons(old: Mapping[str, pd.DataFrame], new: Mapping[str, pd.DataFrame]) -> Linked:
    """Link the persons of two extracts, by the tables of ingest, by their trial numbers.

    Nobody is linked unless most numbers that both have agree in arm, draw, stratum and cluster. Most is halfway from
    what persons put side by side by chance agree in to all: where only the arm is known, half of them agree whoever
    they are. Of the others each number is judged for itself, by the codes of its person in the register: a list whose
    numbers are shifted from some line on names others from there. Where the codes cannot tell, by most of the facts.
    """
    trials = [tables["trial"] for tables in (old, new)]
    shared = trials[0].columns.intersection(trials[1].columns)
    columns = [name for name in shared if name in FACTS or name.endswith("_name")]
    both = [trial.set_index("person")[columns] for trial in trials]
    numbers = both[0].index.intersection(both[1].index)
    before, after = (table.loc[numbers] for table in both)
    names = name_columns(trials[0], trials[1])
    before[names] = translated(before[names], before[names], after[names])
    agree = before == after
    facts = [pd.Series(list(frame.itertuples(index=False, name=None)), dtype=object) for frame in (before, after)]
    shares = [side.value_counts(normalize=True) for side in facts]
    by_chance = shares[0].mul(shares[1], fill_value=0.0).sum()
    alike = agree.all(axis=1)
    is_linked = len(numbers) > 0 and alike.mean() >= (1 + by_chance) / 2
    own = (agree.mean(axis=1) >= HALF).to_numpy()
    by_codes = _same_codes(old["register_weeks"], new["register_weeks"], numbers)
    if by_codes.mean() >= HALF:  # else all codes are others, which says nothing of who is who
        own[numbers.get_indexer(by_codes.index)] = by_codes
    common = frozenset(numbers[own].tolist()) if is_linked else frozenset[int]()
    compared = tuple(FACTS.get(name, name.removesuffix("_name")) for name in columns)
    return Linked(common, len(numbers), int(alike.sum()), compared, len(numbers) - len(common) if is_linked else 0)


def _same_codes(old: pd.DataFrame, new: pd.DataFrame, persons: pd.Index) -> pd.Series:
    """By person whether the codes of the weeks that both know are those of one person; missing where they cannot tell.

    They are if they agree, recoded as most cells are, at least halfway from what they would with anybody's to wholly.
    """
    tables = [table.loc[table["person"].isin(persons), ["person", "week", "code"]].dropna() for table in (old, new)]
    both = tables[0].merge(tables[1], on=["person", "week"], suffixes=("_old", "_new"))
    before, after = (both[[f"code_{side}"]].astype(object).set_axis(["code"], axis=1) for side in ("old", "new"))
    both = both.assign(before=translated(before, before, after)["code"], after=after["code"])
    anybody = both.groupby("week")["after"].value_counts(normalize=True).rename("by_chance").reset_index()
    both = both.merge(
        anybody, how="left", left_on=["week", "before"], right_on=["week", "after"], suffixes=("", "_any")
    )
    both = both.assign(agrees=both["before"] == both["after"], by_chance=both["by_chance"].fillna(0.0))
    shares = both.groupby("person")[["agrees", "by_chance"]].mean()
    tells = shares[shares["by_chance"] < 1]
    return tells["agrees"] >= (1 + tells["by_chance"]) / 2


def name_columns(old: pd.DataFrame, new: pd.DataFrame) -> list[str]:
    """The columns of names that two trials have."""
    return [name for name in old.columns.intersection(new.columns) if name.endswith("_name")]


def in_names_of(trial: pd.DataFrame, other: pd.DataFrame, common: Collection[int]) -> pd.DataFrame:
    """A trial with strata and clusters of those who are not `common` as `other` calls them."""
    columns, is_common = name_columns(trial, other), trial["person"].isin(list(common))
    persons = trial.loc[is_common, "person"]
    before, after = (table.set_index("person").loc[persons, columns] for table in (trial, other))
    found = trial.copy()
    found.loc[~is_common, columns] = translated(trial.loc[~is_common, columns], before, after)
    return found


def translated(names: pd.DataFrame, before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """The rows of `names` as most persons who have them in `before` have them in `after` (the same persons, in order).

    The whole row counts, stratum and cluster, since two strata may be one now; where nobody has it, each name alone;
    where nobody has that, the name stays.
    """
    if before.empty or names.empty:
        return names
    whole = _usual(names, before, after)
    each = pd.concat([_usual(names[[name]], before[[name]], after[[name]]) for name in names], axis=1)
    return whole.fillna(each).fillna(names)


def _usual(names: pd.DataFrame, before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """The most frequent row of `after` for each of `names`, of equally frequent ones the row itself."""
    columns = list(names)
    sides = [table.reset_index(drop=True).add_suffix(side) for table, side in ((before, ""), (after, "/after"))]
    counts = pd.concat(sides, axis=1).value_counts().rename("count").reset_index()
    counts["stays"] = (counts[columns].to_numpy() == counts[[f"{name}/after" for name in columns]].to_numpy()).all(1)
    ordered = counts.sort_values(
        ["count", "stays", *counts.columns[:-2]], ascending=[False, False, *[True] * 2 * len(columns)]
    )
    first = ordered.drop_duplicates(columns)
    found = names.merge(first, how="left", on=columns)[[f"{name}/after" for name in columns]]
    return found.set_axis(columns, axis=1).set_axis(names.index)
