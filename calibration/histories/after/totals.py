"""How many of the weeks after allocation each person works and is on benefit: what the tables rest on.

Every table of chapters 3, 4 and 6 but the hazards' is a function of these two numbers, so they are chosen first, and
the timing of the weeks after them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from calibration.histories.after.problem import Problem
from calibration.histories.pools import TotalsPool
from calibration.histories.register_weeks import HORIZON, RegisterWeeks
from calibration.histories.report import out_of_reach
from calibration.search.programme import Prices, dive

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from calibration.histories.targets import Design, Target
    from pipeline.twin.courses import Subjects

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

STATES = ("employment", "sickness_benefit")
NEAR = 10  # weeks by which a total may change at the plain price
FAR_PRICE = 0.5  # of each further week
NO_JOB_PRICE = 4.0  # of a week of work for somebody who does not begin a job: many would make it an exit
EARLIER_PRICE = 3.0  # of a week less on benefit for somebody who leaves it once: the exit moves with it
EDGE_PRICE = 8.0  # of becoming, or ceasing to be, one of those who never work or who are on benefit all weeks
MISS_PRICE = 1000.0  # of missing a target of priority 1 by one unit, in weeks
MARGIN = 0.2  # of the programme


def choose_totals(
    subjects: Subjects,
    design: Design,
    seen: RegisterWeeks,
    targets: list[Target],
    say: Callable[[str], None],
) -> Integers:
    """Weeks (2, n) employed and on benefit, near the present ones, that bring the targets on them home."""
    present = seen.totals
    chosen = np.zeros_like(present)
    for place, state in enumerate(STATES):
        most = HORIZON - chosen.sum(axis=0)
        weeks = points(present[place], most)
        pool = TotalsPool(state, weeks, np.diff(weeks, axis=1, prepend=-1) > 0)
        problem = Problem(subjects, design, pool, targets_on_totals(targets, state))
        prices = Prices(costs(state, seen, present[place], weeks), MISS_PRICE, MARGIN)
        mean, slack = mean_weeks(state, problem, weeks, prices, np.minimum(present[place], most))
        chosen[place] = np.minimum(np.rint(mean).astype(np.int64), most)
        moved = np.abs(chosen[place] - present[place])
        say(f"{state}: {moved.sum()} weeks of {(moved > 0).sum()} persons; {out_of_reach(problem.linear, slack)}")
    return chosen


def mean_weeks(state: str, problem: Problem, weeks: Integers, prices: Prices, start: Integers) -> tuple[Floats, Floats]:
    """Weeks (n,) of least cost, and the slack (T,) of the linear targets.

    Weeks between none and all mix freely, so that their mean counts; none and all do not: who is which is settled.
    """
    terms, outcome = problem.terms, f"{state}/{HORIZON}"

    def renew(shares: Floats) -> None:
        problem.linearise_at_printed(terms, {outcome: (shares * weeks).sum(axis=1) / HORIZON})

    kind = (weeks > 0).astype(np.int64) + (weeks == HORIZON)
    at_start = ((weeks == start[:, None]) & terms.allowed).astype(float)
    shares, slack = dive(terms, at_start, prices, kind, renew)
    return (shares * weeks).sum(axis=1), np.where(terms.kind == 0, slack, 0.0)


def targets_on_totals(targets: list[Target], state: str) -> list[Target]:
    """The targets on the weeks of a state, and those on who ever leaves the state they start in, as ones on totals."""
    own = [one for one in targets if is_settled(one, state)]
    for exits, name in ((f"beyond/{HORIZON}", "never"), (f"left/1-{HORIZON}", "ever")):
        on_exits = [one for one in targets if one.functional.variable == f"{state}_exit/{exits}"]
        own += [replace(one, functional=replace(one.functional, variable=f"{state}/{name}")) for one in on_exits]
    return own


def is_settled(target: Target, state: str) -> bool:
    """Whether a target depends on the total weeks of a state alone."""
    return target.functional.variable in (f"{state}/{HORIZON}", f"{state}/{HORIZON}^2")


def points(present: Integers, most: Integers) -> Integers:
    """Candidate weeks (n, K), sorted: none, all, next to these, the present ones and around them; at most `most`."""
    inner = np.clip(present[:, None] + np.array([-NEAR, 0, NEAR]), 1, HORIZON - 1)
    ends = np.tile([0, 1, HORIZON - 1, HORIZON], (len(present), 1))
    own = present[:, None]
    return np.sort(np.minimum(np.concatenate([own, inner, ends], axis=1), most[:, None]), axis=1)


def costs(state: str, seen: RegisterWeeks, present: Integers, weeks: Integers) -> Floats:
    """Cost (n, K) of these weeks: how far the course has to change for them."""
    change = weeks - present[:, None]
    up, down = np.ones(len(present)), np.ones(len(present))
    if state == "employment":
        up[~seen.has_begun] = NO_JOB_PRICE
    else:
        down[(present < seen.left) | ~seen.has_left] = EARLIER_PRICE
    cost = np.where(change > 0, up[:, None], down[:, None]) * np.abs(change)
    at_edge = (weeks == 0) | (weeks == HORIZON) | (present == 0)[:, None] | (present == HORIZON)[:, None]
    return cost + FAR_PRICE * np.maximum(np.abs(change) - NEAR, 0) + EDGE_PRICE * (at_edge & (change != 0))
