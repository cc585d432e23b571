"""Small changes of courses: a limit between two spells moves, a gap opens at it, or a short spell begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from calibration.histories.register_weeks import HORIZON, SEEN
from calibration.histories.states import SHARE_STATES, among
from pipeline.twin.behaviour import state_number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Courses = NDArray[np.int8]
    Integers = NDArray[np.int64]

GAP = "unemployed"  # the state between two spells that a gap sets apart
INSERTED = ("employed", "employed", "sick", "sick", "unemployed", "cash_benefit", "self_support")
SHORT = 3  # weeks of an inserted spell: mostly too few for a job to count as begun
OPEN_END = 30  # weeks by which the last limit may move on
FIRST_INSERT = 8  # week from which a spell may be inserted
OWN_STATE = 0.5  # share of the random spells that take a state from the course itself


class Edit(NamedTuple):
    """So many weeks from `week` on (direction 1), or before it (-1), are set to a state."""

    week: int
    direction: int
    state: int
    weeks: int


def span(edit: Edit) -> slice:
    """The weeks that an edit sets."""
    return slice(edit.week, edit.week + edit.weeks) if edit.direction > 0 else slice(edit.week - edit.weeks, edit.week)


def limits(courses: Courses) -> NDArray[np.bool_]:
    """Whether a spell begins in each week (m, SEEN) that an outcome may depend on, after that of allocation."""
    return np.diff(courses[:, :SEEN], axis=1, prepend=courses[:, :1]) != 0


def edits(course: Courses, reach: int, source: np.random.Generator) -> list[Edit]:
    """Every move of a limit by `reach` weeks (or a shorter spell's), gaps between benefit and work, a short spell."""
    starts = np.flatnonzero(limits(course[None])[0])
    found, gap = [], state_number(GAP)
    benefit, employed = among(course, SHARE_STATES), state_number("employed")
    ends = [1, *starts, *(min(int(last) + OPEN_END, SEEN) for last in starts[-1:])]
    for place, week in enumerate(starts.tolist(), start=1):
        later, sooner = min(reach, int(ends[place + 1]) - week), min(reach, week - int(ends[place - 1]))
        before, after = int(course[week - 1]), int(course[week])
        found += [Edit(week, 1, before, later), Edit(week, -1, after, sooner)]
        if (benefit[week - 1] and after == employed) or (benefit[week] and before == employed):
            found += [Edit(week, 1, gap, later), Edit(week, -1, gap, sooner)]
    week = int(source.integers(FIRST_INSERT, HORIZON - SHORT))
    if course[week] not in (employed, state_number("sick")):
        state = "employed" if source.random() < 0.5 else "sick"
        found.append(Edit(week, 1, state_number(state), min(reach, SHORT)))
    return [edit for edit in found if edit.weeks > 0]


def random_edits(courses: Courses, reach: Integers, inserts: float, source: np.random.Generator) -> Courses:
    """Courses (m, AFTER) with one random edit each, of at most `reach` (m,) weeks; `inserts`: share of new spells."""
    count, weeks = courses.shape
    rows = np.arange(count)
    is_limit = limits(courses)
    limit = (source.random(is_limit.shape) * is_limit).argmax(axis=1)
    length = 1 + (source.random(count) * reach).astype(np.int64)
    is_later = source.random(count) < 0.5
    first = np.where(is_later, limit, np.maximum(1, limit - length))
    end = np.where(is_later, limit + length, limit)
    state = np.where(is_later, courses[rows, limit - 1], courses[rows, limit])
    is_new = (source.random(count) < inserts) | ~is_limit.any(axis=1)
    start = source.integers(1, SEEN, count)
    names = np.array([state_number(name) for name in INSERTED])
    new = np.where(
        source.random(count) < OWN_STATE,
        courses[rows, source.integers(1, SEEN, count)],
        names[source.integers(0, len(names), count)],
    )
    first, end = np.where(is_new, start, first), np.where(is_new, start + length, end)
    week = np.arange(weeks)
    inside = (week >= first[:, None]) & (week < end[:, None])
    return np.where(inside, np.where(is_new, new, state)[:, None], courses).astype(np.int8)
