"""Least-squares effects and their team-clustered variances as linear and quadratic functions of the outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Effect:
    """An effect: weights (n,) whose product with the outcome is the coefficient; scores (G, n) whose products are the
    teams' sums of weighted residuals; factor, which times the sum of their squares is the variance."""

    weights: Floats
    scores: Floats
    factor: float


def effects(
    treatments: Sequence[Floats],
    others: Sequence[Floats],
    cell: Sequence[str],
    team: Sequence[str],
    has: Booleans,
    *,
    errors: bool = True,
) -> list[Effect]:
    """The effects of the treatments (n,) in the regression on them, the others (n,) and a dummy for each cell.

    The regression runs over the persons who have the outcome. Variables are taken as deviations from their cell means
    (Frisch, Waugh and Lovell). The variance is the sandwich over teams with the factor
    G/(G-1) x (N-1)/(N-K), where K counts the dummies (report section 3.2); without `errors` there are no scores. Raises
    LinAlgError if collinear.
    """
    inside = np.flatnonzero(has)
    cells, within = np.unique(np.asarray(cell)[inside], return_inverse=True)
    teams, group = np.unique(np.asarray(team)[inside], return_inverse=True)
    size = np.bincount(within)

    def centred(values: Floats) -> Floats:
        return np.asarray(values - (np.bincount(within, weights=values) / size)[within])

    design = np.stack([centred(column[inside]) for column in (*treatments, *others)])  # (p, N)
    estimator = np.linalg.solve(design @ design.T, design)  # (p, N)
    parameters, persons = len(design) + len(cells), len(inside)
    factor = len(teams) / (len(teams) - 1) * (persons - 1) / (persons - parameters)
    found = []
    for weights in estimator[: len(treatments)]:
        if not errors:
            found.append(Effect(_spread(weights, inside, len(has)), np.zeros((0, len(has))), factor))
            continue
        own = np.where(group[None, :] == np.arange(len(teams))[:, None], weights[None, :], 0.0)  # (G, N)
        residual = np.stack([centred(row) for row in own]) - (own @ design.T) @ estimator
        found.append(Effect(_spread(weights, inside, len(has)), _spread(residual, inside, len(has)), factor))
    return found


def _spread(values: Floats, inside: Integers, n: int) -> Floats:
    """Values (..., N) of the persons inside as (..., n), zero for the others."""
    wide = np.zeros((*values.shape[:-1], n))
    wide[..., inside] = values
    return wide
