"""The weekly states, and which of them make a share of weeks or an exit."""

from typing import Literal

from pipeline.settings.base import Name, Settings, Weeks

USED = {
    "no_code_and_wage": (),
    "no_code": (),
    "groups": ("groups",),
    "activation": ("groups", "activation"),
}  # keys of each kind


class State(Settings, frozen=True):
    """One weekly state, told by groups of codes, types of activation, no code, or a wage without a code."""

    kind: Literal["no_code_and_wage", "no_code", "groups", "activation"]
    groups: list[str] = []
    activation: list[str] = []

    @property
    def idle_keys(self) -> list[str]:
        """The keys that are given and that the kind does not use."""
        return [key for key in ("groups", "activation") if getattr(self, key) and key not in USED[self.kind]]

    @property
    def is_empty(self) -> bool:
        """Whether a key that the kind cannot do without is not given."""
        return any(not getattr(self, key) for key in USED[self.kind])


class Exit(Settings, frozen=True):
    """An exit: the first week of the first run of so many weeks in a state, or out of it.

    unknown_weeks: whether what is unknown ends the observation of a person, or counts as not in the state.
    """

    state: str
    to: Literal["in", "out"]
    run_weeks: Weeks = 1
    unknown_weeks: Literal["missing", "counted"] = "missing"


class OutcomeDefinitions(Settings, frozen=True):
    """outcomes.toml.

    terminal_groups: those after which nothing is known, as the dead: a week after the first of theirs is unknown.
    lasting_groups: those that end for few, as a pension; whoever leaves one is told among the checks. other_groups,
    other_activation: those of benefit_codes.csv that nothing above names; with the named ones they close its lists.
    """

    states: dict[Name, State]
    unknown_groups: list[str] = []
    terminal_groups: list[str] = []
    lasting_groups: list[str] = []
    other_groups: list[str] = []
    other_activation: list[str] = []
    shares: tuple[str, ...] = ()
    exits: dict[Name, Exit] = {}

    def __post_init__(self) -> None:
        """ValueError for a share or exit of a state that is not defined, a name twice, and a key that does nothing."""
        lists = {"shares": self.shares, "other_groups": self.other_groups, "other_activation": self.other_activation}
        lists |= {f"states.{name}.groups": state.groups for name, state in self.states.items()}
        twice = [f"{key}: {name}" for key, names in lists.items() for name in {*names} if list(names).count(name) > 1]
        if twice:
            raise ValueError(f"{', '.join(sorted(twice))} stands twice: name each once")
        named = [*self.shares, *(exit_.state for exit_ in self.exits.values())]
        absent = sorted(set(named) - set(self.states))
        if absent:
            raise ValueError(f"{', '.join(absent)} is no state: the states are {', '.join(self.states)}")
        idle = [f"states.{name}: {key}" for name, state in self.states.items() for key in state.idle_keys]
        if idle:
            raise ValueError(f"{', '.join(idle)} does nothing under that kind: take it out, or give another kind")
        bare = [f"states.{name}" for name, state in self.states.items() if state.is_empty]
        if bare:
            raise ValueError(f"{', '.join(bare)} names nothing that its kind needs, so nobody is ever in it")

    @property
    def named(self) -> dict[str, set[str]]:
        """The groups and the kinds of activation that this file names: the closed lists of the table of codes."""
        states = self.states.values()
        groups = {*self.unknown_groups, *self.terminal_groups, *self.lasting_groups, *self.other_groups}
        return {
            "group": groups | {group for state in states for group in state.groups},
            "activation": {*self.other_activation} | {kind for state in states for kind in state.activation},
        }

    @property
    def longest_run(self) -> int:
        """The most weeks that an exit needs to be seen."""
        return max((exit_.run_weeks for exit_ in self.exits.values()), default=1)
