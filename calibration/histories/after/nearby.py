"""The last stage of the fit: all targets at once, by moves of a few weeks around the present courses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from calibration.histories.after.edits import edits, random_edits, span
from calibration.histories.after.problem import Problem
from calibration.histories.pools import OutcomePool
from calibration.search.choice import coarsen, evaluate
from calibration.search.descent import Stage, run
from calibration.search.programme import Prices, dive
from calibration.search.repair import repair

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from calibration.histories.register_weeks import Calendar
    from calibration.histories.targets import Design, Target
    from pipeline.twin.courses import Subjects

    Courses = NDArray[np.int8]

MARGIN = 0.25  # of the programme
MISS_PRICE = 100.0  # of missing a target of priority 1 by one unit, in weeks moved
GRAIN = 0.1  # of the misses, in units of a usual move
NEIGHBOURS = 30
TWICE = 0.5  # share of the neighbours that are two edits away
INSERTS = 0.1
OPEN_SHARE = 0.5  # of those settled in a turn of the dive, who may still make up for others
GIVING_UP = Stage(3, reach=0.5, margin=0.15)
SWEEPS = {"all targets": (Stage(2, grain=0.25, margin=0.15), GIVING_UP), "near ones": (GIVING_UP,)}  # kinds of sweeps
PAIRS, PAIR_PRIORITY = 6, 8.0  # pairs of moves after the sweeps, at most, for targets of this priority
SWEEP_REACH = 3


class Nearby:
    """Rounds of a linear programme over edits, and of sweeps over neighbours, for these targets."""

    def __init__(self, subjects: Subjects, design: Design, calendar: Calendar, targets: list[Target]) -> None:
        self._subjects, self._design, self._calendar, self._targets = subjects, design, calendar, targets

    def problem(self, candidates: Courses, allowed: NDArray[np.bool_] | None = None) -> Problem:
        """The targets compiled for candidates (n, K, AFTER)."""
        pool = OutcomePool(self._calendar, candidates, allowed)
        return Problem(self._subjects, self._design, pool, self._targets)

    def programme(self, courses: Courses, reach: int, source: np.random.Generator) -> Courses:
        """Courses (n, AFTER) after the edits of `reach` weeks (or a shorter spell's) that the programme asks for."""
        offered = [edits(course, reach, source) for course in courses]
        size = 1 + max(len(own) for own in offered)
        candidates = np.repeat(courses[:, None], size, axis=1)
        allowed = np.arange(size) <= np.array([len(own) for own in offered])[:, None]
        cost = np.zeros(allowed.shape)
        for person, own in enumerate(offered):
            for option, edit in enumerate(own, start=1):
                candidates[person, option, span(edit)] = edit.state
                cost[person, option] = edit.weeks
        problem = self.problem(candidates, allowed)
        terms, choice = problem.terms, np.zeros(len(courses), dtype=np.int64)
        problem.refit(terms, choice)
        coarsen(terms, evaluate(terms, choice), GRAIN)
        kind = np.tile(np.arange(size), (len(courses), 1))
        shares, _ = dive(
            terms,
            (kind == 0).astype(float),
            Prices(cost, MISS_PRICE, MARGIN),
            kind,
            lambda _: None,
            lambda count: source.random(count) < OPEN_SHARE,
        )
        return np.asarray(candidates[np.arange(len(courses)), shares.argmax(axis=1)])

    def sweep(self, courses: Courses, kind: str, source: np.random.Generator) -> Courses:
        """Courses (n, AFTER) after sweeps of a kind over random neighbours."""
        flat = np.repeat(courses, NEIGHBOURS, axis=0)
        reach = source.integers(1, SWEEP_REACH + 1, len(flat))
        new = random_edits(flat, reach, INSERTS, source)
        twice = source.random(len(flat)) < TWICE
        new[twice] = random_edits(new[twice], reach[twice], INSERTS, source)
        candidates = new.reshape(len(courses), NEIGHBOURS, -1)
        candidates[:, 0] = courses
        problem = self.problem(candidates)
        state = run(problem.terms, np.zeros(len(courses), dtype=np.int64), SWEEPS[kind], source, problem.refit)
        for _ in range(PAIRS):
            if not repair(problem.terms, state, PAIR_PRIORITY, GIVING_UP.margin):
                break
        return np.asarray(candidates[np.arange(len(courses)), state.choice])
