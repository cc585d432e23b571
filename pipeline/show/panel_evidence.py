"""What vouches for the numbers of a page, as its panels say it: the second route, the walk to cells, the chain of files.

make verify writes the first two, and a build that was not verified since has neither; whatever it wrote of a number that
is another now is left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os.path import commonprefix
from typing import TYPE_CHECKING, Any

from pipeline.show.panel_words import fill_known
from pipeline.show.panels import STATISTICS, round_statistic

if TYPE_CHECKING:
    import pandas as pd

LEGIBLE = 6  # significant digits that a panel shows of a statistic


@dataclass(frozen=True)
class Verified:
    """What make verify wrote: second routes, walks, the counts of cells that they name, and the facts of the run."""

    second: pd.DataFrame
    walked: pd.DataFrame
    counts: pd.DataFrame
    facts: Mapping[str, Any]

    @staticmethod
    def of(
        second: pd.DataFrame | None,
        walked: pd.DataFrame | None,
        counts: pd.DataFrame | None,
        facts: Mapping[str, Any] | None,
    ) -> Verified | None:
        """All four together; none if one is missing, as after a build that was not verified."""
        if second is None or walked is None or counts is None or facts is None:
            return None
        return Verified(second, walked, counts, facts)


def with_evidence(
    panels: Mapping[str, Any], shown: pd.DataFrame, provenance: Mapping[str, Any] | None, verified: Verified | None
) -> dict[str, Any]:
    """The content of panels.json with the evidence for its numbers, and `vouched`, a line that sums it up."""
    ui, content = panels["ui"], dict(panels)
    if provenance is not None:
        content["provenance"] = describe_provenance(provenance)
    if verified is None:
        return {**content, "vouched": ui["not_verified"]}
    ids, addresses = list(dict.fromkeys(shown["estimate_id"])), shown["cell_id"].to_list()
    arms = {arm: ui[arm] for arm in ("treated", "control")}
    second = describe_second(verified.second, panels, ids)
    walks = describe_walks(verified.walked, verified.counts, addresses, arms)
    return {**content, "verified": {**second, **walks}, "vouched": _sum_up(second, walks, panels)}


def _sum_up(second: Mapping[str, Any], walks: Mapping[str, Any], panels: Mapping[str, Any]) -> str:
    """How many of the numbers shown are vouched for now, counted here and not taken from what was written."""
    walked = [gap for gap in walks["walked"]["gap"] if gap is not None]
    tried = [entry for _, *entries in second["second"].values() for entry in entries if entry is not None]
    agreed = sum(not isinstance(entry, list) or bool(entry[2]) for entry in tried)
    words = {
        "walked": len(walked),
        "shown": len(walks["walked"]["gap"]),
        "gap": f"{max(map(abs, walked), default=0.0):.0e}",
        "agreed": agreed,
        "tried": len(tried),
    }
    thousands = panels["thousands"]
    texts = {name: f"{word:,}".replace(",", thousands) if isinstance(word, int) else word for name, word in words.items()}
    return fill_known(panels["ui"]["vouched"], texts)


def describe_second(second: pd.DataFrame, panels: Mapping[str, Any], ids: Sequence[str]) -> dict[str, Any]:
    """By place of an estimate in `ids` the route and, statistic by statistic, the difference.

    A difference alone agrees; [difference, value, whether it agrees] is written where the second value reads otherwise.
    """
    places, values = {name: place for place, name in enumerate(ids)}, panels["estimates"]["values"]
    routes: dict[str, int] = {}
    found: dict[str, list[Any]] = {}
    for row in second[second["estimate_id"].isin(places)].to_dict("records"):
        place, column = places[row["estimate_id"]], STATISTICS.index(row["statistic"])
        if values[place][column] is None or values[place][column] != round_statistic(row["first"]):
            continue  # another number stands here now, or none
        route = routes.setdefault(row["route"], len(routes))
        entry = found.setdefault(str(place), [route, *[None] * len(STATISTICS)])
        entry[1 + column] = _difference(row)
    return {"second": found, "routes": list(routes)}


def _difference(row: Mapping[Any, Any]) -> float | list[Any]:
    difference = float(f"{row['difference']:.0e}")
    is_same = f"{row['first']:.{LEGIBLE}g}" == f"{row['second']:.{LEGIBLE}g}"
    if row["agrees"] and is_same:
        return difference
    value = None if math.isnan(row["second"]) else round_statistic(row["second"])
    return [difference, value, int(row["agrees"])]


def describe_walks(
    walked: pd.DataFrame, counts: pd.DataFrame, addresses: Sequence[str], arms: Mapping[str, str]
) -> dict[str, Any]:
    """Of every number its gap, how many cells give it back and the table that counts them, each table once.

    A table is what it adds to the one before: rows of arm, group, first and last week, and cells, or none if few.
    """
    rows = walked.set_index("cell_id").reindex(addresses)
    used = rows["counts"].dropna().astype(int)
    order = {number: place for place, number in enumerate(dict.fromkeys(used))}
    groups, names = dict[str, int](), list(arms)
    tables = dict.fromkeys(order, ()) | {
        number: tuple(_count_row(row, names, groups) for row in table.to_dict("records"))
        for number, table in counts[counts["counts"].isin(order)].groupby("counts", sort=False)
    }
    listed = [tables[number] for number in order]
    shared = [len(commonprefix([before, table])) for before, table in zip([(), *listed], listed, strict=False)]
    return {
        "walked": {
            "gap": [None if math.isnan(gap) else float(f"{gap:.0e}") for gap in rows["gap"]],
            "cells": [None if math.isnan(number) else int(number) for number in rows["n_cells"].astype(float)],
            "counts": [None if math.isnan(number) else order[int(number)] for number in rows["counts"].astype(float)],
        },
        "counts": {
            "arms": list(arms.values()),
            "groups": list(groups),
            "shared": shared,
            "rest": [table[length:] for table, length in zip(listed, shared, strict=True)],
        },
    }


def _count_row(row: Mapping[Any, Any], arms: Sequence[str], groups: dict[str, int]) -> tuple[int | None, ...]:
    def whole(value: Any) -> int | None:
        return None if value is None or value != value else int(value)

    group = groups.setdefault(row["group"], len(groups))
    return (arms.index(row["arm"]), group, whole(row["first_week"]), whole(row["last_week"]), whole(row["n"]))


def describe_provenance(provenance: Mapping[str, Any]) -> dict[str, Any]:
    """The head, the commit, and every file as [path, SHA-256, maker, places of what it rests on]."""
    paths = {path: place for place, path in enumerate(provenance["files"])}
    makers: dict[str, int] = {}
    files = [
        [
            path,
            file["sha256"],
            makers.setdefault(file["made_by"], len(makers)),
            [paths[source] for source in file["rests_on"] if source in paths],
        ]
        for path, file in provenance["files"].items()
    ]
    own = {name: provenance[name] for name in ("head", "commit", "is_clean")}
    return {**own, "files": files, "makers": list(makers)}
