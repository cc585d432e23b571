"""Families of tests: step-down p-values by a plain loop, and bands from normal numbers by cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from pipeline.verify.packages.again import numbers
from pipeline.verify.packages.redrawn import p_value, reached
from pipeline.verify.packages.trial import Trial

NO_SCORE = 1e-9  # of all scores of an estimate: a cluster whose own is smaller has none but rounding


class Member(NamedTuple):
    """An estimate of a family: |t| of the draws (B,), and its scores by the name of a cluster."""

    estimate_id: str
    estimate: float
    error: float
    df: float
    statistics: np.ndarray
    scores: Mapping[str, float]


def judged(family: Sequence[Member], trial: Trial) -> dict[str, dict[str, float]]:
    """By estimate_id what holds for all members at once."""
    order = sorted(family, key=lambda member: -abs(member.estimate / member.error))
    found, before, left = dict[str, dict[str, float]](), 0.0, order
    while left:
        largest = left[0].statistics
        for member in left[1:]:
            largest = np.maximum(largest, member.statistics)
        before = max(before, p_value(largest, left[0].estimate / left[0].error))
        found[left[0].estimate_id] = {"stepdown_p": before, "family_size": float(len(order))}
        left = left[1:]
    whole = np.max([member.statistics for member in order], axis=0)
    top = abs(order[0].estimate / order[0].error)
    curve, level = _largest_of_curve(order, trial), trial.definitions.level
    width = np.sort(curve)[min(int(np.ceil(level * (len(curve) + 1))), len(curve)) - 1]
    for member in order:
        found[member.estimate_id] |= {
            "joint_p": p_value(whole, top),
            "band_p": float((1 + reached(curve, top).sum()) / (1 + len(curve))),
            "band_low": member.estimate - width * member.error,
            "band_high": member.estimate + width * member.error,
        }
    return found


def _largest_of_curve(family: Sequence[Member], trial: Trial) -> np.ndarray:
    """The largest |t| (B,) of a curve without effects, by the name "bands": a normal number a cluster, over one chi."""
    names = sorted({name for member in family for name in _with_scores(member.scores)})
    random = numbers(trial.definitions.seed, "bands", str(len(names)))
    normal = random.standard_normal((trial.definitions.draws, len(names)))
    degrees = min(member.df for member in family)
    chi = np.sqrt(random.chisquare(degrees, trial.definitions.draws) / degrees)
    largest = np.zeros(len(chi))
    for member in family:
        scores = np.array([member.scores.get(name, 0.0) for name in names])
        if scores.any():
            largest = np.maximum(largest, np.abs(normal @ scores) / np.linalg.norm(scores))
    return np.asarray(largest / chi)


def _with_scores(scores: Mapping[str, float]) -> list[str]:
    """The clusters whose scores are more than rounding."""
    length = np.linalg.norm(list(scores.values()))
    return [name for name, score in scores.items() if abs(score) > NO_SCORE * length]
