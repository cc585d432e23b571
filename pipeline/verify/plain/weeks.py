"""What a person's register weeks mean: states, shares of weeks, exits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.verify.plain.register import Cell, Course

State = int | None  # 1, 0, or None for unknown
Codes = Mapping[str, Mapping[str, str]] | None


class Meaning:
    """The states of outcomes.toml, by what a cell says; without a table of codes each state is a group of its own."""

    def __init__(self, outcomes: Mapping[str, Any], codes: Codes) -> None:
        """What a study says of states and codes."""
        self.outcomes, self.codes = outcomes, codes
        self._known: dict[tuple[str | None, bool | None], dict[str, State]] = {}

    def group(self, code: str) -> str | None:
        """The group of a code."""
        return (code or None) if self.codes is None else self.codes.get(code, {}).get("group")

    def ends(self, course: Course) -> int | None:
        """The first week of a terminal group, after which nothing is known."""
        terminal = self.outcomes.get("terminal_groups", ())
        return min(
            (w for w, cell in course.cells.items() if cell.code and self.group(cell.code) in terminal), default=None
        )

    def states(self, cell: Cell) -> dict[str, State]:
        """Every state of a cell."""
        key = cell.code, cell.wage
        if key not in self._known:
            self._known[key] = self._states(*key)
        return self._known[key]

    def _states(self, code: str | None, wage: bool | None) -> dict[str, State]:
        names = self.outcomes["states"]
        if code is None or self.group(code) in self.outcomes.get("unknown_groups", ()):
            return dict.fromkeys(names)
        return {name: self._state(state, code, wage) for name, state in names.items()}

    def _state(self, state: Mapping[str, Any], code: str, wage: bool | None) -> State:
        if state["kind"] == "no_code_and_wage":
            return 0 if code else None if wage is None else int(wage)
        if state["kind"] == "no_code":
            return 0 if code else 1
        inside = self.group(code) in state["groups"]
        if state["kind"] == "groups":
            return int(inside)
        activation = "none" if self.codes is None else self.codes.get(code, {}).get("activation")
        if inside and activation == "not_observable":
            return None
        return int(inside and activation in state["activation"])


def shares_of(states: list[State], unknown_weeks: str) -> list[float | None]:
    """The share of weeks 1 to t in the state, for every t."""
    found: list[float | None] = []
    inside = known = 0
    for week, state in enumerate(states, 1):
        known += state is not None
        inside += state or 0
        is_told = known == week if unknown_weeks == "missing" else known > 0
        found.append(inside / known if is_told else None)
    return found


def exit_of(states: list[State], horizon: int, run: int, to: str) -> tuple[int, bool]:
    """The week of the exit and True, or the last week at risk and False; `states` begin with week 1."""
    wanted = 1 if to == "in" else 0
    for week in range(1, horizon + 1):
        window = states[week - 1 : week - 1 + run]
        window += [None] * (run - len(window))
        if all(state == wanted for state in window):
            return week, True
        if all(state in (wanted, None) for state in window):
            return week - 1, False
    return horizon, False


def windows_of(history: Mapping[str, Any]) -> dict[str, tuple[str, int, int]]:
    """By variable its state, and the first and last week before the draw, counted back; the earliest may be shorter."""
    width, total, found = history["window_weeks"], history["weeks"], {}
    for state in history["states"]:
        last = 1
        while last <= total:
            first = min(last + width - 1, total)
            found[f"{state}_pre_{first}_{last}"] = state, first, last
            last += width
        found[f"{state}_pre_share"] = state, total, 1
    return found
