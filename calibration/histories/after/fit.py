"""Calibration of the weeks after allocation: a draw, then how many weeks of each kind, then when, then both at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from calibration.histories.after.nearby import Nearby
from calibration.histories.after.problem import Problem
from calibration.histories.after.timing import courses_with_totals
from calibration.histories.after.totals import STATES, choose_totals, is_settled
from calibration.histories.register_weeks import Calendar
from calibration.histories.report import out_of_reach
from calibration.histories.targets import Design, Target, identification_targets
from calibration.search.choice import State, cost, evaluate, values
from calibration.search.descent import ANNEALING, Stage, describe, run
from calibration.search.tilting import relax
from pipeline.twin.courses import Subjects, draw_after

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Courses = NDArray[np.int8]
    Integers = NDArray[np.int64]
    Say = Callable[[str], None]

CANDIDATES = 120
TILTINGS = 3  # times that the timing is tilted, with the hazards linearised at the last choice
TIMING = (Stage(10, grain=2.0),)
REACHES = (6, 4, 3, 2, 1, 2, 1, 1, 2, 1, 1)  # weeks that a limit may move in each round of the programme
ROUND_SWEEPS = ("all targets", "near ones", "near ones")  # of each round, with fresh neighbours each
LEVEL_REACH = 0.5  # of the loss that tells the best round: a target that is missed by more costs its priority


def choose_after(
    subjects: Subjects, design: Design, before: Courses, targets: list[Target], source: np.random.Generator, say: Say
) -> tuple[Courses, list[tuple[Target, float]]]:
    """Courses (n, AFTER) after allocation, given those before, and what each target on them reaches."""
    own = targets_after(design, targets)
    calendar = Calendar(subjects)
    nearby = Nearby(subjects, design, calendar, own)
    say(f"after allocation: {len(own)} targets")
    courses = draw(subjects, before, nearby, source, say)
    seen = calendar.observe(np.arange(len(courses)), courses)
    totals = choose_totals(subjects, design, seen, own, say)
    rest = [one for one in own if not any(is_settled(one, state) for state in STATES)]
    courses = place_weeks(Nearby(subjects, design, calendar, rest), calendar, courses, totals, source, say)
    courses = improve(nearby, courses, source, say)
    return courses, reached(nearby, courses)


def targets_after(design: Design, targets: list[Target]) -> list[Target]:
    """The targets on the weeks after allocation."""
    own = [one for one in targets if one.functional.variable.startswith(STATES)]
    own = [one for one in own if "_pre_" not in one.functional.variable]
    return [*own, *identification_targets(design, own)]


def draw(subjects: Subjects, before: Courses, nearby: Nearby, source: np.random.Generator, say: Say) -> Courses:
    """One of many courses of the behavioural model for each person: tilted towards the targets, then annealed."""
    persons = len(subjects.person)
    numbers = np.tile(np.arange(CANDIDATES), persons)
    copies = subjects.repeat(CANDIDATES)
    courses = draw_after(copies, np.repeat(before, CANDIDATES, axis=0), numbers).reshape(persons, CANDIDATES, -1)
    problem = nearby.problem(courses)
    costs = np.log(source.standard_exponential(courses.shape[:2]))
    problem.start(problem.terms, costs.argmin(axis=1))
    choice, slack = relax(problem.terms, costs)
    say(f"tilted; {out_of_reach(problem.linear, slack.sum(axis=0))}")
    state = run(problem.terms, choice, ANNEALING, source, problem.refit)
    say(f"drawn from the model; {describe(problem.terms, state)}")
    return np.asarray(courses[np.arange(persons), state.choice])


def place_weeks(
    nearby: Nearby, calendar: Calendar, courses: Courses, totals: Integers, source: np.random.Generator, say: Say
) -> Courses:
    """Courses (n, AFTER) with these totals (2, n) of weeks, timed such that the targets they leave open are near."""
    candidates, allowed = courses_with_totals(calendar, courses, totals, source)
    problem = nearby.problem(candidates, allowed)
    terms, persons = problem.terms, np.arange(len(courses))
    without = ~terms.allowed.any(axis=1)
    terms.allowed[without, 0] = True  # whoever finds no course with the totals keeps the present one
    say(f"{without.sum()} persons without a course that has their totals")
    choice = terms.allowed.argmax(axis=1)
    for _ in range(TILTINGS):
        problem.refit(terms, choice)
        choice, slack = relax(terms, np.log(source.standard_exponential(terms.allowed.shape)))
    say(f"tilted; {out_of_reach(problem.linear, slack.sum(axis=0))}")
    state = run(terms, choice, TIMING, source, problem.refit)
    say(f"timed; {describe(terms, state)}")
    return np.asarray(candidates[persons, state.choice])


def improve(nearby: Nearby, courses: Courses, source: np.random.Generator, say: Say) -> Courses:
    """The best of the courses that rounds of the linear programme and of sweeps lead to."""
    best, (least, _) = courses, level_loss(nearby, courses)
    for number, reach in enumerate(REACHES, start=1):
        courses = nearby.programme(courses, reach, source)
        for kind in ROUND_SWEEPS:
            courses = nearby.sweep(courses, kind, source)
        loss, found = level_loss(nearby, courses)
        if loss < least:
            best, least = courses, loss
        say(f"moved by up to {reach} weeks, round {number} of {len(REACHES)}; {found}")
    return best


def level_loss(nearby: Nearby, courses: Courses) -> tuple[float, str]:
    """The priorities of the targets that courses miss, near enough, and what they meet in words."""
    problem, state = fitted(nearby, courses)
    terms = replace(problem.terms, scale=problem.terms.unit, reach=LEVEL_REACH)
    return float(cost(terms, values(terms, state.linear, state.squares), 0)), describe(terms, state)


def fitted(nearby: Nearby, courses: Courses) -> tuple[Problem, State]:
    """The targets compiled for these courses alone, and their state."""
    problem = nearby.problem(courses[:, None])
    choice = np.zeros(len(courses), dtype=np.int64)
    problem.refit(problem.terms, choice)
    return problem, evaluate(problem.terms, choice)


def reached(nearby: Nearby, courses: Courses) -> list[tuple[Target, float]]:
    """Each target with the value that the courses give it."""
    problem, state = fitted(nearby, courses)
    value = values(problem.terms, state.linear, state.squares)
    return [*zip(problem.linear, value.tolist(), strict=True), *problem.standard_errors()]
