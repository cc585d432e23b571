"""Candidate life courses of the randomised persons: weekly states before and after the allocation week."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.twin.behaviour import DRAWS, draw_uniforms, pick, read_model, simulate, state_number
from pipeline.twin.randomness import generator

if TYPE_CHECKING:
    from numpy.typing import NDArray

BEFORE = 214  # weeks before week 0 that a life course holds: back to 2012-W01 for the last person allocated
AFTER = 151  # weeks from week 0 on: to the end of the extract for the first person allocated
JOB_CLARIFICATION_FROM = 130  # 2014-W27, counted from 2012-W01: the sickness benefit reform of July 2014
COURSE_WEEKS = 6
VARIANTS = 1000  # candidate before allocation = base * VARIANTS + variant; 0 is the base itself
SHIFTS = (-6, -4, -3, -2, -1, 1, 2, 3, 4, 6)  # weeks by which a variant brings forward or puts off what comes
SHIFTED_WEEKS = (3, 40)  # how long a passing shift lasts; the others last to the end

FIRST_STATES = {
    "employed": 0.64,
    "unemployed": 0.10,
    "cash_benefit": 0.06,
    "student": 0.07,
    "sick": 0.06,
    "self_support": 0.05,
    "parental_leave": 0.02,
}
# Weeks on sickness benefit at allocation: 6 to 19 by the inclusion criteria (report box 2.1), with a tail for those
# recruited at a late interview; the tail is what Table 2.2 needs for weeks 26-14.
SICK_WEEKS = {range(6, 10): 0.20, range(10, 14): 0.22, range(14, 20): 0.40, range(20, 27): 0.18}
EARLY_LEAVERS = {0: 0.10, 1: 0.06}  # share who leave sickness benefit in week 1, by arm
EARLY_DESTINATIONS = {"employed": 0.15, "unemployed": 0.35, "self_support": 0.30, "cash_benefit": 0.20}
WAITING = 0.35  # share of those offered the course who do not return to work before its end
COURSE_RECORDED = 0.28  # share of teams whose job centre records the course as guidance


@dataclass(frozen=True)
class Subjects:
    """What a life course depends on: person numbers, week of allocation counted from 2012-W01, arm, wait, team."""

    person: NDArray[np.int64]
    week: NDArray[np.int64]
    treated: NDArray[np.int64]
    wait_days: NDArray[np.int64]
    team: NDArray[np.str_]

    def repeat(self, times: int) -> Subjects:
        """Every person `times` times in a row."""
        return Subjects(
            person=np.repeat(self.person, times),
            week=np.repeat(self.week, times),
            treated=np.repeat(self.treated, times),
            wait_days=np.repeat(self.wait_days, times),
            team=np.repeat(self.team, times),
        )


def draw_before(subjects: Subjects, candidate: NDArray[np.int64]) -> NDArray[np.int8]:
    """States of weeks -BEFORE to -1, shape (n, BEFORE): a working life that ends in the sick leave."""
    model = read_model("before")
    base, variant = np.divmod(candidate, VARIANTS)
    uniforms = draw_uniforms("before", subjects.person, base, BEFORE)
    kind = pick(model.type_shares[1], uniforms[:, 0])
    first = np.array([state_number(name) for name in FIRST_STATES])
    start = first[pick(np.cumsum(list(FIRST_STATES.values())), uniforms[:, 2])]
    reform = np.maximum(JOB_CLARIFICATION_FROM - subjects.week + BEFORE, 0)
    elapsed = np.full(len(candidate), 20)
    path = simulate(model, kind, start, elapsed, uniforms[:, DRAWS:], {"job_clarification": reform})
    path = _shift(path, *_draw_shifts(subjects.person, base, variant))
    is_leave = np.arange(BEFORE) >= BEFORE - _sick_weeks(uniforms[:, 1])[:, None]
    path[is_leave] = state_number("sick")
    return path


def _draw_shifts(
    person: NDArray[np.int64], base: NDArray[np.int64], variant: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """By how many weeks (n,), from which week and to which week the variants' courses are shifted; 0 for the base."""
    change, start, end = (np.zeros(len(person), dtype=np.int64) for _ in range(3))
    for row in np.flatnonzero(variant):
        source = generator(f"before/{person[row]}/{base[row]}/{variant[row]}/shift")
        change[row] = SHIFTS[source.integers(0, len(SHIFTS))]
        start[row] = source.integers(BEFORE - 110, BEFORE)
        lasting, length = source.integers(0, 2), source.integers(*SHIFTED_WEEKS)
        end[row] = BEFORE if lasting else start[row] + length
    return change, start, end


def _sick_weeks(uniform: NDArray[np.float64]) -> NDArray[np.int64]:
    lengths = np.array([length for group in SICK_WEEKS for length in group])
    shares = np.cumsum([share / len(group) for group, share in SICK_WEEKS.items() for _ in group])
    return lengths[pick(shares, uniform)]


def leave_before(before: NDArray[np.int8]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Weeks (n,) of the sick leave that ends in week -1, and whether the person worked just before it."""
    is_sick = before == state_number("sick")
    weeks = np.argmin(is_sick[:, ::-1], axis=1)
    last = before[np.arange(len(before)), BEFORE - 1 - weeks]
    return weeks, last == state_number("employed")


def draw_after(subjects: Subjects, before: NDArray[np.int8], candidate: NDArray[np.int64]) -> NDArray[np.int8]:
    """States of weeks 0 to AFTER-1, shape (n, AFTER), given the history before: sick-listed in week 0."""
    model = read_model("after")
    uniforms = draw_uniforms("after", subjects.person, candidate, AFTER - 1)
    weeks, had_job = leave_before(before)
    kind = pick(model.type_shares[had_job.astype(np.int64)], uniforms[:, 0])
    start = np.full(len(candidate), state_number("sick"))
    leaves = uniforms[:, 1] < np.array([EARLY_LEAVERS[0], EARLY_LEAVERS[1]])[subjects.treated]
    destinations = np.array([state_number(name) for name in EARLY_DESTINATIONS])
    start[leaves] = destinations[pick(np.cumsum(list(EARLY_DESTINATIONS.values())), uniforms[leaves, 2])]
    waits = (subjects.treated == 1) & (uniforms[:, 3] < WAITING) & ~leaves
    until = np.where(waits, subjects.wait_days // 7 + COURSE_WEEKS, 0)
    elapsed = np.where(leaves, 0, weeks)
    path = simulate(model, kind, start, elapsed, uniforms[:, DRAWS:], {"employed": until, "partly_fit": until})
    week_0 = np.full((len(candidate), 1), state_number("sick"), dtype=np.int8)
    return np.concatenate([week_0, path], axis=1)


def _shift(
    course: NDArray[np.int8], change: NDArray[np.int64], start: NDArray[np.int64], end: NDArray[np.int64]
) -> NDArray[np.int8]:
    """Put off what comes after `start` by `change` weeks (n,), or bring it forward if negative, up to week `end`."""
    week = np.arange(course.shape[1])
    later = np.maximum(week - np.maximum(change, 0)[:, None], start[:, None])
    sooner = np.minimum(week - np.minimum(change, 0)[:, None], course.shape[1] - 1)
    moved = np.where((change > 0)[:, None], later, sooner)
    inside = (week >= start[:, None]) & (week <= end[:, None]) & (change != 0)[:, None]
    return np.take_along_axis(course, np.where(inside, moved, week), axis=1)


def draw_activation(subjects: Subjects, candidate: NDArray[np.int64]) -> NDArray[np.int8]:
    """Activation of weeks -BEFORE to AFTER-1, shape (n, BEFORE + AFTER), for the weeks on an activated benefit.

    In a few teams the course itself is recorded as guidance for those offered it (report section 2.7).
    """
    model = read_model("activation")
    uniforms = draw_uniforms("activation", subjects.person, candidate, BEFORE + AFTER)
    none = np.zeros(len(candidate), dtype=np.int64)
    start = np.full(len(candidate), state_number("passive"))
    path = simulate(model, none, start, none, uniforms[:, DRAWS:], {})
    records = {name: generator(f"course-recorded/{name}").random() < COURSE_RECORDED for name in set(subjects.team)}
    recorded = np.array([records[name] for name in subjects.team]) & (subjects.treated == 1) & (uniforms[:, 0] < 0.9)
    first = BEFORE + 1 + subjects.wait_days // 7
    week = np.arange(BEFORE + AFTER)
    is_course = (week >= first[:, None]) & (week < first[:, None] + COURSE_WEEKS) & recorded[:, None]
    path[is_course] = state_number("guidance")
    return path
