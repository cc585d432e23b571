"""Trials drawn with the design of the real one: a lot within teams, teams within municipalities, one course a team."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.stats.linear import Linear
from pipeline.stats.lot import draw_lot
from pipeline.stats.ols import FloatArray

SEED = 20_261_126
LEVEL = 0.95
EFFECT = 0.25  # in standard deviations of a person


@dataclass(frozen=True)
class Scenario:
    """What trials of one kind are like, all in standard deviations of a person's outcome.

    share: of a team that is treated; of_team: what its members have in common; of_course: what its treated have;
    of_person: how much effects differ between persons. says: in words, for the documentation.
    """

    name: str
    says: str
    teams: int = 43
    municipalities: int = 26
    share: float = 0.5
    of_team: float = 0.5
    of_course: float = 0.0
    of_person: float = 0.0
    is_skewed: bool = False


SCENARIOS = (
    Scenario("lot", "One effect for all: the strong null"),
    Scenario("course", "The treated of a team have an effect of their course in common", of_course=0.4),
    Scenario(
        "persons", "Effects differ between persons, a quarter is treated: the weak null", share=0.25, of_person=2.0
    ),
    Scenario(
        "few",
        "10 teams, one effect for all (skewed outcomes of least squares)",
        teams=10,
        municipalities=6,
        is_skewed=True,
    ),
    Scenario("few_course", "10 teams with effects of courses", teams=10, municipalities=6, of_course=0.4),
)


@dataclass(frozen=True)
class Allocation:
    """n persons in the order of their teams: treated, team and municipality (n,), and the lot drawn again (n, B)."""

    treated: npt.NDArray[np.bool_]
    teams: npt.NDArray[np.intp]
    places: npt.NDArray[np.intp]
    draws: npt.NDArray[np.bool_]

    def problem(self, outcomes: FloatArray) -> Linear:
        """The report's model (2) of outcomes (n, m): treatment and a dummy for each municipality, clustered on team."""
        n = len(self.treated)
        everybody = np.ones((n, 1), dtype=bool)
        nothing = np.zeros((n, 0))
        return Linear(outcomes, nothing, everybody, self.treated, self.places, self.teams, np.ones((1, 1)))


def allocate(scenario: Scenario, draws: int, random: np.random.Generator) -> Allocation:
    """Teams of 7 to 19 persons, at least two of each arm; the first teams of the list are alone or with one other."""
    sizes = random.integers(7, 20, scenario.teams)
    teams = np.repeat(np.arange(scenario.teams), sizes)
    treated = np.zeros(len(teams), dtype=bool)
    for team, size in enumerate(sizes.tolist()):
        count = min(max(round(scenario.share * size), 2), size - 2)
        treated[random.choice(np.flatnonzero(teams == team), count, replace=False)] = True
    lot = draw_lot(treated, teams, draws, int(random.integers(2**31)))
    return Allocation(treated, teams, teams % scenario.municipalities, lot.draws)


def draw_outcomes(
    scenario: Scenario, own: Allocation, count: int, effect: float, random: np.random.Generator
) -> FloatArray:
    """Outcomes (n, count), each of a trial of its own with the same allocation and mean effect `effect`."""
    shape = (len(own.teams), count)
    persons = random.exponential(size=shape) - 1.0 if scenario.is_skewed else random.standard_normal(shape)
    by_team, by_course = random.standard_normal((2, scenario.teams, count))
    effects = effect + scenario.of_course * by_course[own.teams] + scenario.of_person * random.standard_normal(shape)
    return np.asarray(persons + scenario.of_team * by_team[own.teams] + own.treated[:, None] * effects)
