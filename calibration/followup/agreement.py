"""How well printed numbers can agree at all, given who answers: estimates of nested models differ by identities.

Who has a variable fixes by how much a coefficient moves when a further regressor comes in, for each unit of that
regressor's own coefficient. A sample in which the printed pairs cannot both be right is no use to the search.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from calibration.estimators.effects import effects
from calibration.followup.sample import CUTS, Course
from calibration.followup.targets import PEERS_CUT, peers_designs, printed_coefficients, split_design

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]
ROUNDING = 0.008  # by which two numbers of two decimals can be off together, less a fifth to leave room
SLOPES = np.linspace(-1, 1, 81)  # of the waiting time, in multiples of STEEPEST
STEEPEST = 0.4  # standard deviations of the answers per standard deviation of the waiting time


def _strain(misfit: Floats) -> Floats:
    return np.asarray((np.maximum(np.abs(misfit) - ROUNDING, 0) ** 2).sum(axis=-1))


def waiting_strain(variable: str, course: Course, has: Booleans, spread: float) -> tuple[float, float]:
    """(misfit of tables 3.5 and 6.2 at the best slope of the waiting time, that slope in points a day).

    A coefficient without waiting time is that with it plus its slope times the effect on the waiting time. spread:
    standard deviation of the answers in points.
    """
    imbalance = np.array([
        effects(*split_design(course, cut_off, False), course.team, has, errors=False)[0].weights @ course.wait
        for cut_off in CUTS
    ])  # fmt: skip
    without = printed_coefficients("table_3_5", variable)
    with_wait = printed_coefficients("table_6_2", variable)
    slopes = SLOPES * STEEPEST * spread / float(course.wait[has].std())
    strain = _strain(slopes[:, None] * imbalance + with_wait - without)
    best = min(range(len(slopes)), key=lambda k: (strain[k], abs(slopes[k])))
    return float(strain[best]), float(slopes[best])


def peers_strain(course: Course, has: Booleans) -> float:
    """Misfit of tables 3.5 and 3.6 for self-efficacy: the form of model (4) with four effects nests the others."""
    designs = peers_designs(course)
    four = np.stack(designs["second"][0], axis=1) @ printed_coefficients("table_3_6", "second")
    three = effects(*designs["first"], course.team, has, errors=False)
    misfit = [each.weights @ four for each in three] - printed_coefficients("table_3_6", "first")
    low = effects(*split_design(course, PEERS_CUT, False), course.team, has, errors=False)[0]
    on_low = low.weights @ four - printed_coefficients("table_3_5", "self_efficacy")[CUTS.index(PEERS_CUT)]
    return float(_strain(np.array([*misfit, on_low])))
