"""What a person's register cells say of each week, and what follows: shares, exits, the history before the draw."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from typing import Any

from pipeline.verify.plain.people import MONDAY_OF_WEEK_ONE

WEEK = re.compile(r"y_?(\d\d)(\d\d)", re.IGNORECASE)
WEEK_OF_FILE = re.compile(r"y_?(\d\d?)", re.IGNORECASE)
MONTH = re.compile(r"(?:branche|br)_(\d{4})_(\d\d)", re.IGNORECASE)
NO_CODE = {"", "0"}
State = int | None  # 1, 0, or None for unknown


def number_of(year: int, week: int) -> int:
    """The number of an ISO week, 1 being 1991-W32."""
    return (datetime.date.fromisocalendar(year, week, 1) - MONDAY_OF_WEEK_ONE).days // 7 + 1


def cells_of(row: Mapping[str, str], year: int = 0) -> tuple[dict[int, str], dict[tuple[int, int], bool]]:
    """By week the code, by month whether there is a wage, of a row of the register."""
    codes, wages = {}, {}
    for name, cell in row.items():
        if match := WEEK.fullmatch(name):
            short = int(match[1])
            codes[number_of(short + (1900 if short >= 91 else 2000), int(match[2]))] = cell
        elif year and (match := WEEK_OF_FILE.fullmatch(name)):
            codes[number_of(year, int(match[1]))] = cell
        elif match := MONTH.fullmatch(name):
            wages[int(match[1]), int(match[2])] = cell not in NO_CODE
    return codes, wages


def states_of(
    codes: Mapping[int, str],
    wages: Mapping[tuple[int, int], bool],
    week: int,
    outcomes: Mapping[str, Any],
    table: Mapping[str, Mapping[str, str]],
) -> dict[str, State]:
    """Every state of outcomes.toml in a week."""
    code = codes.get(week)
    names = outcomes["states"]
    ended = any(
        before < week and table.get(cell, {}).get("group") in outcomes.get("terminal_groups", ())
        for before, cell in codes.items()
    )
    if code is None or ended:
        return dict.fromkeys(names)
    group, activation = table.get(code, {}).get("group"), table.get(code, {}).get("activation")
    if group in outcomes.get("unknown_groups", ()):
        return dict.fromkeys(names)
    thursday = MONDAY_OF_WEEK_ONE + datetime.timedelta(weeks=week - 1, days=3)
    found: dict[str, State] = {}
    for name, state in names.items():
        if state["kind"] == "no_code_and_wage":
            paid = wages.get((thursday.year, thursday.month))
            found[name] = 0 if code not in NO_CODE else None if paid is None else int(paid)
        elif state["kind"] == "groups":
            found[name] = int(group in state["groups"])
        elif group in state["groups"] and activation == "not_observable":
            found[name] = None
        else:
            found[name] = int(group in state["groups"] and activation in state["activation"])
    return found


def shares_of(states: list[State], unknown_weeks: str) -> list[float | None]:
    """The share of weeks 1 to t in the state, for every t."""
    found: list[float | None] = []
    for week in range(1, len(states) + 1):
        known = [state for state in states[:week] if state is not None]
        if not known or (unknown_weeks == "missing" and len(known) < week):
            found.append(None)
        else:
            found.append(sum(known) / len(known))
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
