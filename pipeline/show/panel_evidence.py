"""What vouches for the numbers of a page, as its panels say it: second routes, walks to cells, the chain of files.

make verify writes the first two, and a build that was not verified since has neither; whatever it wrote of a number
that is another now is left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.show.panel_words import fill_known
from pipeline.show.panels import DIGITS, STATISTICS, common_length, decimals_of, round_statistic, round_to

if TYPE_CHECKING:
    import pandas as pd

NO_STAGE = ("received", "settings", "code")  # makers of files that no stage writes


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
    panels: Mapping[str, Any],
    shown: pd.DataFrame,
    provenance: Mapping[str, Any] | None,
    verified: Verified | None,
    judged: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The content of panels.json with the evidence for its numbers, and `vouched`, a line that sums it up.

    `judged` is what disclosure control decided: where it is applied no number of cells leaves, for weeks times persons
    give the persons.
    """
    ui, content = panels["ui"], dict(panels)
    if provenance is not None:
        content["provenance"] = describe_provenance(provenance, ui)
    if verified is None:
        return {**content, "vouched": ui["not_verified"] if panels["models"] else ""}
    if provenance is not None and verified.facts["head"] not in ("", provenance["head"]):
        return {**content, "vouched": ui["not_verified"]}  # what was verified is not what the page shows
    second = describe_second(verified.second, panels, list(dict.fromkeys(shown["estimate_id"])))
    arms = {arm: ui[arm] for arm in ("treated", "control")}
    walked = verified.walked
    if judged and judged["applied"]:
        walked = walked.assign(n_cells=None, counts=None)
    walks = describe_walks(walked, verified.counts, shown, arms)
    return {**content, "verified": {**second, **walks}, "vouched": _sum_up(second, walks, panels)}


def _sum_up(second: Mapping[str, Any], walks: Mapping[str, Any], panels: Mapping[str, Any]) -> str:
    """How many of the numbers shown are vouched for now, counted here and not taken from what was written."""
    shown_gaps = walks["walked"]["gap"]
    walked = [gap for gap, is_met in zip(shown_gaps, walks["walked"]["met"], strict=True) if is_met]
    tried = [entry for _, *entries in second["second"].values() for entry in entries if entry is not None]
    agreed = sum(not isinstance(entry, list) or bool(entry[2]) for entry in tried)
    counted = {"walked": len(walked), "shown": len(shown_gaps), "agreed": agreed, "tried": len(tried)}
    words = {name: f"{number:,}".replace(",", panels["thousands"]) for name, number in counted.items()}
    return fill_known(panels["ui"]["vouched"], {**words, "gap": f"{max(map(abs, walked), default=0.0):.0e}"})


def describe_second(second: pd.DataFrame, panels: Mapping[str, Any], ids: Sequence[str]) -> dict[str, Any]:
    """By place of an estimate in `ids` the route and, statistic by statistic, the difference.

    A difference alone agrees; [difference, value, whether it agrees] is written where the second value reads otherwise.
    """
    places, values = {name: place for place, name in enumerate(ids)}, panels["estimates"]["values"]
    digits = panels["estimates"]["digits"]
    routes: dict[str, int] = {}
    found: dict[str, list[Any]] = {}
    told = second["estimate_id"].isin(places) & second["statistic"].isin(STATISTICS)
    for row in second[told].to_dict("records"):
        place, column = places[row["estimate_id"]], STATISTICS.index(row["statistic"])
        places_kept = decimals_of(row["statistic"], digits[place])
        if column >= len(values[place]) or not _is_near(values[place][column], row["first"], places_kept):
            continue  # another number stands here now, or none
        route = routes.setdefault(row["route"], len(routes))
        entry = found.setdefault(str(place), [route, *[None] * len(STATISTICS)])
        entry[1 + column] = _difference(row, places_kept)
    for entry in found.values():
        while entry[-1] is None:
            entry.pop()
    return {"second": found, "routes": list(routes)}


def _is_near(kept: float | None, first: float, decimals: int) -> bool:
    """Whether a panel's statistic is the one that was verified, as far as digits tell that an exhibit may have cut."""
    return kept is not None and abs(kept - first) <= 10.0 ** (1 - decimals)


def _difference(row: Mapping[Any, Any], decimals: int) -> float | list[Any]:
    difference, second = float(f"{row['difference']:.0e}"), round_to(row["second"], decimals)
    if row["agrees"] and second == round_to(row["first"], decimals):
        return difference
    return [difference, second, int(row["agrees"])]


def describe_walks(
    walked: pd.DataFrame, counts: pd.DataFrame, shown: pd.DataFrame, arms: Mapping[str, str]
) -> dict[str, Any]:
    """Of every number its gap, how many cells give it back and the table that counts them, each table once.

    met: whether the gap is beyond the digits of a panel. A table is what it adds to the one before: rows of arm, group,
    first and last week, and cells, or none if few. `arms` are the names of the arms.
    """
    rows = walked.set_index("cell_id").reindex(shown["cell_id"])
    order = {number: place for place, number in enumerate(dict.fromkeys(rows["counts"].dropna().astype(int)))}
    named, groups = dict[str, int](), dict[str, int]()
    tables: dict[int, tuple[Any, ...]] = dict.fromkeys(order, ())
    number: Any
    for number, table in counts[counts["counts"].isin(order)].groupby("counts", sort=False):
        sorted_rows = table.sort_values(["first_week", "arm", "group"], na_position="first").to_dict("records")
        tables[int(number)] = tuple(_count_row(row, named, groups) for row in sorted_rows)
    listed = [tables[number] for number in order]
    shared = [common_length(before, table) for before, table in zip([(), *listed], listed, strict=False)]
    limits = 10.0**-DIGITS * shown["value"].abs().clip(lower=1.0).to_numpy()
    gaps = rows["gap"].to_numpy(dtype=float)
    return {
        "walked": {
            "gap": [None if math.isnan(gap) else float(f"{gap:.0e}") for gap in gaps],
            "met": [bool(abs(gap) <= limit) for gap, limit in zip(gaps, limits, strict=True)],
            "cells": [_whole(number) for number in rows["n_cells"]],
            "counts": [None if number is None else order[number] for number in map(_whole, rows["counts"])],
        },
        "counts": {
            "arms": [arms.get(arm, arm) for arm in named],
            "groups": list(groups),
            "shared": shared,
            "rest": [table[length:] for table, length in zip(listed, shared, strict=True)],
        },
    }


def _count_row(row: Mapping[Any, Any], arms: dict[str, int], groups: dict[str, int]) -> tuple[int | None, ...]:
    arm, group = arms.setdefault(row["arm"], len(arms)), groups.setdefault(row["group"], len(groups))
    return (arm, group, _whole(row["first_week"]), _whole(row["last_week"]), _whole(row["n"]))


def _whole(value: Any) -> int | None:
    """A count as a number, a missing one of any kind as nothing."""
    number = round_statistic(value)
    return None if number is None else int(number)


def describe_provenance(provenance: Mapping[str, Any], ui: Mapping[str, str]) -> dict[str, Any]:
    """The head, the commit, and every file as [path, SHA-256, maker, places of what it rests on].

    What no stage made is received, settings or code, in the words of `ui`.
    """
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
    return {**own, "files": files, "makers": [ui[maker] if maker in NO_STAGE else maker for maker in makers]}
