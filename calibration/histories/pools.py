"""What each candidate life course would give: shares of weeks and exits, as arrays (persons, candidates) by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from calibration.histories.register_weeks import HORIZON, Calendar
from calibration.histories.states import SHARE_STATES, among, worked
from pipeline.twin.courses import Subjects, draw_before
from pipeline.twin.weeks import LAST_KNOWN, join

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

WINDOWS = ((104, 92), (91, 79), (78, 66), (65, 53), (52, 40), (39, 27), (26, 14), (13, 1))
PRE_WEEKS = 104
EDGES = {"employment": 0, "sickness_benefit": HORIZON}  # weeks of those who never leave the state they start in
MEDIANS = {"employment": 60, "sickness_benefit": 19}  # weeks of the median person, as table 6.1 splits at it


def window(marks: NDArray[np.bool_], week: NDArray[np.int64], first: int, last: int) -> NDArray[np.bool_]:
    """Marks (n, last - first + 1) of the weeks `first` to `last` around the allocation weeks, from (n, WEEKS)."""
    positions = week[:, None] + np.arange(first, last + 1)
    inside = positions < marks.shape[1]
    return np.take_along_axis(marks, np.where(inside, positions, 0), axis=1) & inside


def shares_before(subjects: Subjects, candidate: NDArray[np.int64]) -> dict[str, Floats]:
    """Shares (persons, candidates) of each 13-week window and of all 104 weeks, for employment and sickness benefit.

    And whether the weeks are more than the median's ('above'), at most that ('to'), or below it ('below').
    """
    copies = subjects.repeat(candidate.shape[1])
    before = draw_before(copies, candidate.ravel())
    leave = np.repeat(before[:, -1:], join_width(copies), axis=1)
    states = join(before, leave, copies.week)
    shape = candidate.shape
    marks = {"employment": worked(states), "sickness_benefit": among(states, SHARE_STATES)}
    shares = {}
    for name, weekly in marks.items():
        around = window(weekly, copies.week, -PRE_WEEKS, -1)
        for start, end in WINDOWS:
            part = around[:, PRE_WEEKS - start : PRE_WEEKS - end + 1]
            shares[f"{name}_pre_{start}_{end}"] = part.mean(axis=1).reshape(shape)
        shares[f"{name}_pre_share"] = around.mean(axis=1).reshape(shape)
        weeks = around.sum(axis=1).reshape(shape)
        shares[f"{name}_pre_median/above"] = (weeks > MEDIANS[name]).astype(float)
        shares[f"{name}_pre_median/to"] = (weeks <= MEDIANS[name]).astype(float)
        shares[f"{name}_pre_median/below"] = (weeks < MEDIANS[name]).astype(float)
    return shares


def join_width(subjects: Subjects) -> int:
    """Weeks from week 0 to the end of the extract for the first person allocated."""
    return LAST_KNOWN + 2 - int(subjects.week.min())


class OutcomePool:
    """Outcomes of candidate courses after allocation; each is an array (persons, candidates).

    Names: employment/t and sickness_benefit/t (share of weeks 1..t), <state>_exit/weeks (week of exit or last at
    risk), <state>_exit/beyond/t (still at risk after week t), <state>_exit/left/s-t (exit in weeks s..t), with
    <state> employment or sickness_benefit. A name of any other kind is looked up in `extra`.
    """

    def __init__(self, calendar: Calendar, courses: NDArray[np.int8], allowed: NDArray[np.bool_] | None = None) -> None:
        self.shape = courses.shape[:2]
        rows = np.repeat(np.arange(self.shape[0]), self.shape[1])
        seen = calendar.observe(rows, courses.reshape(len(rows), -1))
        self.weeks = {
            "employment_exit": seen.begun.reshape(self.shape),
            "sickness_benefit_exit": seen.left.reshape(self.shape),
        }
        self.exited = {
            "employment_exit": seen.has_begun.reshape(self.shape),
            "sickness_benefit_exit": seen.has_left.reshape(self.shape),
        }
        self.allowed = ~calendar.is_cut(rows, seen.employed).reshape(self.shape)
        if allowed is not None:
            self.allowed &= allowed
        weekly = {"employment": seen.employed, "sickness_benefit": seen.on_benefit}
        self._shares = {name: np.cumsum(marks, axis=1, dtype=np.int16) for name, marks in weekly.items()}
        self.extra: dict[str, Floats] = {}

    def __getitem__(self, name: str) -> Floats:
        if name in self.extra:
            return self.extra[name]
        state, _, what = name.partition("/")
        if state in self._shares:
            week, _, power = what.partition("^")
            return (self._shares[state][:, int(week) - 1].reshape(self.shape) / int(week)) ** int(power or 1)
        kind, _, weeks = what.partition("/")
        if kind == "weeks":
            return self.weeks[state].astype(float)
        if kind == "beyond":
            left_by = self.exited[state] & (self.weeks[state] <= int(weeks))
            return (~left_by).astype(float)
        first, last = (int(part) for part in weeks.split("-"))
        left = self.exited[state] & (self.weeks[state] >= first) & (self.weeks[state] <= last)
        return left.astype(float)


class TotalsPool:
    """Candidates that are no more than a number of weeks of the horizon in a state: (persons, candidates).

    Names: <state>/81 (share of weeks, also ^2), and <state>/never (no week employed, or all weeks on benefit) with its
    opposite <state>/ever.
    """

    def __init__(self, state: str, weeks: NDArray[np.int64], allowed: NDArray[np.bool_]) -> None:
        self.shape, self.allowed = weeks.shape, allowed
        never = (weeks == EDGES[state]).astype(float)
        self.extra: dict[str, Floats] = {
            f"{state}/{HORIZON}": weeks / HORIZON,
            f"{state}/{HORIZON}^2": (weeks / HORIZON) ** 2,
            f"{state}/never": never,
            f"{state}/ever": 1 - never,
        }

    def __getitem__(self, name: str) -> Floats:
        return self.extra[name]
