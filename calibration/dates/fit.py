"""Allocation dates inside each team's window, such that the published dates and waiting times come out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

from calibration.draws import UNIT
from calibration.estimators.balance import ONE, Integers, coefficient_weights, fixed_point, mean_weights
from calibration.printed.targets import Target, read_targets
from calibration.search.integers import Problem, Solution, solve
from calibration.search.sides import Question, exchange, sum_limits, target_limits
from pipeline.twin.frame import Team, read_teams
from pipeline.twin.randomness import generator
from pipeline.twin.stored import read_rows

EXCLUSIONS = Path(__file__).parent / "exclusions.csv"
ORIGIN = 16556  # 2015-05-01: days are counted from here, so that rounded weights times days stay exact enough
SHORT = 7  # days: a wait below this is short (report section 2.6)
SHORT_BY_ARM = (80, 156)  # of 236; a little more common among the treated, as section 4 says
COUNTS: tuple[tuple[Callable[[int], bool], int, int], ...] = (
    (lambda wait: wait < 14, 355, 360),  # 63 % within two weeks (section 2.4)
    (lambda wait: wait < 21, 403, 403),  # observations of table 3.4
    (lambda wait: wait > 30, 111, 116),  # 20 % more than a month, be it of 30 or of 31 days (section 2.4)
    (lambda wait: wait > 31, 111, 116),
)
HOLIDAYS = np.array(
    [
        "2014-12-24", "2014-12-25", "2014-12-26", "2014-12-31", "2015-01-01", "2015-04-02", "2015-04-03", "2015-04-06",
        "2015-05-01", "2015-05-14", "2015-05-25", "2015-06-05", "2015-12-24", "2015-12-25", "2015-12-31", "2016-01-01",
    ],
    dtype="datetime64[D]",
)  # fmt: skip


@dataclass(frozen=True)
class Analysed:
    """The 568 analysed persons by team and arm, with the waits that are possible for each.

    team: (n,) index into the teams. waits: per team, the possible waits in rising order.
    """

    team: Integers
    treated: Integers
    municipality: list[str]
    end: Integers
    waits: list[Integers]


def possible_waits(team: Team) -> Integers:
    """Waits, in rising order, of the team's first and last day and the working days between."""
    days = np.arange(team.start, team.end + 1)
    working = np.is_busday(days, holidays=HOLIDAYS)
    working[[0, -1]] = True
    return np.sort((team.end - days[working]).astype(np.int64))


def analysed_persons(teams: list[Team]) -> Analysed:
    """The analysed persons, team by team, controls first."""
    index = [number for number, team in enumerate(teams) for _ in range(team.control + team.treated)]
    treated = [arm for team in teams for arm, count in ((0, team.control), (1, team.treated)) for _ in range(count)]
    return Analysed(
        team=np.array(index, dtype=np.int64),
        treated=np.array(treated, dtype=np.int64),
        municipality=[teams[number].municipality_name for number in index],
        end=np.array([teams[number].end.astype(np.int64) for number in index], dtype=np.int64),
        waits=[possible_waits(team) for team in teams],
    )


def draw_waits(persons: Analysed) -> tuple[Integers, npt.NDArray[np.bool_]]:
    """First waits (n,), as positions in the team's list, and who is fixed: one person on the first and the last day.

    Recruitment gathers speed towards the end of the window: a wait is the window's length times a uniform number to
    the power 3/2, whose mean is 0.4.
    """
    source = generator("dates/waits")
    position = np.zeros(len(persons.team), dtype=np.int64)
    fixed = np.zeros(len(persons.team), dtype=np.bool_)
    for team, waits in enumerate(persons.waits):
        members = source.permutation(np.flatnonzero(persons.team == team))
        for member in members:
            # The square compares u ** 3 with (wait / length) ** 2 in integers: no power of a fraction is rounded.
            limit = int(waits[-1]) ** 2 * int(source.integers(0, UNIT)) ** 3
            position[member] = max(k for k, wait in enumerate(waits) if int(wait) ** 2 * UNIT**3 <= limit)
        position[members[:1]], position[members[1:2]] = len(waits) - 1, 0
        fixed[members[:2]] = True
    return position, fixed


def settle_short(persons: Analysed, position: Integers, fixed: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Who waits short (n,): the drawn waits, moved across the limit until the numbers in each arm are right.

    A cell of municipality and arm keeps at least one person on each side where it can, so that the balance regression
    of each sample uses nearly every municipality.
    """
    wait = np.array([persons.waits[team][k] for team, k in zip(persons.team, position, strict=True)])
    is_short = wait < SHORT
    longest = np.array([persons.waits[team][-1] for team in persons.team])
    movable = ~fixed & (longest >= SHORT)
    cell = np.array([f"{place}/{arm}" for place, arm in zip(persons.municipality, persons.treated, strict=True)])
    order = np.argsort(np.abs(2 * wait - 2 * SHORT + 1) * len(wait) + np.arange(len(wait)))
    for name in np.unique(cell):
        for side in (True, False):
            if not (is_short[cell == name] == side).any():
                ready = [i for i in order if cell[i] == name and movable[i]]
                if len(ready) > 1:
                    is_short[ready[0]] = side
    for arm, wanted in enumerate(SHORT_BY_ARM):
        for i in order:
            surplus = int(is_short[persons.treated == arm].sum()) - wanted
            side = surplus > 0
            alone = (is_short[cell == cell[i]] == side).sum() == 1
            if surplus and persons.treated[i] == arm and movable[i] and is_short[i] == side and not alone:
                is_short[i] = not side
    return is_short


def choose_short(
    persons: Analysed, is_short: npt.NDArray[np.bool_], fixed: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Who waits short (n,), such that the teams' last days fit.

    Allocation day is the team's last day less the wait, so mean and coefficient of the last day in a sample are the
    sums of the two published ones. They depend only on how many persons of each team and arm wait short.
    """
    targets = date_targets({"short_wait", "long_wait"})
    places = sorted(set(persons.municipality))
    longest = np.array([persons.waits[team][-1] for team in persons.team])
    question = Question(
        treated=persons.treated,
        place=np.array([places.index(name) for name in persons.municipality]),
        places=len(places),
        movable=~fixed & (longest >= SHORT),
        values=persons.end[None, :],
        limits=[
            [sum_limits(target_limits(targets, "allocation_day", side), target_limits(targets, "wait_days", side))]
            for side in ("long_wait", "short_wait")
        ],
    )
    return exchange(question, is_short, generator("dates/short"))[0]


def samples(persons: Analysed, is_short: npt.NDArray[np.bool_]) -> dict[str, npt.NDArray[np.bool_]]:
    """Members (n,) of each sample that is known before the survey, by its column in tables 2.2 and 2.3."""
    return {
        "all": np.ones(len(persons.team), dtype=np.bool_),
        "control": persons.treated == 0,
        "ltjs": persons.treated == 1,
        "short_wait": is_short,
        "long_wait": ~is_short,
    }


def date_targets(columns: set[str]) -> list[Target]:
    """The published numbers on allocation day and wait in the given columns of tables 2.2 and 2.3."""
    published = read_targets("table_2_2") + read_targets("table_2_3")
    return [one for one in published if one.name in ("allocation_day", "wait_days") and one.column in columns]


def later_split() -> tuple[Fraction, Fraction]:
    """The middle half of the overall mean day that the means of low and high self-efficacy leave room for."""
    sides = ("low_self_efficacy", "high_self_efficacy")
    means = [one for side in sides for one in date_targets({side}) if one.statistic == "date"]
    sizes = {one.column: round(one.low) for one in read_targets("table_2_2") if one.statistic == "n"}
    total = sum((sizes[mean.column] * (mean.low + mean.high) / 2 for mean in means), Fraction(0))
    middle = total / sum(sizes[mean.column] for mean in means)
    return middle - Fraction(1, 4), middle + Fraction(1, 4)


def date_problem(persons: Analysed, is_short: npt.NDArray[np.bool_], fixed: npt.NDArray[np.bool_]) -> Problem:
    """The search problem: options are the team's possible waits on the person's side of the limit."""
    n, size = len(persons.team), max(len(waits) for waits in persons.waits)
    wait = np.zeros((n, size), dtype=np.int64)
    allowed = np.zeros((n, size), dtype=np.bool_)
    for i, team in enumerate(persons.team):
        waits = persons.waits[team]
        wait[i, : len(waits)] = waits
        allowed[i, : len(waits)] = ((waits < SHORT) == is_short[i]) & (not fixed[i])
    members = samples(persons, is_short)
    columns, low, high = [], [], []
    for target in date_targets(set(members)):
        inside = members[target.column]
        weights = (
            coefficient_weights(persons.treated.tolist(), persons.municipality, inside.tolist())
            if target.statistic == "coef"
            else mean_weights(inside.tolist())
        )
        weight = fixed_point(weights, target.half_width)
        is_date = target.name == "allocation_day"
        columns.append(weight[:, None] * (persons.end[:, None] - ORIGIN - wait if is_date else wait))
        origin = ORIGIN if is_date and target.statistic != "coef" else 0
        low.append(int((target.low - origin) / target.half_width * ONE))
        high.append(int((target.high - origin) / target.half_width * ONE))
    bottom, top = later_split()
    columns.append(ONE // n * (persons.end[:, None] - ORIGIN - wait))
    low.append(int((bottom - ORIGIN) * ONE))
    high.append(int((top - ORIGIN) * ONE))
    for condition, least, most in COUNTS:
        columns.append(np.vectorize(condition, otypes=[np.int64])(wait) * ONE)
        low.append(least * ONE)
        high.append(most * ONE)
    return Problem(np.stack(columns, axis=2), np.array(low), np.array(high), allowed)


def calibrate_analysed(teams: list[Team]) -> tuple[Analysed, Integers, Solution]:
    """The analysed persons, their waits in days (n,) and the search's result."""
    persons = analysed_persons(teams)
    position, fixed = draw_waits(persons)
    is_short = choose_short(persons, settle_short(persons, position, fixed), fixed)
    problem = date_problem(persons, is_short, fixed)
    for i in np.flatnonzero(~fixed):
        options = np.flatnonzero(problem.allowed[i])
        position[i] = options[np.argmin(np.abs(options - position[i]))]
    solution = solve(problem, position, generator("dates/search"), reach=3, patience=400)
    wait = [persons.waits[team][k] for team, k in zip(persons.team, solution.choice, strict=True)]
    return persons, np.array(wait, dtype=np.int64), solution


def calibrate_dates() -> tuple[list[dict[str, str]], Solution]:
    """The rows of calibrated/dates.csv in order of person, and the search's result.

    The excluded get random working days of their team's window. Persons allocated on one day are ordered by team as in
    table 2.1, then by a drawn number.
    """
    teams = read_teams()
    persons, wait, solution = calibrate_analysed(teams)
    drawn = [
        (int(end - days), int(team), int(arm), "")
        for end, days, team, arm in zip(persons.end, wait, persons.team, persons.treated, strict=True)
    ]
    number = {team.team_name: index for index, team in enumerate(teams)}
    source = generator("dates/excluded")
    for row in read_rows(EXCLUSIONS):
        index = number[row["team_name"]]
        waits = possible_waits(teams[index])
        for arm in [0] * int(row["control"]) + [1] * int(row["treated"]):
            day = int(teams[index].end.astype(np.int64) - waits[source.integers(0, len(waits))])
            drawn.append((day, index, arm, row["reason"]))
    lot = generator("dates/ties").permutation(len(drawn))
    order = sorted(range(len(drawn)), key=lambda i: (drawn[i][0], drawn[i][1], lot[i]))
    rows = []
    for person, i in enumerate(order, start=1):
        day, index, arm, reason = drawn[i]
        rows.append(
            {
                "person": str(person),
                "team_name": teams[index].team_name,
                "treated": str(arm),
                "exclusion": reason,
                "allocation_date": str(np.datetime64(day, "D")),
            }
        )
    return rows, solution
