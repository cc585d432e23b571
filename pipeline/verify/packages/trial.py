"""The analysed persons as one frame, and what a model takes from it: sample, groups, outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pipeline.verify.packages.definitions import Definitions

COMPARE = {"below": "lt", "at_most": "le", "at_least": "ge", "above": "gt", "equals": "eq"}
CONSTANT = "constant"


@dataclass(frozen=True)
class Trial:
    """The derived tables: people by person, the others as they are stored, and the definitions."""

    people: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
    definitions: Definitions

    def sample(self, name: str) -> pd.DataFrame:
        """The persons for whom every condition of a sample holds."""
        chosen = self.people
        for variable, comparison, bound in self.definitions.conditions(name):
            chosen = chosen[getattr(chosen[variable], COMPARE[comparison])(bound)]
        return chosen

    def sides(self, people: pd.DataFrame, split: str) -> pd.Series:
        """'low' or 'high' by a split of study.toml; missing without its variable."""
        row = self.definitions.study["splits"][split]
        values = people[row["variable"]].astype(float)
        comparison = "below" if "below" in row else "at_most"
        bound = values.median() if row[comparison] == "median" else row[comparison]
        low = getattr(values, COMPARE[comparison])(bound)
        return low.map({True: "low", False: "high"}).where(values.notna())

    def peers(self, among: str = "everybody") -> pd.Series:
        """'low_peers' where the share of the others of the cluster below the bound exceeds the limit; of everybody.

        Or, among those who are treated, of the others who are.
        """
        rule, cluster = self.definitions.study["peers"], self.people[self.definitions.grouping("cluster")]
        values = self.people[rule["variable"]].astype(float)
        if among == "treated":
            values = values.where(self.people["treated"] == 1)
        below = (values < rule["below"]).astype(float).where(values.notna())
        grouped = below.groupby(cluster)
        of_all, known = grouped.mean(), grouped.transform("count") - below.notna()
        others = (grouped.transform("sum") - below.fillna(0)) / known.where(known > 0)
        limit = of_all.median() if rule["exceeds"] == "median" else rule["exceeds"]
        return (others > limit).map({True: "low_peers", False: "high_peers"}).where(others.notna())

    def groups(self, people: pd.DataFrame, model: Mapping[str, Any], split: str) -> pd.DataFrame:
        """The side, and the group whose effect it is, of the persons who have both."""
        sides = self.sides(people, split)
        groups = sides
        if model.get("peers", "none") != "none":
            peers = self.peers(model.get("peers_among", "everybody")).reindex(people.index)
            groups = sides + ":" + peers
            if model["peers"] == "pooled":
                groups = groups.where((sides == "low") | peers.isna(), sides)
        return pd.DataFrame({"side": sides.where(groups.notna()), "group": groups})

    def outcomes(self, model: Mapping[str, Any]) -> pd.DataFrame:
        """The outcomes of a model by person, a column for each outcome and week."""
        names, weeks = self.definitions.outcome_names(model), self.definitions.weeks(model)
        source = model.get("outcome_source") or ("background" if model["weeks"] == "none" else "shares")
        if source == "shares":
            table = self.tables["shares"]
            wide = table[table["outcome"].isin(names)].pivot(
                index="person", columns=["outcome", "week"], values="share"
            )
        elif source in ("complete_weeks", "known_weeks", "every_week"):
            wide = self._of_weeks(names, weeks, source)
        elif source == "weekly":
            weekly = self.tables["weekly"].astype(
                dict.fromkeys(names, "float64")
            )  # an unknown state is a missing number
            wide = weekly.pivot(index="person", columns="week", values=names)
        else:
            table = self.people if source in ("background", "sample") else self.tables[source].set_index("person")
            wide = table[names]
            wide.columns = pd.MultiIndex.from_product([names, [None]])
        chosen = [(name, week) for name in names for week in weeks]
        return wide.reindex(self.people.index)[chosen].astype(float)

    def cluster_names(self, people: pd.DataFrame) -> np.ndarray:
        """The name of each person's cluster; everybody is one where there are none."""
        cluster = self.definitions.grouping("cluster")
        return np.asarray(people[cluster] if cluster else people.index).astype(str)

    def blocks(self, people: pd.DataFrame) -> np.ndarray:
        """The name of the block of each person within which the lot was drawn; everybody is in one where it was not."""
        inside = self.definitions.study["design"].get("drawn_within")
        if inside is None:
            inside = self.definitions.grouping("cluster") or self.definitions.grouping("stratum")
        return np.asarray(people[inside]).astype(str) if inside else np.full(len(people), "")

    def _of_weeks(self, names: list[str], weeks: list[Any], source: str) -> pd.DataFrame:
        """The shares of weeks 1 to each week in a state: of all if they are known, of those known, or of all."""
        weekly = self.tables["weekly"].astype(dict.fromkeys(names, "float64"))
        found: dict[Any, pd.Series] = {}
        for week in weeks:
            own = weekly[weekly["week"].between(1, week)].groupby("person")[names]
            inside, known = own.sum(), own.count()
            share = inside / (known.where(known > 0) if source == "known_weeks" else week)
            found |= {
                (name, week): share[name].where((known[name] == week) | (source != "complete_weeks")) for name in names
            }
        return pd.DataFrame(found)

    def cluster_of(self, people: pd.DataFrame, errors: str = "") -> np.ndarray:
        """The number of each person's cluster, or stratum if `errors` are; everybody is one where there are none."""
        cluster = self.definitions.grouping("cluster")
        if errors and errors == self.definitions.grouping("stratum"):
            cluster = errors
        return np.asarray(pd.factorize(people[cluster] if cluster else people.index)[0])


def labels_of(outcomes: pd.DataFrame) -> list[tuple[str, int | None]]:
    """Outcome and week of each column."""
    columns: list[Any] = outcomes.columns.tolist()
    return [(str(outcome), None if week is None or week != week else int(week)) for outcome, week in columns]


def gather(tables: Mapping[str, pd.DataFrame], definitions: Definitions) -> Trial:
    """The trial of the derived tables by name."""
    sample, background = tables["sample"].set_index("person"), tables["background"].set_index("person")
    new = background[[name for name in background if name not in sample]]
    return Trial(sample.join(new).sort_index(), tables, definitions)
