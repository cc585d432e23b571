"""What each outcome of a person would add to the coefficients of a Tobit regression of shares of weeks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

NEWTON_STEPS = 60
SCORE_TOLERANCE = 1e-8
LONGEST_STEP = 3.0  # of the standardised index in one iteration
BISECTIONS = 60


@dataclass(frozen=True)
class TobitPoint:
    """Parameters of the latent share in units of its deviation: slopes (p,) of the standardised covariates with a

    constant first, all divided by the deviation, and scale = 1 / deviation; in them the likelihood is concave.
    """

    slopes: Floats
    scale: float

    @property
    def parameters(self) -> Floats:
        """Slopes of the standardised covariates and the deviation of the latent share, (p + 1,)."""
        return np.append(self.slopes[1:], 1.0) / self.scale


def standardise(covariates: Floats) -> tuple[Floats, Floats]:
    """Columns (m, 1 + p) with a constant first and the rest at mean 0 and deviation 1, and the deviations (p,)."""
    deviation = covariates.std(axis=0)
    return np.column_stack([np.ones(len(covariates)), (covariates - covariates.mean(axis=0)) / deviation]), deviation


def pulls(index: Floats, scale: float, share: Floats) -> tuple[Floats, Floats]:
    """Derivatives (...) of the log-likelihood by the index (in deviations) and by the scale, for shares in [0, 1]."""
    inside = scale * share - index
    never, always = share <= 0, share >= 1
    by_index = np.where(never, -_mills(-index), np.where(always, _mills(index - scale), inside))
    by_scale = np.where(never, 0.0, np.where(always, -by_index, 1 / scale - share * inside))
    return by_index, by_scale


def information(columns: Floats, point: TobitPoint, share: Floats) -> Floats:
    """Observed information (p + 2, p + 2) of slopes and scale for shares (m,)."""
    index = columns @ point.slopes
    never, always = share <= 0, share >= 1
    low, high = _mills(-index), _mills(index - point.scale)
    bend = np.where(never, low * (low - index), np.where(always, high * (high + index - point.scale), 1.0))
    cross = np.where(never, 0.0, np.where(always, -bend, -share))
    corner = np.where(never, 0.0, np.where(always, bend, point.scale**-2 + share**2))
    edge = columns.T @ cross
    return np.block([[columns.T @ (bend[:, None] * columns), edge[:, None]], [edge[None], np.array([[corner.sum()]])]])


def maximise(columns: Floats, share: Floats, start: TobitPoint) -> TobitPoint:
    """The point of greatest likelihood for shares (m,), from `start` on."""
    point = start
    for _ in range(NEWTON_STEPS):
        by_index, by_scale = pulls(columns @ point.slopes, point.scale, share)
        score = np.append(columns.T @ by_index, by_scale.sum())
        if np.abs(score).max() < SCORE_TOLERANCE:
            break
        step = np.linalg.solve(information(columns, point, share), score)
        shrink = min(1.0, LONGEST_STEP / np.abs(step).max(), 0.5 * point.scale / max(abs(step[-1]), 1e-12))
        point = TobitPoint(point.slopes + shrink * step[:-1], point.scale + shrink * float(step[-1]))
    return point


def stated_point(columns: Floats, slopes: Floats, deviation: float, mean: float) -> TobitPoint:
    """The point with given slopes (p,) of the standardised covariates whose expected share is `mean`."""
    slope = columns[:, 1:] @ slopes
    low, high = -5.0, 5.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        if _expected_share((middle + slope) / deviation, 1 / deviation).mean() < mean:
            low = middle
        else:
            high = middle
    return TobitPoint(np.append(low, slopes) / deviation, 1 / deviation)


def influence(columns: Floats, point: TobitPoint, chosen: Floats, shares: Floats) -> Floats:
    """What each of the shares (m, K) would add to slopes and deviation (p + 1,) of `parameters`: (m, K, p + 1).

    To first order around `point`, with the information of the `chosen` shares (m,).
    """
    inverse = np.linalg.inv(information(columns, point, chosen))
    jacobian = inverse[1:-1] / point.scale - point.slopes[1:, None] / point.scale**2 * inverse[-1]
    jacobian = np.vstack([jacobian, -inverse[-1] / point.scale**2])
    by_index, by_scale = pulls((columns @ point.slopes)[:, None], point.scale, shares)
    return by_index[:, :, None] * (columns @ jacobian[:, :-1].T)[:, None] + by_scale[:, :, None] * jacobian[:, -1]


def _mills(z: Floats) -> Floats:
    """Density over distribution function of the standard normal at z: the pull of an observation cut off below z."""
    from scipy.special import log_ndtr

    return np.exp(-0.5 * z**2 - 0.5 * np.log(2 * np.pi) - log_ndtr(z))


def _expected_share(index: Floats, scale: float) -> Floats:
    """Mean of a latent share with this index and scale, cut off at 0 and 1."""
    from scipy.special import ndtr

    density = np.exp(-0.5 * index**2) - np.exp(-0.5 * (index - scale) ** 2)
    between = ndtr(index) - ndtr(index - scale)
    return (index * between + density / np.sqrt(2 * np.pi)) / scale + ndtr(index - scale)
