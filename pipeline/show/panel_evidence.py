"""What vouches for the numbers of a page, as its panels say it: the second route, the walk to cells, the chain of files.

make verify writes the first two, and a build that was not verified since has neither; whatever it wrote of a number that
is another now is left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from os.path import commonprefix
from typing import TYPE_CHECKING, Any

from pipeline.show.panel_words import fill_known
from pipeline.show.panels import STATISTICS, round_statistic

if TYPE_CHECKING:
    import pandas as pd

LEGIBLE = 6  # significant digits that a panel shows of a statistic


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


def describe_walks(walked: pd.DataFrame, counts: pd.DataFrame, addresses: Sequence[str], arms: Mapping[str, str]) -> dict[str, Any]:
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
