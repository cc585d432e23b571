"""Self-efficacy before the course: who is low and who is high, then the scores."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from calibration.draws import bell
from calibration.estimators.balance import ONE
from calibration.printed.targets import Target, read_targets
from calibration.search.integers import Solution, solve
from calibration.search.sides import Question, exchange, polish, sum_limits, target_limits
from calibration.survey.respondents import Design
from calibration.survey.rows import Rows, published_rows
from pipeline.twin.randomness import generator

Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]
POINTS = 25  # options 0..24
LOWEST, HIGHEST = 6, 15  # scores in the low, or high, group at every cut-off 6..14
CUT = 10  # the low group is 0..10 (report table 2.2)
LOW_BY_ARM = (81, 182)  # of 263: the arms' means differ by 0.65 (table 2.3)
PRORATED = Fraction(21, 2)  # four of six items answered, sum 7: neither low nor high, so 263 + 303 = 567 - 1
LOW_COUNTS = (5, 6, 11, 15, 20, 24, 26, 30, 38, 40, 48)  # persons with 0..10
HIGH_COUNTS = (48, 41, 33, 28, 38, 31, 25, 20, 14, 10, 7, 4, 2, 2)  # persons with 11..24
# Controls at or under each cut-off, fewest and most. Groups are nested, so those between two cut-offs must have
# a mean share of weeks in [0, 1], and so for employment and benefit together. The printed control means of tables 3.3
# and 4.1 (high panel with its true labels) leave room for that only near these numbers; each combination of them fits
# with a tenth of every rounding interval to spare. 26 is one in each municipality.
CONTROLS_UP_TO = {
    6: (26, 30),
    7: (42, 44),
    8: (55, 57),
    9: (69, 72),
    10: (81, 81),
    11: (104, 107),
    12: (115, 117),
    13: (131, 134),
    14: (138, 142),
}
PEERS = Fraction(7, 13)  # the median over teams of the share under PEER_CUT prints as 0.54 (report note 13)
PEER_CUT = 12
CLOSEST = 21  # days: the person without self-efficacy waits at least this long (403 of 567 in table 3.4)


@dataclass(frozen=True)
class SelfEfficacy:
    """Scores of the analysed persons (n,) in half points, -1 if missing; low and high group; coping for the rest."""

    half_points: Integers
    low: Booleans
    high: Booleans
    coping: Integers
    solution: Solution
    split_met: bool


def choose_groups(design: Design, coping: Integers) -> tuple[int, int, Booleans, bool]:
    """(person without score, person with the prorated score, who is low (n,), whether all dates fit)."""
    order = np.argsort(coping, kind="stable")
    waiting = [int(i) for i in order if design.treated[i] == 1 and design.wait[i] >= CLOSEST]
    missing = waiting[len(waiting) // 2]
    cells: dict[tuple[str, int], list[int]] = {}
    for i in order:
        if i != missing:
            cells.setdefault((design.municipality[i], int(design.treated[i])), []).append(int(i))
    low = np.zeros(len(coping), dtype=np.bool_)
    low[[members[0] for members in cells.values()]] = True
    highest = {members[-1] for members in cells.values()}
    for arm, size in enumerate(LOW_BY_ARM):
        ready = [int(i) for i in order if design.treated[i] == arm and i != missing and i not in highest and not low[i]]
        low[ready[: size - int(low[design.treated == arm].sum())]] = True
    prorated = next(int(i) for i in order if design.treated[i] == 0 and not low[i] and i not in highest)
    scored = np.ones(len(coping), dtype=np.bool_)
    scored[[missing, prorated]] = False
    low[scored], met = fit_dates(design, low, scored)
    return missing, prorated, low, met


def fit_dates(design: Design, low: Booleans, scored: Booleans) -> tuple[Booleans, bool]:
    """Who of the scored is low, such that dates and waits fit: (low, whether they all do).

    First the team's last day, which is the sum of the two, by exchanges across teams; then the wait within teams.
    """
    targets = read_targets("table_2_2") + read_targets("table_2_3")
    sides = ("high_self_efficacy", "low_self_efficacy")
    limits = [[target_limits(targets, name, side) for name in ("allocation_day", "wait_days")] for side in sides]
    places = sorted(set(design.municipality))
    teams = sorted(set(design.team))
    days = np.stack([design.day, design.wait])
    last = Question(
        treated=design.treated[scored],
        place=np.array([places.index(name) for name in design.municipality])[scored],
        places=len(places),
        movable=np.ones(int(scored.sum()), dtype=np.bool_),
        values=days.sum(axis=0, keepdims=True)[:, scored],
        limits=[[sum_limits(*pair)] for pair in limits],
    )
    rough, _ = exchange(last, low[scored], generator("self_efficacy/groups"))
    both = replace(last, values=days[:, scored], limits=limits)
    group = np.array([teams.index(name) for name in design.team])[scored]
    return polish(both, rough, group, generator("self_efficacy/polish"))


def first_scores(low: Booleans, high: Booleans, coping: Integers, cell: npt.NDArray[np.str_]) -> Integers:
    """Scores (n,) in order of coping within the groups, with the group's counts; both extremes in every cell."""
    score = np.zeros(len(low), dtype=np.int64)
    for members, base, counts in ((low, 0, LOW_COUNTS), (high, CUT + 1, HIGH_COUNTS)):
        ranked = np.flatnonzero(members)[np.argsort(coping[members], kind="stable")]
        score[ranked] = np.repeat(np.arange(base, base + len(counts)), counts)
    for is_extreme, members in ((score <= LOWEST, low), (score >= HIGHEST, high)):
        _spread(score, is_extreme & members, members, cell)
    return score


def _spread(score: Integers, is_extreme: Booleans, members: Booleans, cell: npt.NDArray[np.str_]) -> None:
    """Swap scores until each cell has an extreme one: the first of its members takes it from a cell with several."""
    for name in np.unique(cell):
        inside = members & (cell == name)
        if (is_extreme & inside).any():
            continue
        taker = int(np.flatnonzero(inside)[0])
        giver = next(int(i) for i in np.flatnonzero(is_extreme) if (is_extreme & (cell == cell[i])).sum() > 1)
        score[[taker, giver]] = score[[giver, taker]]
        is_extreme[[taker, giver]] = True, False


def _count(first: int, last: int, members: Booleans) -> Integers:
    score = np.arange(POINTS)
    return np.where(members[:, None] & (score >= first) & (score <= last), ONE, 0)


def group_rows(scored: Booleans) -> Rows:
    """Sizes of the low groups 0-6 to 0-14 in percent of all with a score (table 3.3), 10.5 points counted too."""
    rows = Rows()
    total = int(scored.sum()) + 1
    for target in read_targets("table_3_3"):
        if target.panel == "low" and target.column == "group_size_pct":
            last = int(target.name.split("-")[1])
            prorated = 1 if last > CUT else 0
            low = -(-target.low * total // 100) - prorated
            high = target.high * total // 100 - prorated
            rows.add(f"size {target.name}", _count(0, last, scored), low * ONE, high * ONE)
    return rows


def control_rows(design: Design, scored: Booleans) -> Rows:
    """Numbers of controls at or under each cut-off; the one with 10.5 points is a control and counts from 11 on."""
    rows = Rows()
    for last, (fewest, most) in CONTROLS_UP_TO.items():
        prorated = 1 if last > CUT else 0
        members = scored & (design.treated == 0)
        rows.add(f"controls 0-{last}", _count(0, last, members), (fewest - prorated) * ONE, (most - prorated) * ONE)
    return rows


def presence_rows(design: Design, scored: Booleans) -> Rows:
    """A person of each municipality and arm at 0..6 and one at 15..24: both arms in both groups at all cut-offs."""
    rows = Rows()
    place = np.array(design.municipality)
    for name in sorted(set(design.municipality)):
        for arm in (0, 1):
            members = scored & (place == name) & (design.treated == arm)
            rows.add(f"low in {name}/{arm}", _count(0, LOWEST, members), ONE, 1000 * ONE)
            rows.add(f"high in {name}/{arm}", _count(HIGHEST, POINTS, members), ONE, 1000 * ONE)
    return rows


def peer_rows(design: Design, scored: Booleans, prorated: int, score: Integers) -> Rows:
    """Shares under PEER_CUT of the teams on their side of the median; the team nearest to it with 13 scores has 7."""
    team = np.array(design.team)
    names = sorted(set(design.team))
    counted = scored.copy()
    counted[prorated] = True  # 10.5 points are under the cut
    under = np.where(scored, score < PEER_CUT, True) & counted
    size = {name: int((counted & (team == name)).sum()) for name in names}
    share = {name: Fraction(int((under & (team == name)).sum()), size[name]) for name in names}
    ranked = sorted(names, key=lambda name: (share[name], name))
    middle = len(names) // 2
    pivot = min(
        (name for name in names if size[name] == PEERS.denominator),
        key=lambda name: (abs(ranked.index(name) - middle), name),
    )
    ranked.remove(pivot)
    rows = Rows()
    for position, name in enumerate([*ranked[:middle], pivot, *ranked[middle:]]):
        fixed = 1 if team[prorated] == name else 0
        low = 0 if position < middle else -(-PEERS * size[name] // 1)
        high = PEERS * size[name] // 1 if position <= middle else size[name]
        members = scored & (team == name)
        rows.add(f"peers {name}", _count(0, PEER_CUT - 1, members), (low - fixed) * ONE, (high - fixed) * ONE)
    return rows


def calibrate_self_efficacy(design: Design) -> SelfEfficacy:
    """The groups and scores of the analysed persons."""
    n = len(design.row)
    coping = bell(generator("self_efficacy/coping"), n)
    missing, prorated, low, met = choose_groups(design, coping)
    scored = np.ones(n, dtype=np.bool_)
    scored[[missing, prorated]] = False
    high = scored & ~low
    cell = np.array([f"{place}/{arm}" for place, arm in zip(design.municipality, design.treated, strict=True)])
    start = first_scores(low, high, coping, cell)
    has = np.arange(n) != missing
    targets: list[Target] = [
        one for one in read_targets("table_2_2") + read_targets("table_2_3") if one.name == "self_efficacy"
    ]
    samples = {**design.samples, "low_self_efficacy": low, "high_self_efficacy": high}
    half_points = np.where(scored[:, None], 2 * np.arange(POINTS)[None, :], 0)
    half_points[prorated] = int(2 * PRORATED)
    rows = published_rows(targets, samples, has, design, half_points, Fraction(1, 2))
    for more in (
        group_rows(scored),
        control_rows(design, scored),
        presence_rows(design, scored),
        peer_rows(design, scored, prorated, start),
    ):
        rows.extend(more)
    allowed = np.where(low[:, None], np.arange(POINTS) <= CUT, np.arange(POINTS) > CUT) & scored[:, None]
    solution = solve(rows.problem(allowed), start, generator("self_efficacy/search"), reach=3, patience=300)
    score = 2 * solution.choice
    score[prorated], score[missing] = int(2 * PRORATED), -1
    return SelfEfficacy(score, low, high, coping, solution, met)
