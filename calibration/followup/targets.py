"""The printed numbers of the follow-up: tables 3.5 and 6.2 and the self-efficacy columns of table 3.6."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from calibration.estimators.effects import Effect, effects
from calibration.followup.benefit_weeks import PRE_WEEKS
from calibration.followup.sample import CUTS, Course, low_peers
from calibration.printed.targets import KEYS, TABLES, Target, read_targets, variable_of_label
from pipeline.twin.stored import read_rows

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]
COVARIATES = ("bipq_treatment_control", "expected_time_to_return", "ordinary_job")
WITH_WAIT = {"table_3_5": False, "table_6_2": True}  # section 4.1 adds the waiting time to model (3)
PEERS_CUT = 8
LOW, HIGH = "Deltager har lav self-efficacy", "Deltager har høj self-efficacy"
LOW_REST, HIGH_REST = " og resten af hold har lav self-efficacy", " og resten af hold har høj self-efficacy"
# The headings of table 3.6 are swapped: its first panel is the form with one effect of high own self-efficacy.
PEERS_ROWS = {
    "first": (LOW + LOW_REST, LOW + HIGH_REST, HIGH),
    "second": (LOW + LOW_REST, LOW + HIGH_REST, HIGH + LOW_REST, HIGH + HIGH_REST),
}


@dataclass(frozen=True)
class Printed:
    """An effect as printed, with its standard error, and what makes it of the answers."""

    coefficient: Target
    error: Target
    effect: Effect


def declared_targets() -> list[dict[str, str]]:
    """Keys in tables.csv of the numbers that the calibration of the follow-up aims at, and the role of each.

    'target': the answers are chosen so that it comes out; 'steered': a standard error that the search leads to its
    printed size.
    """
    rows = []
    for row in read_rows(TABLES):
        peers = row["exhibit"] == "table_3_6" and row["column"] == "self_efficacy"
        if row["exhibit"] in WITH_WAIT or peers:
            role = "steered" if row["statistic"] == "se" else "target"
            rows.append({**{name: row[name] for name in KEYS}, "role": role})
    return rows


def numbers_of_observations() -> dict[str, int]:
    """Persons with each variable (table 3.5); table 3.6 prints 567 for self-efficacy, which only the register has."""
    return {
        variable_of_label(row["row"]): int(row["value"])
        for row in read_rows(TABLES)
        if row["exhibit"] == "table_3_5" and row["statistic"] == "n"
    }


def control_means(variable: str) -> list[Target]:
    """The printed control means of a variable in order of the cut-off."""
    found = {
        one.column: one
        for one in read_targets("table_3_5")
        if one.statistic == "control_mean" and variable_of_label(one.name) == variable
    }
    return [found[f"0-{cut_off}"] for cut_off in CUTS]


def printed_effects(variable: str, course: Course, has: Booleans) -> list[Printed]:
    """The effects printed for a variable, over the persons who have it."""
    printed = []
    for exhibit, with_wait in WITH_WAIT.items():
        found = {
            (one.column, one.statistic): one
            for one in read_targets(exhibit)
            if one.statistic in ("coef", "se") and variable_of_label(one.name) == variable
        }
        for cut_off in CUTS:
            effect = effects(*split_design(course, cut_off, with_wait), course.team, has)[0]
            printed.append(Printed(found[f"0-{cut_off}", "coef"], found[f"0-{cut_off}", "se"], effect))
    return printed + (_peers_effects(course, has) if variable == "self_efficacy" else [])


def _others(course: Course, with_wait: bool) -> list[Floats]:
    columns = [course.baseline[name] / 2 for name in COVARIATES]
    columns.append(course.pre_weeks / PRE_WEEKS)
    return [*columns, course.wait.astype(np.float64)] if with_wait else columns


def split_design(course: Course, cut_off: int, with_wait: bool) -> tuple[list[Floats], list[Floats], list[str]]:
    """Treatments (low group first), other covariates and cells of model (3) of report section 3.4."""
    low = course.self_efficacy <= 2 * cut_off
    treatments = [np.where(side, course.treated, 0).astype(np.float64) for side in (low, ~low)]
    cell = [f"{place}/{is_low}" for place, is_low in zip(course.municipality, low, strict=True)]
    return treatments, _others(course, with_wait), cell


def peers_designs(course: Course) -> dict[str, tuple[list[Floats], list[Floats], list[str]]]:
    """Treatments, other covariates and cells of both forms of model (4) of report section 3.5, by panel."""
    low = course.self_efficacy <= 2 * PEERS_CUT
    rest = low_peers(course.team, course.self_efficacy)
    (_, high_treated), others, cell = split_design(course, PEERS_CUT, False)
    four = [
        np.where(own & other, course.treated, 0).astype(np.float64) for own in (low, ~low) for other in (rest, ~rest)
    ]
    return {"first": ([*four[:2], high_treated], others, cell), "second": (four, others, cell)}


def printed_coefficients(exhibit: str, which: str) -> Floats:
    """Middles of the printed coefficients: of a variable by cut-off, or in table 3.6 of a panel in its order."""
    found = [one for one in read_targets(exhibit) if one.statistic == "coef"]
    if exhibit == "table_3_6":
        chosen = [one for one in found if one.column == "self_efficacy" and one.panel == which]
    else:
        chosen = [one for one in found if variable_of_label(one.name) == which]
    return np.array([float(one.low + one.high) / 2 for one in chosen])


def _peers_effects(course: Course, has: Booleans) -> list[Printed]:
    found = {(one.panel, one.name, one.statistic): one for one in read_targets("table_3_6")
             if one.column == "self_efficacy"}  # fmt: skip
    printed = []
    for panel, design in peers_designs(course).items():
        for name, effect in zip(PEERS_ROWS[panel], effects(*design, course.team, has), strict=True):
            printed.append(Printed(found[panel, name, "coef"], found[panel, name, "se"], effect))
    return printed
