"""From weekly states to outcomes: shares of weeks and weeks until an exit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from pipeline.register.states import UNKNOWN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    States = NDArray[np.int8]


def cumulative_shares(states: States, unknown_weeks: Literal["missing", "known", "counted"]) -> NDArray[np.float64]:
    """Share of weeks 1..t in the state for every t, shape (persons, weeks) (report section 3, outcomes 2 and 4).

    With "missing" a share that spans an unknown week is NaN; with "known" it is over the known weeks, NaN if none is;
    with "counted" an unknown week counts as one that is not in the state.
    """
    if unknown_weeks == "counted":
        return np.asarray(np.cumsum(states == 1, axis=1) / np.arange(1, states.shape[1] + 1))
    known = states != UNKNOWN
    counts = np.cumsum(states == 1, axis=1)
    weeks = np.arange(1, states.shape[1] + 1)
    if unknown_weeks == "missing":
        return np.where(np.logical_and.accumulate(known, axis=1), counts / weeks, np.nan)
    known_weeks = np.cumsum(known, axis=1)
    return np.where(known_weeks > 0, counts / np.maximum(known_weeks, 1), np.nan)


def weeks_until_exit(
    states: States, horizon: int, run_weeks: int, to: Literal["in", "out"]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Week of the exit, the first of the first run of `run_weeks` weeks in the state or out of it, and if it was seen.

    `states` starts with week 1. A person who is never seen to leave is at risk to the horizon or to the week before the
    first that cannot be told; 0 if that is week 1. Report sections 3 and 3.1, outcomes 1 and 3.
    """
    turned = states if to == "in" else np.where(states == UNKNOWN, UNKNOWN, 1 - states).astype(np.int8)
    return weeks_until_run(turned, horizon, run_weeks)


def weeks_until_run(states: States, horizon: int, run_weeks: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """First week of the first run of `run_weeks` weeks in the state, and whether it was seen (report section 3.1).

    `states` starts with week 1 and should reach run_weeks - 1 weeks past the horizon: the run must be observed whole,
    and one that begins at the horizon ends after it. A run cut by unknown weeks, or one they could hold, is
    undetermined: the person is at risk to the week before it begins.
    """
    padding = np.full((len(states), run_weeks - 1), UNKNOWN, dtype=np.int8)
    windows = np.lib.stride_tricks.sliding_window_view(np.hstack([states, padding]), run_weeks, axis=1)[:, :horizon]
    begins = (windows == 1).all(axis=2)
    could_begin = (windows != 0).all(axis=2) & ~begins
    return _first_event(begins, could_begin, horizon)


def _first_event(
    event: NDArray[np.bool_], undetermined: NDArray[np.bool_], horizon: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Week of the first event, unless an undetermined week comes before it; else the last week at risk."""
    decided = event | undetermined
    first = np.where(decided.any(axis=1), decided.argmax(axis=1), event.shape[1])
    inside = first < event.shape[1]
    exited = inside & event[np.arange(len(event)), np.minimum(first, event.shape[1] - 1)]
    at_risk = np.where(exited, first + 1, np.where(inside, first, horizon))
    return at_risk.astype(np.int64), exited
