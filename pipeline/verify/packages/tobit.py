"""Tobit as a plain likelihood, maximised by scipy, with a numerical Hessian of the gradient.

The convention: the sandwich of observed information and scores times N/(N-1), t with N less the number of slopes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from pipeline.verify.packages.least_squares import Row, independent
from pipeline.verify.packages.trial import Trial, labels_of

STEP = 1e-5  # of the central differences; their error is its square, relative to the curvature
# Least over greatest curvature: 1e-3 and more at a maximum of scaled covariates. Where the likelihood rises for ever
# the search stops where it is all but flat in a direction, or, with a variance near zero, curved the wrong way.
FLAT = 1e-8


def prognosis(model: Mapping[str, Any], trial: Trial) -> Iterator[Row]:
    """The coefficient of each covariate among the complete cases of each sample."""
    from scipy.stats import t

    low, high = model.get("limits", (0.0, 1.0))
    outcomes = trial.outcomes(model)
    for sample in model["samples"]:
        chosen = trial.sample(sample)
        chosen = chosen[chosen[model["covariates"]].notna().all(axis=1)]
        for outcome, week in labels_of(outcomes):
            values = outcomes[(outcome, week)].reindex(chosen.index)
            people, y = chosen[values.notna()], values.dropna().to_numpy()
            design = pd.concat(
                [pd.Series(1.0, people.index, name="_"), people[model["covariates"]].astype(float)], axis=1
            )
            design = design.loc[:, independent(design.to_numpy())]
            found = maximise(y, design.to_numpy(), low, high)
            if found is None:
                continue
            slopes, errors = found
            controls = people["treated"].to_numpy() == 0
            df = len(y) - (design.shape[1] - 1)
            for name, slope, error in list(zip(design.columns, slopes, errors, strict=True))[1:]:
                width = t.ppf(0.5 + trial.definitions.level / 2, df) * error
                yield {
                    "sample": sample, "outcome": outcome, "week": week, "parameter": name, "estimate": slope,
                    "se": error, "df": float(df), "p_value": 2 * t.sf(abs(slope / error), df),
                    "ci_low": slope - width, "ci_high": slope + width, "n": len(y),
                    "n_treated": int((~controls).sum()), "n_control": int(controls.sum()),
                    "control_mean": y[controls].mean() if controls.any() else np.nan,
                }  # fmt: skip


def maximise(y: np.ndarray, x: np.ndarray, low: float, high: float) -> tuple[np.ndarray, np.ndarray] | None:
    """Slopes and robust errors (k,) of y (n,) cut off at `low` and `high`, on x (n, k); None if there is no maximum."""
    from scipy.optimize import minimize

    inside = (y > low) & (y < high)
    if len(y) <= x.shape[1] + 1 or not inside.any() or y.min() < low or y.max() > high or y.min() == y.max():
        return None
    centre, spread = np.append(0.0, x[:, 1:].mean(axis=0)), np.append(1.0, x[:, 1:].std(axis=0))
    scaled = (x - centre) / spread
    start = np.append(np.linalg.lstsq(scaled, y, rcond=None)[0], np.log(y.std()))

    def gradient(parameters: np.ndarray) -> np.ndarray:
        return -scores(parameters, y, scaled, low, high).sum(axis=0)

    def loss(parameters: np.ndarray) -> float:
        return -float(likelihood(parameters, y, scaled, low, high).sum())

    found = minimize(loss, start, jac=gradient, method="BFGS", options={"gtol": 1e-6, "maxiter": 5000}).x
    differences = _differences(gradient, found)
    curvature = np.linalg.eigvalsh(differences if np.isfinite(differences).all() else np.zeros_like(differences))
    if not curvature[0] > FLAT * curvature[-1]:
        return None
    for _ in range(5):  # Newton's last digits
        hessian = _differences(gradient, found)
        found = found - np.linalg.solve(hessian, gradient(found))
    inverse = np.linalg.inv(_differences(gradient, found))
    meat = scores(found, y, scaled, low, high)
    variance = len(y) / (len(y) - 1) * inverse @ meat.T @ meat @ inverse
    return found[:-1] / spread, np.sqrt(np.diag(variance))[:-1] / spread


def likelihood(parameters: np.ndarray, y: np.ndarray, x: np.ndarray, low: float, high: float) -> np.ndarray:
    """The log-likelihood (n,) of coefficients and log sigma (k + 1,)."""
    from scipy.stats import norm

    mean, sigma = x @ parameters[:-1], np.exp(parameters[-1])
    inside = norm.logpdf(y, mean, sigma)
    return np.where(y <= low, norm.logcdf(low, mean, sigma), np.where(y >= high, norm.logsf(high, mean, sigma), inside))


def scores(parameters: np.ndarray, y: np.ndarray, x: np.ndarray, low: float, high: float) -> np.ndarray:
    """The derivatives (n, k + 1) of the log-likelihood."""
    from scipy.stats import norm

    mean, sigma = x @ parameters[:-1], np.exp(parameters[-1])
    below, above = (low - mean) / sigma, (high - mean) / sigma
    z = (y - mean) / sigma
    left = -np.exp(norm.logpdf(below) - norm.logcdf(below))
    right = np.exp(norm.logpdf(above) - norm.logsf(above))
    slope = np.where(y <= low, left, np.where(y >= high, right, z)) / sigma
    of_sigma = np.where(y <= low, left * below, np.where(y >= high, right * above, z**2 - 1))
    return np.column_stack([slope[:, None] * x, of_sigma])


def _differences(gradient: Any, at: np.ndarray) -> np.ndarray:
    """The Hessian (k, k) by central differences of the gradient."""
    steps = np.eye(len(at)) * STEP
    hessian = np.array([(gradient(at + step) - gradient(at - step)) / (2 * STEP) for step in steps])
    return (hessian + hessian.T) / 2
