"""Calibration of the register histories: a candidate before, after and of activation for each analysed person."""

from __future__ import annotations

import csv
import io
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline.errors import InputError
from pipeline.files import write_if_changed
from pipeline.twin.activation_pool import ActivationPool
from pipeline.twin.choice import (
    State,
    Terms,
    coarsen,
    compile_terms,
    cost,
    ease,
    evaluate,
    hazard_name,
    misses,
    relax,
    sweep,
)
from pipeline.twin.choice import values as statistics
from pipeline.twin.courses import VARIANTS, Subjects, draw_before
from pipeline.twin.histories import CHOICES, STAGES, draw_states, fingerprint, subjects_of
from pipeline.twin.history_targets import Design, Target, identification_targets, stated_targets, table_targets
from pipeline.twin.linear import HazardFit, fit_hazard
from pipeline.twin.pools import HORIZON, OutcomePool, shares_before
from pipeline.twin.randomness import generator
from pipeline.twin.repair import repair

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pipeline.twin.frame import Frame

    Integers = NDArray[np.int64]

SCORES = Path(__file__).parent / "calibrated" / "scores.csv"
REPORT = Path(__file__).parent / "calibrated" / "histories_report.csv"
MARGIN = 0.1  # share of a half-width by which the search stays inside the bounds
BEFORE_CANDIDATES, AFTER_CANDIDATES, ACTIVATION_CANDIDATES = 100, 120, 60
PROGRAMME_CANDIDATES = 32  # of each person in the linear programme
FINE_VARIANTS, FINE_BASES = 70, 30  # candidates added in each round of the fine search
FINE_ROUNDS = 2
REPAIRS = 12
REPAIR_PRIORITY = 0.5


@dataclass(frozen=True)
class Stage:
    """Sweeps of one kind: heat of the noise at the start, grain of the misses, candidates sampled (0 = all), reach."""

    sweeps: int
    heat: float = 0.0
    grain: float = 0.0
    sampled: int = 0
    reach: float = 0.0


ANNEALING = (Stage(120, heat=0.5, grain=4.0, sampled=30), Stage(10, grain=1.0))
FINISHING = (Stage(4, grain=1.0), Stage(4, grain=0.25, reach=1.0))
SETTLING = (Stage(8, reach=0.5),)


def calibrate(frame: Frame, choices: Path = CHOICES, report: Path = REPORT) -> None:
    """Choose the histories of the frame's analysed persons and write the choices and what they reach.

    Writes `choices` (person, candidate numbers, digest) and `report` (target, printed, bounds, reached, met). Needs
    the calibrated scores. Prints progress; the same input gives the same choices.
    """
    started = time.monotonic()

    def say(text: str) -> None:
        print(f"histories: {text} [{time.monotonic() - started:.0f} s]", flush=True)

    members = np.asarray(frame.analysed)
    subjects = subjects_of(frame, members)
    design = build_design(frame, members)
    targets = [*table_targets(), *stated_targets()]
    before, lines = choose_before(subjects, design, targets, say)
    after, more = choose_after(subjects, design, before, targets, say)
    activation, last = choose_activation(subjects, design, before, after, targets, say)
    chosen = (before, after, activation)
    print_of_choice = fingerprint(*draw_states(subjects, *chosen))
    rows = [[one, *numbers, print_of_choice] for one, *numbers in zip(subjects.person, *chosen, strict=True)]
    write_table(choices, ["person", *(f"{stage}_choice" for stage in STAGES), "pool"], rows)
    lines = [*lines, *more, *last]
    write_table(report, ["target", "printed", "lower", "upper", "reached", "met", "priority"], lines)
    stated = [line for line in lines if float(str(line[6])) > 0]
    say(f"{sum(bool(line[5]) for line in stated)} of {len(stated)} targets met; see {report.name}")


def build_design(frame: Frame, members: NDArray[np.bool_], scores: Path = SCORES) -> Design:
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
    return Design(columns, place, np.unique(frame.team[members], return_inverse=True)[1])


def choose_before(
    subjects: Subjects, design: Design, targets: list[Target], say: Callable[[str], None]
) -> tuple[Integers, list[list[object]]]:
    """Candidate numbers (n,) of the histories before allocation; adds the shares that are covariates to the design."""
    persons = len(subjects.person)
    numbers = np.tile(np.arange(BEFORE_CANDIDATES) * VARIANTS, (persons, 1))
    own, terms, _ = compile_before(subjects, design, targets, numbers)
    say(f"before allocation: {len(own)} targets")
    source = generator("choice/before")
    choice, slack = relax(terms, np.log(source.standard_exponential((persons, PROGRAMME_CANDIDATES))))
    say(out_of_reach(own, slack))
    state = run(terms, choice, ANNEALING, source, keep)
    say(describe(terms, state))
    numbers = finer(numbers[np.arange(persons), state.choice], 0, BEFORE_CANDIDATES)
    own, terms, pool = compile_before(subjects, design, targets, numbers)
    state = run(terms, np.zeros(persons, dtype=np.int64), (*FINISHING, *SETTLING), source, keep)
    state = mend(terms, state, source, keep, REPAIRS)
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


def choose_after(
    subjects: Subjects, design: Design, before: Integers, targets: list[Target], say: Callable[[str], None]
) -> tuple[Integers, list[list[object]]]:
    """Candidate numbers (n,) of the histories after allocation, given those before."""
    course = draw_before(subjects, before)
    prefixes = ("employment", "sickness_benefit")
    own = [target for target in targets if target.functional.variable.startswith(prefixes)]
    own = [target for target in own if "_pre_" not in target.functional.variable]
    own = [*own, *identification_targets(design, own)]
    source = generator("choice/after")
    persons = len(subjects.person)
    numbers = np.tile(np.arange(AFTER_CANDIDATES) * VARIANTS, (persons, 1))
    problem = Problem(subjects, design, course, own, numbers)
    say(f"after allocation: {len(own)} targets")
    costs = np.log(source.standard_exponential((persons, PROGRAMME_CANDIDATES)))
    problem.refit(problem.terms, costs.argmin(axis=1))
    choice, slack = relax(problem.terms, costs)
    say(out_of_reach(problem.linear, slack))
    ease(problem.terms, slack)
    state = run(problem.terms, choice, ANNEALING, source, problem.refit)
    say(describe(problem.terms, state))
    for turn in range(FINE_ROUNDS):
        numbers = finer(numbers[np.arange(persons), state.choice], turn, AFTER_CANDIDATES)
        problem = Problem(subjects, design, course, own, numbers)
        ease(problem.terms, slack)
        start = np.zeros(persons, dtype=np.int64)
        state = run(problem.terms, start, (*FINISHING, *SETTLING), source, problem.refit)
        state = mend(problem.terms, state, source, problem.refit, REPAIRS)
        say(describe(problem.terms, state))
    lines = report_lines(problem.linear, problem.terms, state) + problem.hazard_lines()
    return numbers[np.arange(persons), state.choice], lines


def finer(current: Integers, turn: int, used: int) -> Integers:
    """Candidate numbers (n, K): the present one, new variants of its base, and bases beyond the `used` ones."""
    variants = current[:, None] // VARIANTS * VARIANTS + np.arange(1, FINE_VARIANTS + 1) + turn * FINE_VARIANTS
    bases = (used + turn * FINE_BASES + np.arange(FINE_BASES)) * VARIANTS
    return np.concatenate([current[:, None], variants, np.tile(bases, (len(current), 1))], axis=1)


def choose_activation(
    subjects: Subjects,
    design: Design,
    before: Integers,
    after: Integers,
    targets: list[Target],
    say: Callable[[str], None],
) -> tuple[Integers, list[list[object]]]:
    """Candidate numbers (n,) of the courses of activation, given the histories."""
    states, _ = draw_states(subjects, before, after, np.zeros_like(before))
    pool = ActivationPool(subjects, states, ACTIVATION_CANDIDATES, HORIZON)
    own = [target for target in targets if target.functional.variable.startswith(("guidance", "workplace"))]
    terms = compile_terms(design, pool, own, np.ones(pool.shape, dtype=bool))
    source = generator("choice/activation")
    choice, _ = relax(terms, np.log(source.standard_exponential((len(before), PROGRAMME_CANDIDATES))))
    state = run(terms, choice, (ANNEALING[1], *FINISHING, *SETTLING), source, keep)
    state = mend(terms, state, source, keep, REPAIRS)
    say(f"activation: {len(own)} targets; {describe(terms, state)}")
    return state.choice, report_lines(own, terms, state)


def keep(terms: Terms, choice: Integers) -> None:
    """No target of these terms needs to be linearised anew."""


class Problem:
    """A pool of candidates after allocation with its compiled targets; hazards are linearised at the present choice."""

    def __init__(
        self, subjects: Subjects, design: Design, course: NDArray[np.int8], targets: list[Target], numbers: Integers
    ) -> None:
        self._subjects, self._design = subjects, design
        self._pool = OutcomePool(subjects, course, numbers)
        self._hazards = [target for target in targets if target.functional.estimator == "hazard"]
        self.linear = [one for one in targets if one.functional.estimator != "hazard" or one.statistic == "coef"]
        for target in self._hazards:
            self._pool.extra[hazard_name(target)] = np.zeros(numbers.shape)
        self.terms = compile_terms(design, self._pool, self.linear, self._pool.allowed)
        self.fits: dict[str, HazardFit] = {}

    def refit(self, terms: Terms, choice: Integers) -> None:
        """Fit the hazards at the choice and renew what each candidate would add to their coefficients, in place."""
        persons = np.arange(len(choice))
        for position, target in enumerate(self.linear):
            if target.functional.estimator != "hazard":
                continue
            weeks = self._pool.weeks[target.functional.variable]
            exited = np.asarray(self._pool.exited[target.functional.variable])
            fit = fit_hazard(
                self._design.satisfies(target.functional.sample),
                self._subjects.treated,
                self._design.place,
                weeks[persons, choice],
                exited[persons, choice],
                HORIZON,
            )
            row = terms.row[position]
            added = fit.influence[persons[:, None], weeks - 1, exited.astype(np.int64)]
            terms.features[:, :, terms.column[row]] = added
            terms.offset[row] = fit.coefficient - added[persons, choice].sum()
            self.fits[hazard_name(target)] = fit

    def hazard_lines(self) -> list[list[object]]:
        """Lines of the report on the hazards' standard errors and person-weeks, which are not targets of the search."""
        lines: list[list[object]] = []
        for target in self._hazards:
            fit = self.fits[hazard_name(target)]
            if target.statistic == "se":
                lines.append(report_line(target, fit.se))
        return lines


def run(
    terms: Terms,
    choice: Integers,
    stages: tuple[Stage, ...],
    source: np.random.Generator,
    refit: Callable[[Terms, Integers], None],
) -> State:
    """Sweep through the stages; the heat of a stage fades to none before its end."""
    for stage in stages:
        terms.reach = stage.reach
        for number in range(stage.sweeps):
            refit(terms, choice)
            state = evaluate(terms, choice)
            if number % 4 == 0:
                coarsen(terms, state, stage.grain)
            heat = stage.heat * max(0.0, 1 - number / (0.85 * stage.sweeps))
            moved = sweep(terms, state, source, MARGIN, heat, stage.sampled)
            choice = state.choice
            if moved == 0:
                break
    refit(terms, choice)
    return evaluate(terms, choice)


def mend(
    terms: Terms,
    state: State,
    source: np.random.Generator,
    refit: Callable[[Terms, Integers], None],
    repairs: int,
) -> State:
    """Bring narrow targets home by pairs of moves, each followed by a sweep; the state reached."""
    for _ in range(repairs):
        terms.scale, terms.reach = terms.unit.copy(), SETTLING[0].reach
        if not repair(terms, state, REPAIR_PRIORITY, MARGIN):
            break
        state = run(terms, state.choice, (Stage(1, reach=terms.reach),), source, refit)
    terms.scale = terms.unit.copy()
    return state


def describe(terms: Terms, state: State) -> str:
    """How many targets are met and what is left of the loss, in words."""
    own_scale = replace(terms, scale=terms.unit, reach=0.0)
    value = statistics(terms, state.linear, state.squares)
    outside = (misses(own_scale, value) > 0) & (terms.priority > 0)
    return (
        f"{(terms.priority > 0).sum() - outside.sum()} of {(terms.priority > 0).sum()} met, loss "
        f"{float(cost(own_scale, value, 0.0)):.2f}"
    )


def out_of_reach(targets: list[Target], slack: NDArray[np.float64]) -> str:
    """Which targets the linear programme could not meet together, each with its slack in half-widths."""
    names = [f"{one.name} {left:.1f}" for one, left in zip(targets, slack.sum(axis=0), strict=True) if left > 0]
    reach = f"out of reach: {', '.join(names)}" if names else "all targets within reach"
    return f"linear programme done; {reach}"


def report_lines(targets: list[Target], terms: Terms, state: State) -> list[list[object]]:
    """One line for each target."""
    value = statistics(terms, state.linear, state.squares)
    return [report_line(*line) for line in zip(targets, value, strict=True)]


def report_line(target: Target, value: float) -> list[object]:
    """Name with its statistic, as printed, bounds, value reached, 1 if it lies inside, and priority."""
    met = target.low <= value <= target.high
    bounds = [f"{bound:.6g}" for bound in (target.low, target.high)]
    return [f"{target.name}#{target.statistic}", target.printed, *bounds, f"{value:.6g}", int(met), target.priority]


def write_table(path: Path, header: list[str], rows: list[list[object]]) -> None:
    """Write a comma-separated table if its bytes differ."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    write_if_changed(path, buffer.getvalue().encode("utf-8"))
