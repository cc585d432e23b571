"""Answers after the course: who gives them, and scores such that table 3.5 comes out as far as whole points allow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from pipeline.twin.algebra import ONE, adjusted_weights, fixed_point, mean_weights
from pipeline.twin.benefit_weeks import PRE_WEEKS
from pipeline.twin.frame import Frame
from pipeline.twin.linear_targets import Rows
from pipeline.twin.randomness import UNIT, bell, generator
from pipeline.twin.search import solve
from pipeline.twin.targets import TABLES, Target, read_rows, read_targets, variable_of_label
from pipeline.twin.traits import Trait, centre_for, cut, read_traits

Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]
CUTS = (6, 7, 8, 9)
RESPONDENTS = 455  # the largest number of observations in table 3.5
CONTROLS_BY_STRATUM = (27, 9, 10, 10)  # respondents with 0-6, 7, 8, 9: numbers that most printed control means allow
CONTROLS = 155  # respondents in the control arm
LEFT_OUT_PERCENT = 75  # respondents among the left-out who could be asked
NOT_ASKED = ("closed_municipality", "no_baseline", "withdrawn")
COVARIATES = ("bipq_treatment_control", "expected_time_to_return", "ordinary_job")

STABILITY, REST = 60, 80  # hundredths of the baseline deviation and of new variation in an answer after the course
REACHES = ((1, 200), (2, 400), (4, 1000), (100, 1500))
SELF_EFFICACY = Trait("self_efficacy", "scale", 490, 0, 0, 24, 1, {})


@dataclass(frozen=True)
class Course:
    """What the calibration of the follow-up is given, for the analysed persons (n,).

    baseline: scores in half points by variable. pre_weeks: weeks -104 to -1 on sickness benefit etc.
    """

    treated: Integers
    municipality: list[str]
    self_efficacy: Integers
    baseline: dict[str, Integers]
    pre_weeks: Integers


def choose_respondents(course: Course) -> Booleans:
    """Who of the analysed answers (n,): nobody without self-efficacy, and the given numbers of low controls."""
    rank = generator("followup/respondents").permutation(len(course.treated))
    answers = np.zeros(len(rank), dtype=np.bool_)
    score = course.self_efficacy
    control, known = course.treated == 0, score >= 0

    def take(ready: Booleans, number: int) -> None:
        chosen = np.flatnonzero(ready & ~answers)
        answers[chosen[np.argsort(rank[chosen])][:number]] = True

    for bottom, top, number in zip((-1, *CUTS), CUTS, CONTROLS_BY_STRATUM, strict=False):
        take(control & known & (score > 2 * bottom) & (score <= 2 * top), number)
    take(control & (score > 2 * CUTS[-1]), CONTROLS - sum(CONTROLS_BY_STRATUM))
    take((course.treated == 1) & known, RESPONDENTS - CONTROLS)
    return answers


def low_control_sizes(course: Course, answers: Booleans) -> list[int]:
    """Number of control respondents at or under each cut-off."""
    controls = answers & (course.treated == 0)
    return [int((controls & (course.self_efficacy <= 2 * cut_off)).sum()) for cut_off in CUTS]


def drop_controls(means: list[Target], sizes: list[int], spare: int) -> tuple[int, ...]:
    """How many low controls lack the variable in each stratum, such that whole points give the printed means.

    The combination with the most means attainable, then the fewest persons; at most `spare` in all.
    """
    best: tuple[int, tuple[int, ...]] | None = None
    for code in range(4 ** len(CUTS)):
        dropped = tuple(code // 4**k % 4 for k in range(len(CUTS)))
        if sum(dropped) > spare:
            continue
        left = [size - sum(dropped[: k + 1]) for k, size in enumerate(sizes)]
        fits = sum(attainable(one, number)[2] for one, number in zip(means, left, strict=True))
        key = (-fits * 100 + sum(dropped), dropped)
        best = key if best is None else min(best, key)
    assert best is not None
    return best[1]


def attainable(target: Target, number: int) -> tuple[Fraction, Fraction, bool]:
    """Interval of a mean over `number` whole points: the target's, or the nearest mean there is if it holds none."""
    inside = -(-target.low * number // 1) <= target.high * number // 1
    if inside:
        return target.low, target.high, True
    middle = Fraction(round((target.low + target.high) / 2 * number), number)
    return middle - target.half_width, middle + target.half_width, False


def draw_missing(course: Course, answers: Booleans, variable: str, number: int, dropped: tuple[int, ...]) -> Booleans:
    """Which respondents (n,) lack a variable: the given low controls, the rest among the other respondents."""
    score, control = course.self_efficacy, course.treated == 0
    missing = np.zeros(len(score), dtype=np.bool_)
    # One order for all variables: whoever leaves out one question leaves out others too.
    rank = generator("followup/careless").permutation(len(score))
    rank = rank + generator(f"followup/missing/{variable}").integers(0, len(score) // 10, size=len(score))

    def take(ready: Booleans, size: int) -> None:
        chosen = np.flatnonzero(ready & answers & ~missing)
        missing[chosen[np.argsort(rank[chosen], kind="stable")][:size]] = True

    for bottom, top, size in zip((-1, *CUTS), CUTS, dropped, strict=False):
        take(control & (score > 2 * bottom) & (score <= 2 * top), size)
    take(~(control & (score <= 2 * CUTS[-1])), number - sum(dropped))
    return missing


def coefficient_row(course: Course, has: Booleans, cut_off: int) -> list[Fraction]:
    """Weights (n,) of the effect on the low group 0..cut_off in model (3) of report section 3.3."""
    low = (course.self_efficacy <= 2 * cut_off).tolist()
    offered = course.treated.tolist()
    columns = [
        [Fraction(int(arm and is_low)) for arm, is_low in zip(offered, low, strict=True)],
        [Fraction(int(arm and not is_low)) for arm, is_low in zip(offered, low, strict=True)],
        *([Fraction(int(value), 2) for value in course.baseline[name]] for name in COVARIATES),
        [Fraction(int(weeks), PRE_WEEKS) for weeks in course.pre_weeks],
    ]
    cell = [f"{place}/{is_low}" for place, is_low in zip(course.municipality, low, strict=True)]
    return adjusted_weights(columns, cell, has.tolist())


def target_rows(course: Course, has: Booleans, targets: dict[tuple[int, str], Target], points: Integers) -> Rows:
    """Control means and effects of one variable over those who have it; the nearest mean where whole points miss it."""
    rows = Rows()
    for cut_off in CUTS:
        controls = has & (course.treated == 0) & (course.self_efficacy <= 2 * cut_off)
        mean = targets[cut_off, "control_mean"]
        low, high, met = attainable(mean, int(controls.sum()))
        label = f"0-{cut_off} control_mean" + ("" if met else " (nearest)")
        weights = mean_weights(controls.tolist())
        _add(rows, label, weights, low, high, points)
        effect = targets[cut_off, "coef"]
        _add(rows, f"0-{cut_off} coef", coefficient_row(course, has, cut_off), effect.low, effect.high, points)
    return rows


def _add(rows: Rows, label: str, weights: list[Fraction], low: Fraction, high: Fraction, points: Integers) -> None:
    half = (high - low) / 2
    scale = ONE / half
    rows.add(label, fixed_point(weights, half)[:, None] * points[None, :], low * scale, high * scale)


def first_points(trait: Trait, course: Course, has: Booleans, targets: dict[tuple[int, str], Target]) -> Integers:
    """Points (n,) before calibration: baseline with regression to the mean; for the low group the printed effect."""
    before = course.baseline[trait.variable]
    known = before[before >= 0]
    mean = int(known.sum()) * UNIT // (2 * len(known))
    deviation = np.where(before >= 0, before * UNIT // 2 - mean, 0) * 100 // trait.spread
    z = (STABILITY * deviation + REST * bell(generator(f"followup/own/{trait.variable}"), len(before))) // 100
    effect = targets[8, "coef"]
    size = round((effect.low + effect.high) / 2 * UNIT * 100 / trait.spread)
    offered_low = (course.treated == 1) & (course.self_efficacy <= 16)
    z = z + np.where(offered_low, size, 0)
    controls = has & (course.treated == 0) & (course.self_efficacy <= 2 * CUTS[-1])
    control_mean = targets[CUTS[-1], "control_mean"]
    total = round((control_mean.low + control_mean.high) / 2 * int(controls.sum()))
    return cut(trait, centre_for(trait, z[controls], total), z)


def followup_targets() -> tuple[dict[str, dict[tuple[int, str], Target]], dict[str, int]]:
    """Control means and effects of table 3.5 by variable, cut-off and statistic, and the numbers of observations."""
    targets: dict[str, dict[tuple[int, str], Target]] = {}
    for one in read_targets("table_3_5"):
        if one.statistic in ("control_mean", "coef"):
            key = (int(one.column.split("-")[1]), one.statistic)
            targets.setdefault(variable_of_label(one.name), {})[key] = one
    numbers = {
        variable_of_label(row["row"]): int(row["value"])
        for row in read_rows(TABLES)
        if row["exhibit"] == "table_3_5" and row["statistic"] == "n"
    }
    return targets, numbers


def calibrate_variable(
    trait: Trait, course: Course, answers: Booleans, targets: dict[tuple[int, str], Target], number: int
) -> tuple[Integers, list[str], int]:
    """Points (n,) in half points, -1 if missing; the numbers of table 3.5 that are missed, and how many there are."""
    sizes = low_control_sizes(course, answers)
    means = [targets[cut_off, "control_mean"] for cut_off in CUTS]
    dropped = drop_controls(means, sizes, RESPONDENTS - number)
    has = answers & ~draw_missing(course, answers, trait.variable, RESPONDENTS - number, dropped)
    options = np.arange(trait.minimum, trait.maximum + 1, dtype=np.int64)
    start = first_points(trait, course, has, targets)
    rows = target_rows(course, has, targets, options)
    met: list[bool] = []
    choice = start
    for reach, patience in REACHES:
        allowed = (np.abs(options[None, :] - start[:, None]) <= reach * trait.step) & has[:, None]
        source = generator(f"followup/search/{trait.variable}/{reach}")
        solution = solve(rows.problem(allowed), start - trait.minimum, source, reach=trait.step, patience=patience)
        choice, met = solution.choice + trait.minimum, solution.met.tolist()
        if all(met):
            break
    missed = [label for label, is_met in zip(rows.label, met, strict=True) if not is_met or "nearest" in label]
    return np.where(has, 2 * choice, -1), missed, len(rows.label)


def calibrate_followup(
    frame: Frame, baseline: dict[str, Integers], pre_weeks: Integers, tell: Callable[[str], None]
) -> tuple[dict[str, Integers], Booleans, dict[str, list[str]]]:
    """Follow-up scores of all persons (657,) in half points, who answers, and the numbers missed by variable.

    pre_weeks (657,): weeks -104 to -1 on sickness benefit etc., the fourth covariate of model (3).
    """
    row = np.flatnonzero(frame.analysed)
    course = Course(
        treated=frame.treated[row].astype(np.int64),
        municipality=frame.municipality[row].tolist(),
        self_efficacy=baseline["self_efficacy"][row],
        baseline={name: scores[row] for name, scores in baseline.items()},
        pre_weeks=pre_weeks[row],
    )
    answers = choose_respondents(course)
    traits = {**read_traits(), "self_efficacy": SELF_EFFICACY}
    targets, numbers = followup_targets()
    source = generator("followup/left_out")
    asked = ~frame.analysed & ~np.isin(frame.exclusion, NOT_ASKED)
    everyone = asked & (source.integers(0, 100, size=len(frame)) < LEFT_OUT_PERCENT)
    everyone[row] = answers
    scores, missed = {}, {}
    for variable, found in targets.items():
        points, missed[variable], count = calibrate_variable(
            traits[variable], course, answers, found, numbers[variable]
        )
        # The left-out answer as a respondent drawn for each does.
        givers = np.flatnonzero(points >= 0)
        scores[variable] = points[givers[source.integers(0, len(givers), size=len(frame))]]
        scores[variable][row] = points
        scores[variable][~everyone] = -1
        tell(f"{variable}: {count - len(missed[variable])} of {count} met {', '.join(missed[variable])}")
    return scores, everyone, missed
