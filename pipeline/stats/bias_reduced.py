"""CR2: the clustered error without bias under a working model of equal, independent errors, with its own t."""

from __future__ import annotations

import numpy as np

from pipeline.stats.linear import Linear, Solved
from pipeline.stats.ols import FloatArray

POSITIVE = 1e-9  # eigenvalues of I - H of a cluster, between 0 and 1, that are not rounding


def bias_reduced(problem: Linear, found: Solved) -> tuple[FloatArray, FloatArray]:
    """Errors (r, m) and Satterthwaite degrees of freedom (r,) of Bell and McCaffrey's CR2.

    The scores of a cluster are w_g' A_g e_g with A_g the symmetric inverse root of I - H_gg, H the projection on the
    whole design with its strata; generalised, for a stratum of one cluster makes it singular (Pustejovsky and Tipton
    2018). The degrees of freedom are tr(O)^2 / tr(O^2), O the covariance of the scores under the working model.
    """
    span = np.hstack([problem.basis, np.linalg.qr(found.regressors)[0]])
    r, g, strata = len(problem.contrasts), len(problem.starts), int(problem.strata.max()) + 1
    errors = np.zeros((r, found.residuals.shape[1]))
    own, inside, dummies = np.zeros((r, g)), np.zeros((r, g, span.shape[1])), np.zeros((r, g, strata))
    for cluster, rows in enumerate(problem.bounds):
        indicator = np.zeros((rows.stop - rows.start, strata))
        indicator[np.arange(len(indicator)), problem.strata[rows]] = problem.units[rows]
        touched = indicator[:, indicator.any(axis=0)]
        values, vectors = np.linalg.eigh(np.eye(len(indicator)) - span[rows] @ span[rows].T - touched @ touched.T)
        root = np.where(values > POSITIVE, 1.0 / np.sqrt(np.where(values > POSITIVE, values, 1.0)), 0.0)
        adjusted = (found.weights[:, rows] @ vectors * root) @ vectors.T  # (r, n_g)
        errors += (adjusted @ found.residuals[rows]) ** 2
        own[:, cluster] = (adjusted**2).sum(axis=1)
        inside[:, cluster] = adjusted @ span[rows]
        dummies[:, cluster] = adjusted @ indicator
    covariance = -(inside @ inside.transpose(0, 2, 1)) - dummies @ dummies.transpose(0, 2, 1)
    covariance[:, np.arange(g), np.arange(g)] += own
    degrees = np.trace(covariance, axis1=1, axis2=2) ** 2 / (covariance**2).sum(axis=(1, 2))
    return np.sqrt(errors), degrees


def reduced_degrees(scaled: FloatArray, leverage: FloatArray, cells: np.ndarray, basis: FloatArray) -> float:
    """Satterthwaite's degrees of freedom of HC2, for one contrast of n observations that are clusters of their own.

    scaled: (n,) weights over the root of one less the `leverage`; the design is a dummy for each of `cells` (n,) and
    covariates with orthonormal `basis` (n, q) within them (Bell and McCaffrey 2002; Kranz, arXiv 2411.14763).
    """
    sizes = np.bincount(cells)
    squares = scaled**2
    # The squared elements of I - H, with H = same cell / size + basis basis', weighted from both sides.
    inner = basis @ basis.T
    same = cells[:, None] == cells
    hat = inner + same / sizes[cells]
    off = squares @ (hat**2 @ squares) - (squares**2) @ np.diag(hat) ** 2
    own = squares * (1.0 - leverage)
    return float(own.sum() ** 2 / (off + (own**2).sum()))
