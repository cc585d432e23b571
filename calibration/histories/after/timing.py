"""Candidate courses with given totals: the same weeks of work and on benefit at other times."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from calibration.histories.after.edits import limits, random_edits
from calibration.histories.register_weeks import Calendar

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Courses = NDArray[np.int8]
    Integers = NDArray[np.int64]
    Marks = NDArray[np.bool_]

FIRST_WEEKS = 10  # kept by most candidates: the effects of the first weeks are printed to a tenth of a point
KEPT = {"exits and first weeks": 40, "first weeks": 30, "nothing": 29}  # what candidates keep, and how many of them
SHUFFLES = 7  # random edits of a candidate before its totals are mended: fewer than this
REACH, INSERTS = 12, 0.3  # weeks at most, and share of new spells, of those edits
MENDS, MEND_INSERTS = 120, 0.35  # edits tried to reach the totals
MORE_LIMITS, ALWAYS_LIMITS = 3, 7  # limits between spells that a candidate may have: so many more, or this many


def courses_with_totals(
    calendar: Calendar, courses: Courses, totals: Integers, source: np.random.Generator
) -> tuple[Courses, Marks]:
    """Candidates (n, K, AFTER) of each person, the present course first, and which have the totals (2, n): (n, K)."""
    persons = len(courses)
    kept = np.repeat(list(KEPT), list(KEPT.values()))
    rows = np.repeat(np.arange(persons), len(kept))
    walk = Walk(calendar, courses, rows, np.tile(kept, persons), totals)
    shuffles = source.integers(0, SHUFFLES, len(rows))
    for turn in range(SHUFFLES - 1):
        going = np.flatnonzero(shuffles > turn)
        walk.step(going, np.full(len(going), REACH), INSERTS, source, must_approach=False)
    for _ in range(MENDS):
        distance = walk.distance()
        going = np.flatnonzero(distance.any(axis=0))
        if not going.size:
            break
        walk.step(going, np.maximum(distance[:, going].max(axis=0), 2), MEND_INSERTS, source, must_approach=True)
    has_totals = (walk.distance().sum(axis=0) == 0).reshape(persons, -1)
    present = (calendar.observe(np.arange(persons), courses).totals == totals).all(axis=0)
    candidates = np.concatenate([courses[:, None], walk.courses.reshape(persons, len(kept), -1)], axis=1)
    return candidates, np.concatenate([present[:, None], has_totals], axis=1)


class Walk:
    """Many courses on random walks, of which each step keeps what the course has to keep."""

    def __init__(
        self, calendar: Calendar, courses: Courses, rows: Integers, kept: NDArray[np.str_], totals: Integers
    ) -> None:
        self.courses = courses[rows]
        self._calendar, self._rows, self._wanted = calendar, rows, totals[:, rows]
        self._most = np.maximum(limits(courses).sum(axis=1) + MORE_LIMITS, ALWAYS_LIMITS)[rows]
        self._first = calendar.observe(rows, self.courses)
        self._totals = self._first.totals
        self._keeps_exits, self._keeps_weeks = kept == "exits and first weeks", kept != "nothing"

    def distance(self) -> Integers:
        """Weeks (2, m) by which the totals are off."""
        return np.abs(self._totals - self._wanted)

    def step(
        self, going: Integers, reach: Integers, inserts: float, source: np.random.Generator, *, must_approach: bool
    ) -> None:
        """Try one random edit of the courses in positions `going`; `must_approach`: none that leads off the totals."""
        new = random_edits(self.courses[going], reach, inserts, source)
        seen = self._calendar.observe(self._rows[going], new)
        same_exits = (seen.begun == self._first.begun[going]) & (seen.left == self._first.left[going])
        same_weeks = np.logical_and.reduce(
            [(now[:, :FIRST_WEEKS] == then[going, :FIRST_WEEKS]).all(axis=1)
             for now, then in ((seen.employed, self._first.employed), (seen.on_benefit, self._first.on_benefit))]
        )  # fmt: skip
        accepted = (same_exits | ~self._keeps_exits[going]) & (same_weeks | ~self._keeps_weeks[going])
        accepted &= limits(new).sum(axis=1) <= self._most[going]
        if must_approach:
            distance = np.abs(seen.totals - self._wanted[:, going]).sum(axis=0)
            accepted &= distance <= self.distance()[:, going].sum(axis=0)
        taken = going[accepted]
        self.courses[taken], self._totals[:, taken] = new[accepted], seen.totals[:, accepted]
