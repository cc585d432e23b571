"""What a choice reaches: one line for each target, and in words the targets that are out of reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from calibration.search.choice import State, Terms, values

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from calibration.histories.targets import Target

OUT_OF_REACH = 1e-6  # slack, in units, from which a target is out of reach


def report_lines(targets: list[Target], terms: Terms, state: State) -> list[list[object]]:
    """One line for each target."""
    value = values(terms, state.linear, state.squares)
    return [report_line(*line) for line in zip(targets, value, strict=True)]


def report_line(target: Target, value: float) -> list[object]:
    """Name with its statistic, as printed, bounds, value reached, 1 if it lies inside, and priority."""
    met = target.low <= value <= target.high
    bounds = [f"{bound:.6g}" for bound in (target.low, target.high)]
    return [f"{target.name}#{target.statistic}", target.printed, *bounds, f"{value:.6g}", int(met), target.priority]


def out_of_reach(targets: list[Target], slack: NDArray[np.float64]) -> str:
    """How many targets have a slack (T,) left in expectation, and the farthest of them by name, in units."""
    left = np.flatnonzero(slack > OUT_OF_REACH)
    farthest = [f"{targets[place].name} {slack[place]:.1f}" for place in left[np.argsort(-slack[left])][:3]]
    return " ".join([f"{len(left)} targets out of reach", ", ".join(farthest)]).rstrip()
