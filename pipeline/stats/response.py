"""The probability of answering, by logit, and what unequal weights cost."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

from pipeline.stats.errors import NoEstimateError

FloatArray = npt.NDArray[np.float64]

# Newton's method doubles the correct digits a step: a step of 1e-10 leaves an error at rounding.
STEP_TOLERANCE = 1e-10
# A likelihood with a maximum takes 4 to 8 steps; one of answers that a variable predicts has none, and moves for ever.
MAXIMUM_STEPS = 30
# Least over greatest eigenvalue of the information of orthogonal columns: less is a likelihood that is flat at its end.
REGULAR = 1e-11


def response_probabilities(answered: npt.ArrayLike, arm: npt.ArrayLike, covariates: npt.ArrayLike) -> FloatArray:
    """The probability (n,) that a person answered, by logit on `arm` (n,), `covariates` (n, q), and their products.

    Such a logit is one in each arm, and is fitted so: an arm where everybody answered has probability one, and takes
    nothing from the other. Maximum likelihood by Newton's method; a covariate that the ones before it determine in an
    arm is left out there, which changes no probability. NoEstimateError where nobody of an arm answered, or where
    the covariates predict who did, so that the likelihood has no maximum.
    """
    is_there, arms = np.asarray(answered, dtype=bool), np.asarray(arm, dtype=bool)
    given = np.asarray(covariates, dtype=float).reshape(len(is_there), -1)
    found = np.ones(len(is_there))
    for members in (arms, ~arms):
        if members.any() and not is_there[members].all():
            found[members] = _logit(is_there[members].astype(float), given[members])
    return found


def effective_size(weights: npt.ArrayLike) -> float:
    """How many persons of equal weight are as precise as these (n,) weights, if they have to do with nothing (Kish)."""
    own = np.asarray(weights, dtype=float)
    return float(own.sum() ** 2 / (own**2).sum())


def _logit(answered: FloatArray, covariates: FloatArray) -> FloatArray:
    """The fitted probabilities (n,) of 0 and 1 (n,) on a constant and covariates (n, q)."""
    if not answered.any():
        raise NoEstimateError("one arm only")
    orthogonal = _span(np.column_stack([np.ones(len(answered)), covariates]))
    if orthogonal.shape[1] >= len(answered):
        raise NoEstimateError(f"{len(answered)} observations are too few for {orthogonal.shape[1]} coefficients")
    parameters = np.zeros(orthogonal.shape[1])
    for _ in range(MAXIMUM_STEPS):
        probabilities = special.expit(orthogonal @ parameters)
        weights = probabilities * (1.0 - probabilities)
        information = (orthogonal.T * weights) @ orthogonal
        values = np.linalg.eigvalsh(information)
        if values[0] <= REGULAR * len(answered) or values[0] <= REGULAR * values[-1]:
            break
        step = np.linalg.solve(information, orthogonal.T @ (answered - probabilities))
        parameters = parameters + step
        if np.abs(orthogonal @ step).max() <= STEP_TOLERANCE:
            return np.asarray(special.expit(orthogonal @ parameters), dtype=float)
    raise NoEstimateError("the likelihood has no maximum")


def _span(columns: FloatArray) -> FloatArray:
    """Orthogonal columns (n, r) that span those of (n, k), each of mean square one."""
    scaled = columns / np.where(np.abs(columns).max(axis=0) > 0, np.abs(columns).max(axis=0), 1.0)
    left, sizes, _ = np.linalg.svd(scaled, full_matrices=False)
    kept = sizes > 1e-10 * sizes[0]
    return np.asarray(left[:, kept] * np.sqrt(len(columns)))
