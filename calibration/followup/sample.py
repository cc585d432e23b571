"""Who answers after the course, and who leaves which question out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from calibration.followup.controls import ControlPlan
from pipeline.twin.randomness import generator

Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]
CUTS = (6, 7, 8, 9)
RESPONDENTS = 470  # up to 455 of them answer a question (report table 3.5)
# Controls among them with 0-6, 7, 8 and 9 points: numbers from which every control mean that whole answers of so few
# can have at all is reached when at most nine of them leave a question out.
CONTROLS_BY_STRATUM = (27, 14, 7, 11)
CONTROLS = 160
PEERS_UNDER = 12  # points (report footnote 13, which prints 18 for the scale of 6 to 30)


@dataclass(frozen=True)
class Course:
    """What the calibration of the follow-up is given, for the analysed persons (n,).

    self_efficacy and baseline: scores in half points, -1 if missing; baseline by variable. wait: days. pre_weeks: weeks
    -104 to -1 on sickness benefit etc.
    """

    treated: Integers
    municipality: list[str]
    team: list[str]
    wait: Integers
    self_efficacy: Integers
    baseline: dict[str, Integers]
    pre_weeks: Integers

    @property
    def low_controls(self) -> Integers:
        """Stratum (n,) of a control: 0 for 0-6, 1 to 3 for 7, 8 and 9 points of self-efficacy, -1 for all others."""
        stratum = np.searchsorted(2 * np.array(CUTS), self.self_efficacy)
        inside = (self.treated == 0) & (self.self_efficacy >= 0) & (self.self_efficacy <= 2 * CUTS[-1])
        return np.where(inside, stratum, -1)


def choose_respondents(course: Course, draw: int) -> Booleans:
    """Who of the analysed answers (n,): nobody without self-efficacy, and the given numbers of low controls."""
    rank = generator(f"followup/respondents/{draw}").permutation(len(course.treated))
    answers = np.zeros(len(rank), dtype=np.bool_)
    known, stratum = course.self_efficacy >= 0, course.low_controls

    def take(ready: Booleans, number: int) -> None:
        chosen = np.flatnonzero(ready & ~answers)
        answers[chosen[np.argsort(rank[chosen])][:number]] = True

    for k, number in enumerate(CONTROLS_BY_STRATUM):
        take(stratum == k, number)
    take((course.treated == 0) & known & (stratum < 0), CONTROLS - int(answers.sum()))
    take((course.treated == 1) & known, RESPONDENTS - int(answers.sum()))
    return answers


def draw_missing(course: Course, answers: Booleans, name: str, number: int, plan: ControlPlan) -> Booleans:
    """Which respondents (n,) lack a variable: the planned low controls, the rest among the other respondents."""
    stratum = course.low_controls
    missing = np.zeros(len(stratum), dtype=np.bool_)
    # One order for all variables: whoever leaves out one question leaves out others too.
    rank = generator("followup/careless").permutation(len(stratum))
    rank = rank + generator(f"{name}/missing").integers(0, len(stratum) // 4, size=len(stratum))

    def take(ready: Booleans, size: int) -> None:
        chosen = np.flatnonzero(ready & answers & ~missing)
        missing[chosen[np.argsort(rank[chosen], kind="stable")][:size]] = True

    for k, size in enumerate(plan.lacking):
        take(stratum == k, size)
    take(stratum < 0, number - sum(plan.lacking))
    return missing


def low_peers(team: Sequence[str], half_points: Integers) -> Booleans:
    """Whose other team members are low (n,): more of them under PEERS_UNDER points than in the median team.

    Members without a score do not count (report section 3.5, footnote 13).
    """
    names = np.asarray(team)
    known, under = half_points >= 0, (half_points >= 0) & (half_points < 2 * PEERS_UNDER)
    count = {name: int((known & (names == name)).sum()) for name in sorted(set(team))}
    below = {name: int((under & (names == name)).sum()) for name in count}
    shares = sorted(Fraction(below[name], count[name]) for name in count)
    middle = len(shares) // 2
    limit = shares[middle] if len(shares) % 2 else (shares[middle - 1] + shares[middle]) / 2
    others = [
        (below[name] - int(is_under), count[name] - int(is_known))
        for name, is_under, is_known in zip(team, under, known, strict=True)
    ]
    return np.array([Fraction(low, size) > limit for low, size in others], dtype=np.bool_)
