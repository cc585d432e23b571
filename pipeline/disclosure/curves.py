"""Curves judged as a whole: survival that steps once for several persons, densities without tails and close points."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pipeline.settings.disclosure import Bounds

Row = Mapping[Any, Any]
NEARLY = 1e-6  # persons: what a step times those at risk may lose in binary arithmetic
BANDWIDTH = re.compile(r"bandwidth ([\d.e+-]+)")


def step_rules(estimates: Sequence[Row], bounds: Bounds) -> list[tuple[str, int]]:
    """Of each week of a survival curve the rule, and the place of the week whose number it has.

    `estimates` are those of one arm, week by week. A week has the survival of the last week by which enough persons
    had left since the step before: the curve steps there and nowhere else. Where few are at risk, or would be left, it
    ends.
    """
    survival = np.array([row["estimate"] for row in estimates], dtype=float)
    at_risk = np.array([row["n"] for row in estimates], dtype=float)
    before = np.concatenate([[1.0], survival[:-1]])
    left = at_risk * (1 - np.divide(survival, before, out=np.ones_like(survival), where=before > 0))
    found: list[tuple[str, int]] = []
    since, step = 0.0, 0
    for week, events in enumerate(left):
        if min(at_risk[week], at_risk[week] - events) < bounds.persons - NEARLY:
            found.append(("few_persons", week))
            continue
        since += events
        if since >= bounds.persons - NEARLY:
            since, step = 0.0, week
        found.append(("few_leave" if since > NEARLY else "", step))
    return found


def density_rules(estimates: Sequence[Row], bounds: Bounds) -> list[tuple[str, int]]:
    """Of each point of a density the rule, and its place; `estimates` are those of one arm, point by point.

    Both tails are cut where the area beyond is that of few persons. Between them points stay that are a bandwidth or
    more apart, each with few decimals.
    """
    x = np.array([row["control_mean"] for row in estimates], dtype=float)
    height = np.array([row["estimate"] for row in estimates], dtype=float)
    areas = np.concatenate([[0.0], np.cumsum(np.diff(x) * (height[1:] + height[:-1]) / 2)])
    beyond = np.minimum(areas, areas[-1] - areas) * float(estimates[0]["n"])
    width = BANDWIDTH.search(str(estimates[0]["note"]))
    apart = bounds.density_spacing * float(width[1]) if width else 0.0
    found: list[tuple[str, int]] = []
    last = -np.inf
    for place, point in enumerate(x):
        if beyond[place] < bounds.persons:
            found.append(("few_beyond", place))
        elif point - last < apart:
            found.append(("close_points", place))
        else:
            last = point
            found.append(("coarse_height", place))
    return found
