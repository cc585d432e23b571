"""Gaussian kernel density on an explicit grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.stats.errors import NoEstimateError

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Density:
    """A density at the points of a grid (g,), with its bandwidth in the unit of the values and the number of values."""

    grid: FloatArray
    density: FloatArray
    bandwidth: float
    n: int


def silverman_bandwidth(values: npt.ArrayLike) -> float:
    """0.9 * min(sd, interquartile range / 1.34) * n^(-1/5): Silverman (1986), equation 3.31.

    The range is left out if it is zero, as when half of the values are equal. NoEstimateError unless values differ.
    """
    x = np.asarray(values, dtype=float)
    if not len(x) or x.min() == x.max():  # the deviation of equal values need not be zero: it is rounded
        raise NoEstimateError("a kernel density needs values that differ")
    lower, upper = np.quantile(x, [0.25, 0.75])
    spread = float(np.std(x, ddof=1))
    if upper > lower:
        spread = min(spread, float(upper - lower) / 1.34)
    return float(0.9 * spread * len(x) ** -0.2)


def kernel_density(values: npt.ArrayLike, grid: npt.ArrayLike, bandwidth: float | None = None) -> Density:
    """Density of `values` (n,) at `grid` (g,); Silverman's bandwidth unless one is given. Figure 2.3 of the report.

    Nothing is reflected at a bound, so near one the curve spills over it. ValueError for a missing value.
    """
    x, points = np.asarray(values, dtype=float), np.asarray(grid, dtype=float)
    if not np.isfinite(x).all():
        raise ValueError("the values have missing ones: leave them out first")
    width = silverman_bandwidth(x) if bandwidth is None else bandwidth
    distances = (points[:, None] - x[None, :]) / width
    heights = np.exp(-0.5 * distances**2).sum(axis=1) / (len(x) * width * np.sqrt(2.0 * np.pi))
    return Density(points, heights, width, len(x))
