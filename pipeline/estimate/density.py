"""Kernel densities of a variable in each arm: report section 2.7, Figure 2.3.

Rows are numbered by evaluation point; control_mean holds the point itself, and the note the bandwidth.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pipeline.errors import InputError
from pipeline.estimate.mean import POSSIBLE
from pipeline.estimate.problem import NOBODY, NOBODY_IN_SAMPLE, Estimator, FloatArray, Label, Words, missing_rows
from pipeline.estimate.regression import count_of
from pipeline.estimate.table import Address, Estimate, hash_persons
from pipeline.estimate.terms import Evidence, Terms
from pipeline.estimate.values import Values, values
from pipeline.settings.models import Model
from pipeline.stats.density import kernel_density, silverman_bandwidth
from pipeline.stats.errors import NoEstimateError

ARMS = ("control", "treated")


def rows(problem: Values) -> list[Estimate]:
    """The density of each variable in each arm at the points of its grid."""
    return [row for place in range(len(problem.labels)) for arm in ARMS for row in _density(problem, place, arm)]


def _density(problem: Values, place: int, arm: str) -> list[Estimate]:
    label, model = problem.labels[place], problem.model
    points, own = points_of(model, label.outcome), _arm(problem, place, arm)
    shared: dict[str, Any] = {
        "model": model.name,
        "sample": problem.sample,
        "outcome": label.outcome,
        "spec_hash": model.spec_hash,
    }
    try:
        fit = kernel_density(own.values[:, place], points)
    except NoEstimateError:
        labels = [Label(label.outcome, number) for number in range(len(points))]
        nobody = f"{NOBODY} in the arm has the variable {label.outcome}" if len(problem.persons) else NOBODY_IN_SAMPLE
        reason = "all values are equal" if len(own.persons) else nobody
        return missing_rows(model, problem.sample, labels, [arm], reason)
    return [
        Estimate(
            week=number,
            parameter=arm,
            estimate=float(height),
            control_mean=float(point),
            n=len(own.persons),
            n_treated=int(own.treated.sum()),
            n_control=int((~own.treated).sum()),
            note=f"bandwidth {fit.bandwidth:.6g}",
            sample_hash=hash_persons(own.persons),
            **shared,
        )
        for number, (point, height) in enumerate(zip(fit.grid, fit.density, strict=True))
    ]


def _arm(problem: Values, place: int, arm: str) -> Values:
    return problem.take(np.isfinite(problem.values[:, place]) & (problem.treated == (arm == "treated")))


def points_of(model: Model, outcome: str) -> FloatArray:
    """The points at which the density of a variable is evaluated; InputError if the model has no grid for it."""
    grid = (model.grid or {}).get(outcome)
    if grid is None:
        raise InputError(f"models.toml, table [{model.name}]: no grid for '{outcome}'. Add first, last and step.")
    return np.linspace(grid.first, grid.last, round((grid.last - grid.first) / grid.step) + 1)


def terms(problem: Values, address: Address) -> Terms:
    """A density is a sum of kernels, one a person."""
    import pandas as pd

    own = _arm(problem, 0, address.parameter)
    point, x = points_of(problem.model, address.outcome)[address.week or 0], own.values[:, 0]
    width = silverman_bandwidth(x)
    kernels = np.exp(-0.5 * ((point - x) / width) ** 2) / (len(x) * width * math.sqrt(2 * math.pi))
    return Terms(
        f"density = sum over persons of K((x - x(i)) / h) / (n h), x = {point:g}, h = {width:.6g}, K normal",
        pd.DataFrame({"person": own.persons, "weight": kernels, "outcome": 1.0}),
        (Evidence("outcome", own.persons, address.outcome, evenly=kernels),),
    )


def counted(problem: Values, address: Address, statistic: str) -> Terms:
    """The persons of the arm who have the variable; the point of the grid is a setting and rests on no cell."""
    import pandas as pd

    own = _arm(problem, 0, address.parameter)
    if statistic == "x":
        point = float(points_of(problem.model, address.outcome)[address.week or 0])
        none = pd.DataFrame({"person": [], "weight": [], "outcome": []}, dtype=float)
        identity = "x = first + number x step of the grid in models.toml: a setting, so no cell of the received files"
        return Terms(identity, none, constant=point)
    return count_of(own.persons, own.treated, own.clusters, statistic)


ESTIMATOR = Estimator(
    possible={**POSSIBLE, "treatment": ("treated",), "grid": None},
    words=Words(
        r"h = 0.9 \, n^{-1/5} \min\left(\text{sd}, \text{IQR}/1.34\right)",
        "none",
        "Silverman's bandwidth; φ is the normal density; no interval.",
    ),
    problems=values,
    rows=rows,
    terms=terms,
    counted=counted,
)
