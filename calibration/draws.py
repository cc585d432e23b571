"""Near-normal random integers: of latent traits, and of first answers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

UNIT = 1 << 16  # the standard deviation of `bell`, as an integer


def bell(source: np.random.Generator, size: int) -> npt.NDArray[np.int64]:
    """Integers (size,) with mean 0 and standard deviation UNIT, near normal: the sum of twelve uniform draws."""
    return source.integers(0, UNIT, size=(size, 12)).sum(axis=1) - 6 * UNIT
