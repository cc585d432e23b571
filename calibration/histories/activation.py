"""Activation: one of many candidate courses for each person, by who is in guidance or in a workplace in a week."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from calibration.histories.pools import window
from calibration.histories.register_weeks import HORIZON
from calibration.histories.report import report_lines
from calibration.histories.states import among
from calibration.histories.terms import compile_terms
from calibration.search.descent import ANNEALING, describe, keep, run, settle
from calibration.search.tilting import relax
from pipeline.twin.behaviour import state_number
from pipeline.twin.courses import BEFORE, Subjects, draw_activation
from pipeline.twin.randomness import generator
from pipeline.twin.weeks import join

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from calibration.histories.targets import Design, Target

    Courses = NDArray[np.int8]
    Integers = NDArray[np.int64]

CANDIDATES = 60
ACTIVATED_STATES = ("sick", "job_clarification", "resource_scheme")
WORKPLACE = ("trial_private", "trial_public", "subsidised_private", "subsidised_public")


class ActivationPool:
    """Activation of the candidates, arrays (persons, candidates) named guidance/t and workplace/t for week t."""

    def __init__(self, subjects: Subjects, states: NDArray[np.int8], candidates: int, horizon: int) -> None:
        copies = subjects.repeat(candidates)
        active = draw_activation(copies, np.tile(np.arange(candidates), len(subjects.person)))
        active = active[:, BEFORE + 1 : BEFORE + 1 + horizon]
        eligible = window(among(states, ACTIVATED_STATES), subjects.week, 1, horizon)
        eligible = np.repeat(eligible, candidates, axis=0)
        self.shape = (len(subjects.person), candidates)
        self._weekly = {
            "guidance": eligible & (active == state_number("guidance")),
            "workplace": eligible & among(active, WORKPLACE),
        }

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        kind, _, week = name.partition("/")
        return self._weekly[kind][:, int(week) - 1].reshape(self.shape).astype(float)


def choose_activation(
    subjects: Subjects,
    design: Design,
    before: Courses,
    after: Courses,
    targets: list[Target],
    say: Callable[[str], None],
) -> tuple[Integers, list[list[object]]]:
    """Candidate numbers (n,) of the courses of activation, given the histories."""
    states = join(before, after, subjects.week)
    pool = ActivationPool(subjects, states, CANDIDATES, HORIZON)
    own = [target for target in targets if target.functional.variable.startswith(("guidance", "workplace"))]
    terms = compile_terms(design, pool, own, np.ones(pool.shape, dtype=bool))
    source = generator("choice/activation")
    choice, _ = relax(terms, np.log(source.standard_exponential(pool.shape)))
    state = settle(terms, run(terms, choice, ANNEALING[1:], source, keep).choice, source)
    say(f"activation: {len(own)} targets; {describe(terms, state)}")
    return state.choice, report_lines(own, terms, state)
