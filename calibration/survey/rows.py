"""Published numbers as linear functions of the options chosen."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from calibration.estimators.balance import ONE, coefficient_weights, fixed_point, mean_weights
from calibration.printed.targets import Target
from calibration.search.integers import Problem
from calibration.survey.respondents import Design

Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]


@dataclass
class Rows:
    """Functions of the choices: a label, contributions (n, K) and an interval each, in units of 1/ONE half-width."""

    label: list[str] = field(default_factory=list)
    contribution: list[Integers] = field(default_factory=list)
    low: list[int] = field(default_factory=list)
    high: list[int] = field(default_factory=list)

    def add(self, label: str, contribution: Integers, low: Fraction | int, high: Fraction | int) -> None:
        """Add a function."""
        self.label.append(label)
        self.contribution.append(contribution)
        self.low.append(-(-low // 1))
        self.high.append(high // 1)

    def extend(self, other: Rows) -> None:
        """Add the functions of another collection."""
        self.label += other.label
        self.contribution += other.contribution
        self.low += other.low
        self.high += other.high

    def problem(self, allowed: Booleans) -> Problem:
        """The search problem with these functions and the options allowed (n, K)."""
        features = np.stack(self.contribution, axis=2)
        return Problem(features, np.array(self.low, dtype=np.int64), np.array(self.high, dtype=np.int64), allowed)


def published_rows(
    targets: list[Target], samples: dict[str, Booleans], has: Booleans, design: Design, points: Integers, unit: Fraction
) -> Rows:
    """Means and coefficients of a variable over the persons who have it.

    points (n, K): value of each option in multiples of `unit`; the targets are in points, or in percent of ones where
    table 2.2 prints shares, which the caller has already brought to points.
    """
    rows = Rows()
    for target in targets:
        members = (samples[target.column] & has).tolist()
        if target.statistic == "coef":
            weights = coefficient_weights(design.treated.tolist(), design.municipality, members)
        else:
            weights = mean_weights(members)
        weight = fixed_point([one * unit for one in weights], target.half_width)
        scale = ONE / target.half_width
        rows.add(f"{target.exhibit} {target.column}", weight[:, None] * points, target.low * scale, target.high * scale)
    return rows
