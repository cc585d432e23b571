"""The weeks before allocation: one of many candidates of the behavioural model for each person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from calibration.histories.pools import shares_before
from calibration.histories.report import out_of_reach, report_lines
from calibration.histories.terms import compile_terms
from calibration.search.descent import ANNEALING, describe, keep, run, settle
from calibration.search.tilting import relax
from pipeline.twin.courses import VARIANTS
from pipeline.twin.randomness import generator

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from calibration.histories.targets import Design, Target
    from calibration.search.choice import Terms
    from pipeline.twin.courses import Subjects

    Integers = NDArray[np.int64]

CANDIDATES = 100
FINE_VARIANTS, FINE_BASES = 63, 7  # candidates before allocation added for the fine search


def choose_before(
    subjects: Subjects, design: Design, targets: list[Target], say: Callable[[str], None]
) -> tuple[Integers, list[list[object]]]:
    """Candidate numbers (n,) of the histories before allocation; adds the shares that are covariates to the design."""
    persons = len(subjects.person)
    numbers = np.tile(np.arange(CANDIDATES) * VARIANTS, (persons, 1))
    own, terms, _ = compile_before(subjects, design, targets, numbers)
    say(f"before allocation: {len(own)} targets")
    source = generator("choice/before")
    choice, slack = relax(terms, np.log(source.standard_exponential(numbers.shape)))
    say(f"tilted; {out_of_reach(own, slack.sum(axis=0))}")
    state = run(terms, choice, ANNEALING, source, keep)
    say(describe(terms, state))
    bases = np.arange(CANDIDATES, CANDIDATES + FINE_BASES) * VARIANTS
    variants = numbers[np.arange(persons), state.choice, None] + np.arange(FINE_VARIANTS + 1)
    numbers = np.concatenate([variants, np.tile(bases, (persons, 1))], axis=1)
    own, terms, pool = compile_before(subjects, design, targets, numbers)
    state = settle(terms, np.zeros(persons, dtype=np.int64), source)
    say(describe(terms, state))
    for name in ("sickness_benefit_pre_share", "employment_pre_share"):
        design.columns[name] = pool[name][np.arange(persons), state.choice]
    return numbers[np.arange(persons), state.choice], report_lines(own, terms, state)


def compile_before(
    subjects: Subjects, design: Design, targets: list[Target], numbers: Integers
) -> tuple[list[Target], Terms, dict[str, NDArray[np.float64]]]:
    """The targets on the time before allocation, their terms for these candidates, and the candidates' shares."""
    pool = shares_before(subjects, numbers)
    own = [target for target in targets if target.functional.variable in pool]
    return own, compile_terms(design, pool, own, np.ones(numbers.shape, dtype=bool)), pool
