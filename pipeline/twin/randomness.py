"""Random numbers that are the same on every machine: one generator per use, integers only."""

from __future__ import annotations

import hashlib
import tomllib
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

ROOT = Path(__file__).resolve().parents[2]
UNIT = 1 << 16  # the standard deviation of `bell`, as an integer


@cache
def study_seed() -> int:
    """The seed of the study, from config/study.toml."""
    with (ROOT / "config" / "study.toml").open("rb") as file:
        return int(tomllib.load(file)["inference"]["seed"])


def generator(name: str) -> np.random.Generator:
    """The generator of the thing called `name`: seeded by the study's seed and the name, so order never matters."""
    words = np.frombuffer(hashlib.sha256(name.encode("utf-8")).digest(), dtype="<u4")
    return np.random.default_rng([study_seed(), *(int(word) for word in words)])


def bell(source: np.random.Generator, size: int) -> npt.NDArray[np.int64]:
    """Integers (size,) with mean 0 and standard deviation UNIT, near normal: the sum of twelve uniform draws."""
    return source.integers(0, UNIT, size=(size, 12)).sum(axis=1) - 6 * UNIT
