"""Families of tests: estimates of a model that are judged together, and what holds for all of them at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.estimate.designs import AGAINST
from pipeline.estimate.table import Address
from pipeline.settings.models import Model
from pipeline.stats.draws import p_values
from pipeline.stats.families import band_of, largest_of_curve, step_down
from pipeline.stats.ols import FloatArray


@dataclass(frozen=True)
class Member:
    """One estimate of a family: |t| of the draws of the lot (B,), as observed, and its scores by unit of the trial."""

    address: Address
    estimate: float
    error: float
    df: float
    statistics: FloatArray
    scores: FloatArray
    units: np.ndarray

    @property
    def observed(self) -> float:
        """The statistic of no effect."""
        return abs(self.estimate / self.error)


@dataclass(frozen=True)
class Together:
    """What a family says of a member: step-down p, p of all being zero by the lot and by the band, limits, its size."""

    stepdown_p: float
    joint_p: float
    band_p: float
    band_low: float
    band_high: float
    size: int


def families_of(model: Model, members: Iterable[Member]) -> list[list[Member]]:
    """The members of a model by family: those with the same parts of the address that the model's `family` names.

    Effects are one family, differences of two effects another. None where the model names none.
    """
    if model.family is None:
        return []
    found: dict[tuple[object, ...], list[Member]] = {}
    for member in members:
        kind = AGAINST in member.address.parameter
        key = (kind, *(getattr(member.address, part) for part in model.family))
        found.setdefault(key, []).append(member)
    return list(found.values())


def judge(family: Sequence[Member], level: float, draws: int, seed: int) -> list[Together]:
    """What holds for all members of a family at once, by member.

    The band is the estimate and so many of its errors as the largest |t| of a curve without effects exceeds with 1 -
    level, from the scores of clusters; its df is the smallest of the members.
    """
    observed = np.array([member.observed for member in family])
    statistics = np.array([member.statistics for member in family])
    stepped, units = step_down(statistics, observed), 1 + max(int(member.units.max()) for member in family)
    joint = p_values(statistics.max(axis=0)[None], observed.max()[None])[0]
    scores = np.zeros((len(family), units))
    for row, member in zip(scores, family, strict=True):
        row[member.units] = member.scores
    largest = largest_of_curve(scores, min(member.df for member in family), draws, seed)
    width = band_of(largest, level)
    band_p = p_values(largest[None], observed.max()[None])[0]
    return [
        Together(
            float(stepped[place]),
            float(joint),
            float(band_p),
            member.estimate - width * member.error,
            member.estimate + width * member.error,
            len(family),
        )
        for place, member in enumerate(family)
    ]
