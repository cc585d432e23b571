"""Curves judged as a whole: survival in steps of several persons, densities without tails and close points."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pipeline.settings.disclosure import Bounds

Row = Mapping[Any, Any]
NEARLY, DECIMALS = 1e-6, 6  # persons: what a survival times those who began may lose in binary arithmetic
BANDWIDTH = re.compile(r"bandwidth ([\d.e+-]+)")


def survival_rules(estimates: Sequence[Row], bounds: Bounds) -> list[tuple[str, float]]:
    """Of each week of a survival curve the rule, and the survival that leaves.

    `estimates` are those of one arm, week by week. Those who have left are counted to the nearest multiple of
    `curve_base`, of the rounded number who began, so the curve tells no more than such numbers of persons do. Where
    few are at risk, or would be left, it ends.
    """
    began = _begin(estimates)
    left = _steps(estimates, [began * float(row["estimate"]) for row in estimates], bounds)
    whole = nearest(began, bounds.base) or math.nan  # of so few that nobody is left nothing is told
    return [(rule, value / whole) for rule, value in left]


def risk_rules(estimates: Sequence[Row], bounds: Bounds) -> list[tuple[str, float]]:
    """Of each week of a survival curve the rule of the number at risk, and the number that leaves, in like steps."""
    return _steps(estimates, [float(row["n"]) for row in estimates], bounds)


def limit_rules(estimates: Sequence[Row], bounds: Bounds) -> list[tuple[str, float]]:
    """Of errors and limits of a survival curve: they are of the curve as it is, and would tell its steps."""
    return [("told_by_others", math.nan)] * len(estimates)


def _begin(estimates: Sequence[Row]) -> float:
    return max(float(row["n"]) for row in estimates)


def _steps(estimates: Sequence[Row], left: Sequence[float], bounds: Bounds) -> list[tuple[str, float]]:
    """By week the rule, and how many are left as it leaves: who began, rounded, less those who have gone."""
    began, found = _begin(estimates), list[tuple[str, float]]()
    for row, remaining in zip(estimates, left, strict=True):
        value = nearest(began, bounds.base) - nearest(began - remaining, bounds.curve_base)
        is_few = min(float(row["n"]), remaining) < bounds.persons - NEARLY or value <= 0
        found.append(("few_persons", math.nan) if is_few else ("coarse_curve", value))
    return found


def nearest(count: float, base: int) -> int:
    """The nearest multiple of a base, a number half-way up; what binary arithmetic lost does not decide."""
    return math.floor(round(count, DECIMALS) / base + 0.5) * base


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
