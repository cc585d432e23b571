"""Calibration of the register histories of the analysed persons: before and after allocation, and activation."""

from __future__ import annotations

import csv
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from calibration.histories.activation import ActivationPool
from calibration.histories.after.fit import choose_after
from calibration.histories.pools import shares_before
from calibration.histories.register_weeks import HORIZON
from calibration.histories.report import out_of_reach, report_line, report_lines
from calibration.histories.targets import FIXED, Design, Target, stated_targets, table_targets
from calibration.histories.terms import compile_terms
from calibration.search.choice import Terms
from calibration.search.descent import ANNEALING, describe, keep, run, settle
from calibration.search.tilting import relax
from calibration.stored import format_spells, write_table
from pipeline.errors import InputError
from pipeline.twin.courses import VARIANTS, Subjects, draw_before
from pipeline.twin.histories import CHOICES, CHOSEN, fingerprint, states_of, subjects_of
from pipeline.twin.randomness import generator
from pipeline.twin.scores import BASELINE
from pipeline.twin.weeks import join

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pipeline.twin.frame import Frame

    Courses = NDArray[np.int8]
    Integers = NDArray[np.int64]

REACHED = Path(__file__).parent / "reached.csv"
BEFORE_CANDIDATES, ACTIVATION_CANDIDATES = 100, 60
FINE_VARIANTS, FINE_BASES = 63, 7  # candidates before allocation added for the fine search
LOW_PEER = 12  # points of self-efficacy from which a team member is not low (report footnote 13, on the 0-24 scale)


def calibrate_histories(frame: Frame, choices: Path = CHOICES, report: Path = REACHED) -> None:
    """Choose the histories of the frame's analysed persons and write the choices and what they reach.

    Writes `choices` (person, candidates before and of activation, spells after allocation, digest) and `report`
    (target, printed, bounds, reached, met). Needs the calibrated scores. Prints progress; the same input gives the
    same choices.
    """
    started = time.monotonic()

    def say(text: str) -> None:
        print(f"histories: {text} [{time.monotonic() - started:.0f} s]", flush=True)

    members = np.asarray(frame.analysed)
    subjects = subjects_of(frame, members)
    design = build_design(frame, members)
    targets = [*table_targets(), *stated_targets()]
    before, lines = choose_before(subjects, design, targets, say)
    earlier = draw_before(subjects, before)
    after, reached = choose_after(subjects, design, earlier, targets, generator("choice/after"), say)
    activation, last = choose_activation(subjects, design, earlier, after, targets, say)
    digest = fingerprint(*states_of(subjects, earlier, after, activation))
    chosen = zip(subjects.person, before, map(format_spells, after), activation, strict=True)
    write_table(choices, CHOSEN, [[*one, digest] for one in chosen])
    lines += [report_line(*one) for one in reached]
    fixed = [target for target in targets if target.functional.estimator in FIXED]
    lines = [*lines, *last, *(report_line(one, design.fixed(one.functional)) for one in fixed)]
    write_table(report, ["target", "printed", "lower", "upper", "reached", "met", "priority"], lines)
    stated = [line for line in lines if float(str(line[6])) > 0]
    say(f"{sum(bool(line[5]) for line in stated)} of {len(stated)} targets met; see {report.name}")


def build_design(frame: Frame, members: NDArray[np.bool_], scores: Path = BASELINE) -> Design:
    """Columns that the functionals need: arm, wait, place, team and the calibrated scores (NaN where missing)."""
    try:
        with scores.open(encoding="utf-8", newline="") as file:
            rows = {int(row["person"]): row for row in csv.DictReader(file)}
    except FileNotFoundError as error:
        raise InputError(f"{scores}: the file is missing. Run make calibrate.") from error
    people = [rows[int(one)] for one in frame.person[members]]
    names = [name for name in people[0] if name != "person"]
    columns = {name: np.array([float(row[name] or "nan") for row in people]) for name in names}
    columns["treated"] = frame.treated[members].astype(float)
    columns["wait_days"] = frame.wait_days[members].astype(float)
    columns["municipality"] = frame.municipality[members]
    place = np.unique(frame.municipality[members], return_inverse=True)[1]
    team = np.unique(frame.team[members], return_inverse=True)[1]
    columns["low_peers"] = low_peers(columns["self_efficacy"], team)
    return Design(columns, place, team)


def low_peers(score: NDArray[np.float64], team: Integers) -> NDArray[np.float64]:
    """1 if more of the others in one's team have low self-efficacy than in the median team, else 0; (n,).

    Report footnote 13; whoever has no score is not counted.
    """
    known, low = np.isfinite(score).astype(float), (score < LOW_PEER).astype(float)
    size, count = np.bincount(team, known), np.bincount(team, low)
    return ((count[team] - low) / (size[team] - known) > np.median(count / size)).astype(float)


def choose_before(
    subjects: Subjects, design: Design, targets: list[Target], say: Callable[[str], None]
) -> tuple[Integers, list[list[object]]]:
    """Candidate numbers (n,) of the histories before allocation; adds the shares that are covariates to the design."""
    persons = len(subjects.person)
    numbers = np.tile(np.arange(BEFORE_CANDIDATES) * VARIANTS, (persons, 1))
    own, terms, _ = compile_before(subjects, design, targets, numbers)
    say(f"before allocation: {len(own)} targets")
    source = generator("choice/before")
    choice, slack = relax(terms, np.log(source.standard_exponential(numbers.shape)))
    say(f"tilted; {out_of_reach(own, slack.sum(axis=0))}")
    state = run(terms, choice, ANNEALING, source, keep)
    say(describe(terms, state))
    bases = np.arange(BEFORE_CANDIDATES, BEFORE_CANDIDATES + FINE_BASES) * VARIANTS
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
    pool = ActivationPool(subjects, states, ACTIVATION_CANDIDATES, HORIZON)
    own = [target for target in targets if target.functional.variable.startswith(("guidance", "workplace"))]
    terms = compile_terms(design, pool, own, np.ones(pool.shape, dtype=bool))
    source = generator("choice/activation")
    choice, _ = relax(terms, np.log(source.standard_exponential(pool.shape)))
    state = settle(terms, run(terms, choice, ANNEALING[1:], source, keep).choice, source)
    say(f"activation: {len(own)} targets; {describe(terms, state)}")
    return state.choice, report_lines(own, terms, state)
