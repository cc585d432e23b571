"""Baseline scores such that every survey row of tables 2.2 and 2.3 comes out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from calibration.draws import bell
from calibration.printed.targets import KEYS, TABLES, Target, read_targets
from calibration.search.integers import Solution, solve
from calibration.survey.respondents import Design, analysed_design, draw_missing, has_baseline
from calibration.survey.rows import published_rows
from calibration.survey.self_efficacy import SelfEfficacy, calibrate_self_efficacy
from calibration.survey.traits import Trait, centre_for, cut, draw_factors, mixture, normal_order, read_traits
from pipeline.twin.frame import Frame
from pipeline.twin.randomness import generator
from pipeline.twin.stored import read_rows

Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]
FIRST = ("bipq_treatment_control", "expected_time_to_return", "ordinary_job")  # covariates of the main models
REACHES = ((1, 150), (2, 400), (4, 1500), (100, 3000))  # (steps an answer may move from its first value, patience)
PRECISE = 12  # every twelfth person answers between the multiples of a trait's step
OLDEST, YOUNGEST = 71, 21  # years (report section 2.6)


@dataclass(frozen=True)
class Calibration:
    """Scores of all persons (657,) in half points by variable, -1 if missing, and the targets missed by variable."""

    half_points: dict[str, Integers]
    missed: dict[str, list[str]]
    targets: int


def declared_targets() -> list[dict[str, str]]:
    """Keys in tables.csv of the numbers that the calibration of the baseline survey aims at, each a 'target'.

    Beside the survey's rows of tables 2.2 and 2.3 the sizes of the groups by self-efficacy, in persons and in percent;
    those of the high groups are what the low groups leave.
    """
    variables = {*read_traits(), "self_efficacy"}
    rows = []
    for row in read_rows(TABLES):
        of_survey = row["exhibit"] in ("table_2_2", "table_2_3") and row["name"] in variables
        of_sides = row["name"] == "observations" and row["column"].endswith("self_efficacy")
        of_sizes = row["exhibit"] in ("table_3_3", "table_4_1") and row["column"] == "group_size_pct"
        if of_survey or of_sides or of_sizes:
            rows.append({**{name: row[name] for name in KEYS}, "role": "target"})
    return rows


def variable_targets(trait: Trait, published: list[Target]) -> list[Target]:
    """The targets of a variable in points: table 2.2 prints shares in percent, table 2.3 as they are."""
    found = [one for one in published if one.name == trait.variable]
    if trait.maximum > 1:
        return found
    return [replace(one, low=one.low / 100, high=one.high / 100) if one.statistic == "mean" else one for one in found]


def spread_scores(frame: Frame, design: Design, scores: SelfEfficacy) -> tuple[Integers, Integers]:
    """Self-efficacy in half points and coping of all 657, the left-out among the analysed.

    Left-out persons with a baseline take the score of an analysed person drawn for each.
    """
    source = generator("self_efficacy/left_out")
    half_points = np.full(len(frame), -1, dtype=np.int64)
    half_points[design.row] = scores.half_points
    whole = np.flatnonzero((half_points >= 0) & (half_points % 2 == 0))
    rest = np.flatnonzero(~frame.analysed)
    half_points[rest] = half_points[whole[source.integers(0, len(whole), size=len(rest))]]
    latent = bell(generator("self_efficacy/ties"), len(frame))
    rank = np.empty(len(frame), dtype=np.int64)
    rank[np.lexsort((latent, np.where(half_points < 0, 22, half_points)))] = np.arange(len(frame))
    half_points[~has_baseline(frame)] = -1
    return half_points, normal_order(rank, "self_efficacy/order")


def start_points(trait: Trait, targets: list[Target], z: Integers, low: Booleans, high: Booleans) -> Integers:
    """First points of all persons: cut at centres that give the published means of the low and the high group."""
    mean = {one.column: (one.low + one.high) / 2 for one in targets if one.statistic != "coef"}
    centre = np.zeros(len(z), dtype=np.int64)
    for members, column in ((low, "low_self_efficacy"), (high, "high_self_efficacy")):
        centre[members] = centre_for(trait, z[members], round(mean[column] * int(members.sum())))
    neither = ~low & ~high
    centre[neither] = (centre[low][0] + centre[high][0]) // 2
    return cut(trait, centre, z)


def calibrate_variable(
    trait: Trait, targets: list[Target], design: Design, samples: dict[str, Booleans], has: Booleans, start: Integers
) -> tuple[Integers, list[str]]:
    """Points (n,) of the analysed persons and the columns whose targets are missed."""
    options = np.arange(trait.minimum, trait.maximum + 1, dtype=np.int64)
    points = np.broadcast_to(options, (len(start), len(options)))
    rows = published_rows(targets, samples, has, design, points, Fraction(1))
    on_grid = (options % trait.step == 0)[None, :] | (np.arange(len(start)) % PRECISE == 0)[:, None]
    solution: Solution | None = None
    for reach, patience in REACHES:
        near = np.abs(options[None, :] - start[:, None]) <= reach * trait.step
        allowed = near & on_grid & has[:, None]
        if trait.variable == "age":
            allowed[[int(np.argmax(start)), int(np.argmin(start))]] = False
        source = generator(f"survey/search/{trait.variable}/{reach}")
        solution = solve(rows.problem(allowed), start - trait.minimum, source, reach=trait.step, patience=patience)
        if solution.met.all():
            break
    assert solution is not None
    missed = [label for label, met in zip(rows.label, solution.met, strict=True) if not met]
    return solution.choice + trait.minimum, missed


def calibrate_survey(frame: Frame, tell: Callable[[str], None]) -> Calibration:
    """All baseline scores of the frame; `tell` is given a line for each variable."""
    design, traits = analysed_design(frame), read_traits()
    published = read_targets("table_2_2") + read_targets("table_2_3")
    scores = calibrate_self_efficacy(design)
    half_points, coping = spread_scores(frame, design, scores)
    factors = draw_factors(coping)
    missing = draw_missing(frame, [*traits, "self_efficacy"])
    samples = {**design.samples, "low_self_efficacy": scores.low, "high_self_efficacy": scores.high}
    result = {"self_efficacy": half_points}
    missed = {"self_efficacy": [] if scores.split_met and scores.solution.met.all() else ["self_efficacy"]}
    everyone_low = (half_points >= 0) & (half_points <= 20)
    everyone_high = half_points >= 22
    for variable in sorted(traits, key=lambda name: name not in FIRST):
        trait = traits[variable]
        targets = variable_targets(trait, published)
        z = mixture(trait.loadings, factors, bell(generator(f"survey/own/{variable}"), len(frame)))
        points = start_points(trait, targets, z, everyone_low, everyone_high)
        if variable == "age":
            points[design.row[np.argmin(points[design.row])]] = YOUNGEST
            points[design.row[np.argmax(points[design.row])]] = OLDEST
        has = ~missing[variable] & has_baseline(frame)
        points[design.row], missed[variable] = calibrate_variable(
            trait, targets, design, samples, has[design.row], points[design.row]
        )
        result[variable] = np.where(has, 2 * points, -1)
        tell(f"{variable}: {len(targets) - len(missed[variable])} of {len(targets)} met {' '.join(missed[variable])}")
    return Calibration(result, missed, 11 * len(result))
