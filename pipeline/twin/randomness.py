"""Random numbers that are the same on every machine: one generator per use, integers only."""

from __future__ import annotations

import hashlib
import tomllib
from functools import cache
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]


@cache
def study_seed() -> int:
    """The seed of the study, from config/study.toml."""
    with (ROOT / "config" / "study.toml").open("rb") as file:
        return int(tomllib.load(file)["inference"]["seed"])


def generator(name: str) -> np.random.Generator:
    """The generator of the thing called `name`: seeded by the study's seed and the name, so order never matters."""
    words = np.frombuffer(hashlib.sha256(name.encode("utf-8")).digest(), dtype="<u4")
    return np.random.default_rng([study_seed(), *(int(word) for word in words)])
