"""First scores of the baseline survey: latent traits of each person cut into scale points, in integers."""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt
from pathlib import Path

import numpy as np
import numpy.typing as npt

from calibration.draws import UNIT, bell
from pipeline.twin.randomness import generator
from pipeline.twin.stored import read_rows

Integers = npt.NDArray[np.int64]
TRAITS = Path(__file__).parent / "traits.csv"
FACTORS = ("coping", "distress", "physical", "outlook", "motivation", "years")
# A factor is 0.01 times these multiples of the factors before it plus what is left over of its own.
MIX = {
    "distress": {"coping": -55},
    "physical": {"coping": -25, "distress": 5},
    "outlook": {"coping": 30, "physical": -20},
}


@dataclass(frozen=True)
class Trait:
    """How a variable follows from the factors.

    shape: 'scale' rounds centre + spread * z to the scale; 'count' gives 0 below zero and a bent right tail above.
    spread and curve in hundredths of a point; loadings in hundredths; answers are multiples of step for most persons.
    """

    variable: str
    shape: str
    spread: int
    curve: int
    minimum: int
    maximum: int
    step: int
    loadings: dict[str, int]


def read_traits() -> dict[str, Trait]:
    """The traits by variable, in the order of the file."""
    return {
        row["variable"]: Trait(
            row["variable"],
            row["shape"],
            int(row["spread"]),
            int(row["curve"]),
            int(row["minimum"]),
            int(row["maximum"]),
            int(row["step"]),
            {factor: int(row[factor]) for factor in FACTORS if int(row[factor])},
        )
        for row in read_rows(TRAITS)
    }


def mixture(loadings: dict[str, int], factors: dict[str, Integers], own: Integers) -> Integers:
    """Sum of loadings times factors plus what an uncorrelated rest needs for unit variance, in hundredths."""
    rest = isqrt(max(0, 100**2 - sum(loading**2 for loading in loadings.values())))
    total = rest * own
    for factor, loading in loadings.items():
        total = total + loading * factors[factor]
    return total // 100


def draw_factors(coping: Integers) -> dict[str, Integers]:
    """The factors (n,) of every person, mean 0 and standard deviation about UNIT, given `coping`."""
    factors = {"coping": coping}
    for factor in FACTORS[1:]:
        own = bell(generator(f"survey/factor/{factor}"), len(coping))
        factors[factor] = mixture(MIX.get(factor, {}), factors, own)
    return factors


def normal_order(rank: Integers, name: str) -> Integers:
    """Near-normal integers (n,) in the order of `rank`: the sorted draws, the smallest to rank 0."""
    return np.sort(bell(generator(name), len(rank)))[rank]


def cut(trait: Trait, centre: int | Integers, z: Integers) -> Integers:
    """Scale points (n,) of the latent values z at a centre given in units of 1/UNIT point."""
    latent = centre + trait.spread * z // 100
    if trait.shape == "count":
        bent = latent + trait.curve * latent * latent // (100 * UNIT)
        points = np.where(latent < 0, 0, 1 + bent // UNIT)
    else:
        points = (latent + trait.step * UNIT // 2) // (trait.step * UNIT) * trait.step
    return np.clip(points, trait.minimum, trait.maximum)


def centre_for(trait: Trait, z: Integers, total: int) -> int:
    """The smallest centre at which the points of z sum to at least `total`."""
    low, high = (trait.minimum - 100) * UNIT, (trait.maximum + 100) * UNIT
    while high - low > 1:
        middle = (low + high) // 2
        if int(cut(trait, middle, z).sum()) >= total:
            high = middle
        else:
            low = middle
    return high
