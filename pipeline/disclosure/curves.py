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
    found: list[tuple[str, float]] = []
    for row in estimates:
        remaining = began * float(row["estimate"])
        value = _left_of(began, began - remaining, bounds) / _nearest(began, bounds.base)
        is_few = min(float(row["n"]), remaining) < bounds.persons - NEARLY or value <= 0
        found.append(("few_persons", math.nan) if is_few else ("coarse_curve", value))
    return found


def risk_rules(estimates: Sequence[Row], bounds: Bounds) -> list[tuple[str, float]]:
    """Of each week of a survival curve the rule of the number at risk, and the number that leaves, in like steps."""
    began = _begin(estimates)
    found: list[tuple[str, float]] = []
    for row in estimates:
        value = _left_of(began, began - float(row["n"]), bounds)
        is_few = float(row["n"]) < bounds.persons or value <= 0
        found.append(("few_persons", math.nan) if is_few else ("coarse_curve", value))
    return found


def limit_rules(estimates: Sequence[Row], bounds: Bounds) -> list[tuple[str, float]]:
    """Of errors and limits of a survival curve: they are of the curve as it is, and would tell its steps."""
    return [("told_by_others", math.nan)] * len(estimates)


def _begin(estimates: Sequence[Row]) -> float:
    return max(float(row["n"]) for row in estimates)


def _left_of(began: float, gone: float, bounds: Bounds) -> float:
    """How many are left, as the numbers that leave tell it: the rounded number who began less those who have gone."""
    return _nearest(began, bounds.base) - _nearest(gone, bounds.curve_base)


def _nearest(count: float, base: int) -> float:
    """The nearest multiple, a number half-way up; what binary arithmetic lost does not decide."""
    return float(math.floor(round(count, DECIMALS) / base + 0.5) * base)


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
