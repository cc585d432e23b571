"""The weekly states, and which of them make a share of weeks or an exit."""

from typing import Literal

from pipeline.settings.base import Name, Settings, Weeks


class State(Settings, frozen=True):
    """One weekly state, told by groups of codes, types of activation, or a wage without a code."""

    kind: Literal["no_code_and_wage", "groups", "activation"]
    groups: list[str] = []
    activation: list[str] = []


class Exit(Settings, frozen=True):
    """An exit: the first week of the first run of so many weeks in a state, or out of it."""

    state: str
    to: Literal["in", "out"]
    run_weeks: Weeks = 1


class OutcomeDefinitions(Settings, frozen=True):
    """outcomes.toml."""

    states: dict[Name, State]
    unknown_groups: list[str] = []
    shares: tuple[str, ...] = ()
    exits: dict[Name, Exit] = {}

    def __post_init__(self) -> None:
        """ValueError for a share or an exit of a state that is not defined."""
        named = [*self.shares, *(exit_.state for exit_ in self.exits.values())]
        absent = sorted(set(named) - set(self.states))
        if absent:
            raise ValueError(f"{', '.join(absent)} is no state: the states are {', '.join(self.states)}")

    @property
    def longest_run(self) -> int:
        """The most weeks that an exit needs to be seen."""
        return max((exit_.run_weeks for exit_ in self.exits.values()), default=1)
