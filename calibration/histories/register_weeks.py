"""What the register shows of courses after allocation: weeks in work and on benefit, and when each is left or begun."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from calibration.histories.states import EXIT_STATES, SHARE_STATES, among
from pipeline.twin.behaviour import state_codes, state_number
from pipeline.twin.weeks import LAST_KNOWN, MONTH, WEEKS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.twin.courses import Subjects

    Marks = NDArray[np.bool_]
    Integers = NDArray[np.int64]

HORIZON = 81
RUN = 4  # consecutive employed weeks that make an exit to employment
SEEN = HORIZON + RUN  # weeks after allocation, from week 0 on, that an outcome may depend on
LONGEST_MONTH = 5  # weeks


@dataclass(frozen=True)
class RegisterWeeks:
    """Marks of m courses: employed and on_benefit (m, HORIZON + RUN - 1) from week 1 on; left and begun (m,).

    left: the first week without a benefit that counts for exits; begun: the first of RUN employed weeks; HORIZON if it
    does not happen, as told by has_left and has_begun (m,).
    """

    employed: Marks
    on_benefit: Marks
    left: Integers
    begun: Integers
    has_left: Marks
    has_begun: Marks

    @property
    def totals(self) -> Integers:
        """Weeks (2, m) employed and on benefit within the horizon."""
        return np.stack([self.employed[:, :HORIZON].sum(axis=1), self.on_benefit[:, :HORIZON].sum(axis=1)])


class Calendar:
    """Which month each week after allocation lies in: a wage record covers its month (see `states.worked`)."""

    def __init__(self, subjects: Subjects) -> None:
        position = subjects.week[:, None] + np.arange(SEEN + LONGEST_MONTH)
        self._known = position <= LAST_KNOWN
        month = MONTH[np.minimum(position, WEEKS - 1)]
        self._month = month - month[:, :1]
        self._week = subjects.week

    def observe(self, rows: Integers, courses: NDArray[np.int8]) -> RegisterWeeks:
        """What the register shows of courses (m, AFTER) of the persons in positions `rows` (m,)."""
        courses = courses[:, : SEEN + LONGEST_MONTH]
        month = self._month[rows]
        is_paid = np.zeros((len(rows), int(self._month.max()) + 1), dtype=bool)
        row, week = np.nonzero(courses == state_number("employed"))
        is_paid[row, month[row, week]] = True
        is_blank = np.array([code == 0 for code in state_codes().values()])[courses]
        employed = (is_blank & self._known[rows] & np.take_along_axis(is_paid, month, axis=1))[:, 1:SEEN]
        courses = courses[:, 1:SEEN]
        starts = np.logical_and.reduce([employed[:, step : HORIZON + step] for step in range(RUN)])
        leaves = ~among(courses[:, :HORIZON], EXIT_STATES)
        has_begun, has_left = np.asarray(starts.any(axis=1)), np.asarray(leaves.any(axis=1))
        return RegisterWeeks(
            employed=employed,
            on_benefit=among(courses, SHARE_STATES),
            left=np.where(has_left, leaves.argmax(axis=1) + 1, HORIZON),
            begun=np.where(has_begun, starts.argmax(axis=1) + 1, HORIZON),
            has_left=has_left,
            has_begun=has_begun,
        )

    def is_cut(self, rows: Integers, employed: Marks) -> Marks:
        """Whether the extract's end cuts a run (m,) that starts within the horizon and is no exit yet."""
        last = LAST_KNOWN - self._week[rows]
        cut = np.zeros(len(rows), dtype=bool)
        for length in range(1, RUN):
            start = last - length + 1
            reaches = np.flatnonzero((last < SEEN - 1) & (start <= HORIZON))
            run = np.stack([employed[reaches, start[reaches] - 1 + step] for step in range(length)], axis=1)
            cut[reaches] |= run.all(axis=1) & ~employed[reaches, start[reaches] - 2]
        return cut
