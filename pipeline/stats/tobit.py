"""Regression of an outcome that is cut off at two limits, by maximum likelihood (Tobit)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from pipeline.stats.errors import NoEstimateError
from pipeline.stats.ols import rank, require_full_rank

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

# Newton's method doubles the correct digits a step: a step of 1e-10 leaves an error at rounding.
STEP_TOLERANCE = 1e-10
# The likelihood is concave: one with a maximum takes 5 to 15 steps, one without it moves for ever.
MAXIMUM_STEPS = 50
# Least over greatest eigenvalue of the information of orthogonal columns: 1e-6 and more where there is a maximum.
REGULAR = 1e-11
LOG_ROOT_TWO_PI = 0.5 * np.log(2.0 * np.pi)


@dataclass(frozen=True)
class TobitFit:
    """Coefficients (k,) on the scale of the latent outcome, their robust errors, and what they rest on.

    sigma: the standard deviation of the latent error. latent: (n,) expected latent outcome given the observed one.
    df: observations less slopes. All but the counts and the log-likelihood are missing unless converged.
    """

    coefficients: FloatArray
    standard_errors: FloatArray
    sigma: float
    sigma_error: float
    latent: FloatArray
    log_likelihood: float
    n: int
    n_lower: int
    n_upper: int
    df: int
    converged: bool


def fit_tobit(
    outcome: npt.ArrayLike,
    design: npt.ArrayLike,
    limits: tuple[float, float],
    columns: Sequence[str] | None = None,
) -> TobitFit:
    """Fit y* = x'b + e, e normal, y = y* inside `limits` and else the limit, with robust standard errors.

    outcome (n,), design (n, k) with its constant. Newton's method on g = b / sigma and h = 1 / sigma, in which the
    likelihood is concave (Olsen 1978); report appendix 6.2. The variance is N/(N-1) times the sandwich of observed
    information and scores, the reference t with N less the number of slopes, as in Stata's `tobit, vce(robust)`; R's
    sandwich has no N/(N-1), and AER the normal reference. The coefficients are exactly least squares of `latent` on the
    design, since their scores add up to zero there. ValueError for a missing value, NoEstimateError for an outcome
    outside the limits, too few rows or none inside the limits; RankDeficiencyError for a column that the others
    determine. A likelihood without a maximum gives `converged` False and no number.
    """
    y, x = np.asarray(outcome, dtype=float), np.asarray(design, dtype=float)
    _require_usable(y, x, limits)
    require_full_rank(x, columns)
    lower, upper = y <= limits[0], y >= limits[1]
    orthogonal, factor = np.linalg.qr(x)
    back = np.linalg.inv(factor) * np.sqrt(len(x))
    scaled = orthogonal * np.sqrt(len(x))
    parameters, converged = _maximise(scaled, y, lower, upper)
    value, scores, information = derivatives(parameters, scaled, y, lower, upper)
    h, slopes = parameters[-1], back @ parameters[:-1] / parameters[-1]
    inverse = np.linalg.inv(information) if converged else np.full_like(information, np.nan)
    variance = len(y) / (len(y) - 1) * inverse @ (scores.T @ scores) @ inverse
    jacobian = np.column_stack([back, -slopes]) / h  # of the slopes; that of sigma is -1 / h^2
    generalised = _residuals(parameters, scaled, y, lower, upper)
    keep = np.nan if not converged else 1.0
    return TobitFit(
        coefficients=slopes * keep,
        standard_errors=np.sqrt(np.einsum("ij,jk,ik->i", jacobian, variance, jacobian)),
        sigma=float(keep / h),
        sigma_error=float(np.sqrt(variance[-1, -1]) / h**2),
        latent=(x @ slopes + generalised / h) * keep,
        log_likelihood=value,
        n=len(y),
        n_lower=int(lower.sum()),
        n_upper=int(upper.sum()),
        df=len(y) - x.shape[1] + 1,
        converged=converged,
    )


def derivatives(
    parameters: FloatArray, design: FloatArray, outcome: FloatArray, lower: BoolArray, upper: BoolArray
) -> tuple[float, FloatArray, FloatArray]:
    """Log-likelihood, its scores (n, k + 1) and minus its second derivative (k + 1, k + 1) in (g, h).

    With c the outcome or its limit and r = (x, -c), an observation inside gives log h - u^2 / 2, u = -r'(g, h); one at
    a limit log Phi(s u), s = 1 at the lower and -1 at the upper limit.
    """
    rows, inside, h = np.column_stack([design, -outcome]), ~(lower | upper), parameters[-1]
    standardised = -rows @ parameters
    signed = np.where(lower, 1.0, -1.0) * standardised
    outside = special.log_ndtr(signed)
    values = np.where(inside, np.log(h) - LOG_ROOT_TWO_PI - standardised**2 / 2.0, outside)
    mills = np.exp(-(signed**2) / 2.0 - LOG_ROOT_TWO_PI - outside)
    scores = _residuals(parameters, design, outcome, lower, upper)[:, None] * rows
    scores[:, -1] += inside / h
    weights = np.where(inside, 1.0, mills * (mills + signed))
    information = rows.T @ (weights[:, None] * rows)
    information[-1, -1] += inside.sum() / h**2
    return float(values.sum()), scores, information


def _residuals(
    parameters: FloatArray, design: FloatArray, outcome: FloatArray, lower: BoolArray, upper: BoolArray
) -> FloatArray:
    """The expected error of the latent outcome, in standard deviations, given the observed one (n,)."""
    standardised = parameters[-1] * outcome - design @ parameters[:-1]
    sign = np.where(lower, 1.0, -1.0)
    signed = sign * standardised
    mills = np.exp(-(signed**2) / 2.0 - LOG_ROOT_TWO_PI - special.log_ndtr(signed))
    return np.where(lower | upper, -sign * mills, standardised)


def _require_usable(y: FloatArray, x: FloatArray, limits: tuple[float, float]) -> None:
    """Raise ValueError for missing values, NoEstimateError unless the outcome and the design can be used."""
    if not (np.isfinite(y).all() and np.isfinite(x).all()):
        raise ValueError("the outcome or the design has missing values: take complete cases first")
    if len(x) <= x.shape[1] + 1 and len(x) <= rank(x, np.linalg.norm(x, axis=0)) + 1:
        raise NoEstimateError(f"{len(x)} observations are too few for {x.shape[1]} coefficients and a variance")
    outside = int(((y < limits[0]) | (y > limits[1])).sum())
    if outside:
        raise NoEstimateError(f"{outside} outcomes lie outside the limits {limits[0]:g} and {limits[1]:g}")
    inside = int(((y > limits[0]) & (y < limits[1])).sum())
    if not inside:
        raise NoEstimateError(f"all {len(y)} outcomes lie at the limits {limits[0]:g} and {limits[1]:g}: no variance")


def _maximise(design: FloatArray, y: FloatArray, lower: BoolArray, upper: BoolArray) -> tuple[FloatArray, bool]:
    """The parameters (g, h) from least squares on, and whether they are a maximum; a step that loses is halved."""
    slopes = design.T @ y / len(y)  # the columns are orthogonal with length sqrt(n)
    if y.min() == y.max():
        return np.append(slopes, 1.0), False
    spread = max(float(np.std(y - design @ slopes)), 1e-3 * float(np.std(y)))
    parameters = np.append(slopes, 1.0) / spread
    value, scores, information = derivatives(parameters, design, y, lower, upper)
    for _ in range(MAXIMUM_STEPS):
        eigenvalues = np.linalg.eigvalsh(information)
        if not eigenvalues[0] > REGULAR * eigenvalues[-1]:
            return parameters, False
        step = np.linalg.solve(information, scores.sum(axis=0))
        while parameters[-1] + step[-1] <= 0.0:
            step = step / 2.0
        for _ in range(MAXIMUM_STEPS):
            trial = derivatives(parameters + step, design, y, lower, upper)
            # Near the maximum the gain is below the rounding of the sum.
            if trial[0] >= value - 1e-12 * abs(value):
                break
            step = step / 2.0
        parameters, (value, scores, information) = parameters + step, trial
        if np.abs(step).max() < STEP_TOLERANCE * max(1.0, float(np.abs(parameters).max())):
            return parameters, True
    return parameters, False
