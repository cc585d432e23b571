"""Answers after the course: scores such that tables 3.5 and 6.2 and the self-efficacy of table 3.6 come out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from calibration.draws import UNIT, bell
from calibration.followup.agreement import peers_strain, waiting_strain
from calibration.followup.controls import ControlPlan, plan_controls
from calibration.followup.sample import CUTS, Course, choose_respondents, draw_missing
from calibration.followup.targets import Printed, control_means, numbers_of_observations, printed_effects
from calibration.printed.targets import Target
from calibration.search.steering import Aims, Room, build_aims, steer
from calibration.survey.traits import Trait, centre_for, cut, normal_order, read_traits
from pipeline.twin.frame import Frame
from pipeline.twin.randomness import generator

Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]
LEFT_OUT_PERCENT = 75  # respondents among the left-out who could be asked
NOT_ASKED = ("closed_municipality", "no_baseline", "withdrawn")
STABILITY, REST = 60, 80  # hundredths of the baseline deviation and of new variation in an answer after the course
REACHES = ((3, 4), (6, 30))  # (steps an answer may move from its first value, patience for each number)
ATTEMPTS = (1.0, 1.0, 1.9, 1.9)  # each from a draw of its own: how many times wider than printed an error may be
REACH = 3  # steps of one move; a third of the range for counts, whose errors hang on a few persons
DRAWS = 60  # of respondents, and of those who leave a question out
MOST_VISITS = 40  # to a physiotherapist: the errors at 0-7 to 0-9 ask for somebody who goes often
PRECISE = 4  # every fourth person answers between the multiples of a trait's step
SELF_EFFICACY = Trait("self_efficacy", "scale", 490, 0, 0, 24, 1, {})


def range_of_means(trait: Trait) -> tuple[int, int]:
    """Where the mean answer of a stratum may lie: a tenth of a scale from its ends, anywhere for shares and counts."""
    edge = 0 if trait.shape == "count" else (trait.maximum - trait.minimum) // 10
    return trait.minimum + edge, trait.maximum - edge


def first_points(trait: Trait, course: Course, has: Booleans, mean: float, shift: Integers, name: str) -> Integers:
    """Points (n,) before calibration: baseline with regression to the mean, and a shift (n,) the tables ask for."""
    before = course.baseline[trait.variable]
    known = before[before >= 0]
    order = np.lexsort((bell(generator(f"{name}/ties"), len(before)), np.where(before < 0, np.median(known), before)))
    rank = np.empty(len(before), dtype=np.int64)
    rank[order] = np.arange(len(before))
    z = (STABILITY * normal_order(rank, f"{name}/order") + REST * bell(generator(f"{name}/own"), len(before))) // 100
    z = z + shift
    controls = has & (course.low_controls >= 0)
    return cut(trait, centre_for(trait, z[controls], round(mean * int(controls.sum()))), z)


def bring_to_sums(points: Integers, trait: Trait, plan: ControlPlan, stratum: Integers, steps: Integers) -> None:
    """Move answers of the controls in turn until each stratum has its sum: by their steps as long as that fits."""
    for k, total in enumerate(plan.total):
        members = np.flatnonzero(stratum == k)
        turn = 0
        while (gap := total - int(points[members].sum())) != 0:
            person = members[turn % len(members)]
            step = int(steps[person]) if abs(gap) >= trait.step else 1
            moved = points[person] + (step if gap > 0 else -step)
            if trait.minimum <= moved <= trait.maximum and (steps[person] <= abs(gap) or turn >= len(members)):
                points[person] = moved
            turn += 1


def aims_of(printed: list[Printed], wider: float) -> Aims:
    """The search's aims from the printed effects; the errors' intervals are `wider` times those of their rounding."""
    coefficient = np.array([(float(each.coefficient.low), float(each.coefficient.high)) for each in printed])
    error = np.array([(float(each.error.low), float(each.error.high)) for each in printed])
    centre = error.mean(axis=1, keepdims=True)
    return build_aims(
        np.stack([each.effect.weights for each in printed]),
        coefficient,
        np.stack([each.effect.scores for each in printed]),
        centre + wider * (error - centre),
        np.array([each.effect.factor for each in printed]),
    )


def room_of(
    trait: Trait, course: Course, has: Booleans, start: Integers, steps: Integers, reach: int, everyone: bool
) -> Room:
    """Where answers may go: near their first values; low controls only against each other within their stratum.

    Answers of persons above the cut-offs stay unless `everyone` moves: they have no printed number of their own but in
    table 3.6, and otherwise a say in the coefficients of the covariates only.
    """
    moving = has & ((course.self_efficacy <= 2 * CUTS[-1]) | everyone)
    span = trait.maximum if trait.shape == "count" else reach * trait.step
    return Room(
        lowest=np.maximum(trait.minimum, start - span),
        highest=np.minimum(trait.maximum, start + span),
        step=steps,
        stratum=np.where(moving, course.low_controls, -2),
    )


def draw_answering(
    trait: Trait, course: Course, answers: Booleans, plan: ControlPlan, spare: int, name: str
) -> tuple[Booleans, float]:
    """Who has the variable (n,), and the slope of waiting time: of several draws the one whose tables agree best."""
    best: tuple[float, Booleans, float] | None = None
    for k in range(DRAWS):
        has = answers & ~draw_missing(course, answers, f"{name}/{k}", spare, plan)
        strain, slope = waiting_strain(trait.variable, course, has, trait.spread / 100)
        strain += peers_strain(course, has) if trait.variable == "self_efficacy" else 0.0
        if best is None or strain < best[0]:
            best = strain, has, slope
        if strain == 0:
            break
    assert best is not None
    return best[1], best[2]


def attempt(
    trait: Trait, course: Course, answers: Booleans, plan: ControlPlan, spare: int, number: int
) -> tuple[Integers, Booleans, list[Printed], Booleans]:
    """One search from draws of its own: points (n,), who has them (n,), the effects, and which are met (2m,)."""
    name = f"followup/{trait.variable}/{number}"
    has, slope = draw_answering(trait, course, answers, plan, spare, name)
    printed = printed_effects(trait.variable, course, has)
    steps = np.where(np.arange(len(has)) % PRECISE == 0, 1, trait.step)
    mean, effect = control_means(trait.variable)[-1], printed[2].coefficient
    on_low = np.where(course.self_efficacy <= 2 * CUTS[-1], course.treated, 0) * float(effect.low + effect.high) / 2
    shift = np.rint((on_low + slope * (course.wait - course.wait.mean())) * UNIT * 100 / trait.spread).astype(np.int64)
    start = first_points(trait, course, has, float(mean.low + mean.high) / 2, shift, name)
    bring_to_sums(start, trait, plan, np.where(has, course.low_controls, -1), steps)
    aims = aims_of(printed, ATTEMPTS[number])
    points, met = start, np.zeros(2 * len(printed), dtype=np.bool_)
    for reach, patience in REACHES:
        room = room_of(trait, course, has, start, steps, reach, number > 0 or trait.variable == "self_efficacy")
        source = generator(f"{name}/search/{reach}")
        one_move = trait.maximum // 3 if trait.shape == "count" else REACH
        points, met = steer(aims, room, points, source, reach=one_move, patience=patience * len(met))
        if met.all():
            break
    return points, has, printed, met


def calibrate_variable(trait: Trait, course: Course, answers: Booleans, number: int) -> tuple[Integers, list[str], int]:
    """Points (n,) in half points, -1 if missing; the printed numbers that are missed, and how many there are.

    The best attempt is the first that meets everything, else the one with the fewest coefficients missed.
    """
    strata = [int((answers & (course.low_controls == k)).sum()) for k in range(len(CUTS))]
    spare = int(answers.sum()) - number
    plan = plan_controls(control_means(trait.variable), strata, spare, *range_of_means(trait))
    best: tuple[tuple[int, int], Integers, list[str]] | None = None
    labels: list[str] = []
    for k in range(len(ATTEMPTS)):
        points, has, printed, met = attempt(trait, course, answers, plan, spare, k)
        labels = [_label(one) for one in [*(each.coefficient for each in printed), *(each.error for each in printed)]]
        missed = [label for label, is_met in zip(labels, met, strict=True) if not is_met]
        key = (int((~met[: len(printed)]).sum()), len(missed))
        if best is None or key < best[0]:
            best = key, np.where(has, 2 * points, -1), missed
        if not missed:
            break
    assert best is not None
    unmet = [f"table_3_5 0-{CUTS[k]} control_mean (no whole answers give it)" for k in plan.unmet]
    return best[1], best[2] + unmet, len(labels) + len(CUTS)


def _label(target: Target) -> str:
    where = target.column if target.column.startswith("0-") else f"{target.panel} {target.name}"
    return f"{target.exhibit} {where} {target.statistic}"


def pick_respondents(course: Course) -> Booleans:
    """The draw of respondents (n,) with which tables 3.5 and 3.6 agree best on the effects on self-efficacy."""
    return min((choose_respondents(course, k) for k in range(DRAWS)), key=lambda who: peers_strain(course, who))


def course_of(frame: Frame, baseline: dict[str, Integers], pre_weeks: Integers) -> Course:
    """The analysed persons of the frame."""
    row = np.flatnonzero(frame.analysed)
    return Course(
        treated=frame.treated[row].astype(np.int64),
        municipality=frame.municipality[row].tolist(),
        team=frame.team[row].tolist(),
        wait=frame.wait_days[row],
        self_efficacy=baseline["self_efficacy"][row],
        baseline={name: scores[row] for name, scores in baseline.items()},
        pre_weeks=pre_weeks[row],
    )


def calibrate_followup(
    frame: Frame, baseline: dict[str, Integers], pre_weeks: Integers, tell: Callable[[str], None]
) -> tuple[dict[str, Integers], Booleans, dict[str, list[str]]]:
    """Follow-up scores of all persons (657,) in half points, who answers, and the numbers missed by variable.

    pre_weeks (657,): weeks -104 to -1 on sickness benefit etc., the fourth covariate of model (3).
    """
    row = np.flatnonzero(frame.analysed)
    course = course_of(frame, baseline, pre_weeks)
    answers = pick_respondents(course)
    traits = {**read_traits(), "self_efficacy": SELF_EFFICACY}
    traits["physiotherapist_visits"] = replace(traits["physiotherapist_visits"], maximum=MOST_VISITS)
    source = generator("followup/left_out")
    asked = ~frame.analysed & ~np.isin(frame.exclusion, NOT_ASKED)
    everyone = asked & (source.integers(0, 100, size=len(frame)) < LEFT_OUT_PERCENT)
    everyone[row] = answers
    scores, missed = {}, {}
    for variable, number in numbers_of_observations().items():
        points, missed[variable], count = calibrate_variable(traits[variable], course, answers, number)
        # The left-out answer as a respondent drawn for each does.
        givers = np.flatnonzero(points >= 0)
        scores[variable] = points[givers[source.integers(0, len(givers), size=len(frame))]]
        scores[variable][row] = points
        scores[variable][~everyone] = -1
        tell(f"{variable}: {count - len(missed[variable])} of {count} met {', '.join(missed[variable])}")
    return scores, everyone, missed
