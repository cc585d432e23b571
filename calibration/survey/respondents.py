"""The persons of the survey calibrations: the analysed 568 first of all, with their samples and missing answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.twin.frame import Frame
from pipeline.twin.randomness import generator

Booleans = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]
COMPLETE = ("female", "age", "self_efficacy", "bipq_treatment_control", "expected_time_to_return", "ordinary_job")
INCOMPLETE_CONTROLS = 9  # 188 of 197 are complete in table 6.3
INCOMPLETE_PERCENT = 11  # of the others: the report prints no number that depends on it
OFTEN_SKIPPED = ("tsrq_autonomous", "tsrq_introjected", "tsrq_external", "tsrq_amotivation", "weekly_hours_expected",
                 "psychologist_visits", "physiotherapist_visits", "emergency_visits", "cmdq_alcohol_dependence",
                 "cdsmp_cognitive_strategies", "work_ability")  # fmt: skip
SHORT = 7  # days


@dataclass(frozen=True)
class Design:
    """What is fixed before any answer: arms, places, dates and waits of the analysed persons (n,), in order of person.

    row: their positions in the frame.
    """

    row: Integers
    treated: Integers
    municipality: list[str]
    team: list[str]
    day: Integers
    wait: Integers

    @property
    def samples(self) -> dict[str, Booleans]:
        """Members (n,) of the samples that do not depend on answers, by their column in tables 2.2 and 2.3."""
        return {
            "all": np.ones(len(self.row), dtype=np.bool_),
            "control": self.treated == 0,
            "ltjs": self.treated == 1,
            "short_wait": self.wait < SHORT,
            "long_wait": self.wait >= SHORT,
        }


def analysed_design(frame: Frame) -> Design:
    """The design of the analysed persons."""
    row = np.flatnonzero(frame.analysed)
    return Design(
        row=row,
        treated=frame.treated[row].astype(np.int64),
        municipality=frame.municipality[row].tolist(),
        team=frame.team[row].tolist(),
        day=frame.allocation_date[row].astype(np.int64),
        wait=frame.wait_days[row],
    )


def has_baseline(frame: Frame) -> Booleans:
    """Who (657,) answered the baseline survey."""
    return np.asarray(frame.exclusion != "no_baseline")


def draw_missing(frame: Frame, variables: list[str]) -> dict[str, Booleans]:
    """Which persons (657,) lack each variable, self-efficacy aside: nine analysed controls and some of the others.

    A person lacks one to three variables, more often the long batteries and the counts. The covariates of the main
    models, sex and age are complete.
    """
    source = generator("survey/missing")
    analysed_controls = np.flatnonzero(frame.analysed & (frame.treated == 0))
    lacking = set(source.permutation(analysed_controls)[:INCOMPLETE_CONTROLS].tolist())
    others = np.flatnonzero(has_baseline(frame) & ~(frame.analysed & (frame.treated == 0)))
    lacking |= set(others[source.integers(0, 100, size=len(others)) < INCOMPLETE_PERCENT].tolist())
    optional = [variable for variable in variables if variable not in COMPLETE]
    urn = optional + [variable for variable in OFTEN_SKIPPED for _ in range(3)]
    missing = {variable: np.zeros(len(frame), dtype=np.bool_) for variable in variables}
    for person in sorted(lacking):
        for _ in range((1, 1, 1, 2, 2, 3)[source.integers(0, 6)]):
            missing[urn[source.integers(0, len(urn))]][person] = True
    return missing
