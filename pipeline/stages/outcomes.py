"""From register weeks to outcomes and to the background before allocation (report section 3 and table 2.2)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from pipeline.register.spells import cumulative_shares, weeks_until_exit
from pipeline.register.states import UNKNOWN, classify_weeks, read_catalogue
from pipeline.settings.outcomes import Exit, OutcomeDefinitions
from pipeline.settings.study import Study

EPOCH = pd.Timestamp("1970-01-01")
LINES = ("line", "wage_line")  # of the code, and of the wage where that may stand in another file


def run(
    sample: pd.DataFrame,
    register_weeks: pd.DataFrame,
    outcomes: OutcomeDefinitions,
    study: Study,
    baseline: pd.DataFrame | None = None,
    benefit_codes: pd.DataFrame | None = None,
) -> dict[str, pd.DataFrame]:
    """Weekly states, shares of weeks, weeks until exit, and the risk factors of every analysed person.

    Weeks are counted from the week of allocation (0). The register is read to some weeks past the horizon, which a run
    that begins at the horizon needs. Weeks outside the extract are unknown: shares that span one are unknown, or of the
    known weeks, as the study says.
    """
    before = study.history.weeks if study.history else 0
    relative = np.arange(-before, study.time.horizon_weeks + outcomes.longest_run)
    catalogue = read_catalogue(benefit_codes, register_weeks["code"].dropna().unique())
    aligned = align_weeks(sample, register_weeks, relative, catalogue.codes(groups=outcomes.terminal_groups))
    _say_uncovered(sample, register_weeks, before, study.time.horizon_weeks)
    known = classify_weeks(aligned.codes, aligned.names, aligned.wages, outcomes, catalogue)
    states = {name: np.where(aligned.ended, UNKNOWN, state).astype(np.int8) for name, state in known.items()}
    persons = sample["person"].to_numpy()
    return {
        "weekly.parquet": _tabulate_weeks(persons, relative, aligned, states),
        "shares.parquet": _tabulate_shares(persons, relative, states, outcomes, study),
        "durations.parquet": _tabulate_durations(persons, relative, states, outcomes, study),
        "background.parquet": _assemble_background(sample, baseline, relative, states, study),
    }


@dataclass(frozen=True)
class Aligned:
    """Register cells by week since allocation, each (persons, weeks), -1 where nothing is known.

    codes: numbers into `names`; wages: 1 or 0; lines: by what they are lines of, the code or, where the register is
    several files, its wage, those of the register. ended: whether the week comes after
    the first of a terminal code, so that it is unknown whatever is written there.
    """

    names: list[str]
    codes: np.ndarray
    wages: np.ndarray
    lines: dict[str, np.ndarray]
    ended: np.ndarray


def align_weeks(
    sample: pd.DataFrame, register_weeks: pd.DataFrame, relative: np.ndarray, terminal: Collection[str] = ()
) -> Aligned:
    """The register weeks of the persons of the sample, around the week of their allocation.

    `register_weeks` has the same weeks for each person, in order. `terminal` are the codes after which nothing is
    known, also where they lie before the weeks around the allocation.
    """
    first, last = int(register_weeks["week"].min()), int(register_weeks["week"].max())
    rows = pd.Index(register_weeks["person"].unique()).get_indexer(pd.Index(sample["person"]))
    column = sample["allocation_week"].to_numpy()[:, None] + relative - first
    inside = (column >= 0) & (column <= last - first) & (rows >= 0)[:, None]
    position = np.clip(column, 0, last - first)

    def align(values: np.ndarray) -> np.ndarray:
        own = values.reshape(-1, last - first + 1)[rows]
        return np.where(inside, np.take_along_axis(own, position, axis=1), UNKNOWN).astype(values.dtype)

    code = register_weeks["code"].astype("category").cat
    wage, lines = register_weeks["wage"].astype("boolean"), [name for name in LINES if name in register_weeks]
    width = last - first + 1
    numbers = code.categories.get_indexer(pd.Index(list(terminal), dtype=object))
    is_terminal = np.isin(code.codes.to_numpy().reshape(-1, width), numbers[numbers >= 0])
    end = np.where(is_terminal.any(axis=1), is_terminal.argmax(axis=1), width)[rows]
    return Aligned(
        names=[str(name) for name in code.categories],
        codes=align(code.codes.to_numpy(dtype=np.int16)),
        wages=align(wage.to_numpy(dtype=np.int8, na_value=UNKNOWN)),
        lines={
            name: align(register_weeks[name].astype("Int64").to_numpy(dtype=np.int64, na_value=UNKNOWN))
            for name in lines
        },
        ended=(rows >= 0)[:, None] & (column > end[:, None]),
    )


def _say_uncovered(sample: pd.DataFrame, register_weeks: pd.DataFrame, before: int, horizon: int) -> None:
    """Say how many persons have weeks outside the extract: nothing stops, but outcomes of theirs are unknown."""
    zero, weeks = sample["allocation_week"], register_weeks["week"]
    for short, what in (
        ((zero - before < weeks.min()) & (before > 0), f"{before} weeks before"),
        (zero + horizon > weeks.max(), f"{horizon} weeks after"),
    ):
        if short.any():
            print(f"outcomes: the register has fewer than {what} allocation for {short.sum()} of {len(sample)} persons")


def _tabulate_weeks(
    persons: np.ndarray, relative: np.ndarray, aligned: Aligned, states: dict[str, np.ndarray]
) -> pd.DataFrame:
    codes: Any = aligned.codes.ravel()
    return pd.DataFrame(
        {
            "person": np.repeat(persons, len(relative)),
            "week": np.tile(relative, len(persons)),
            "code": pd.Categorical.from_codes(codes, pd.Index(aligned.names)),
            **{name: _with_unknown(numbers, "Int64") for name, numbers in aligned.lines.items()},
            **{name: _with_unknown(state, "Int8") for name, state in states.items()},
        }
    )


def _with_unknown(values: np.ndarray, dtype: Literal["Int8", "Int64"]) -> pd.api.extensions.ExtensionArray:
    flat: Any = pd.array(np.where(values == UNKNOWN, 0, values).ravel(), dtype=dtype)
    flat[(values == UNKNOWN).ravel()] = pd.NA
    return flat


def _tabulate_shares(
    persons: np.ndarray,
    relative: np.ndarray,
    states: dict[str, np.ndarray],
    outcomes: OutcomeDefinitions,
    study: Study,
) -> pd.DataFrame:
    follow_up = (relative >= 1) & (relative <= study.time.horizon_weeks)
    weeks = relative[follow_up]
    shares = [
        cumulative_shares(states[state][:, follow_up], study.outcomes.unknown_weeks).ravel()
        for state in outcomes.shares
    ]
    count = len(persons) * len(weeks)
    return pd.DataFrame(
        {
            "person": np.tile(np.repeat(persons, len(weeks)), len(shares)),
            "outcome": np.repeat(np.array(outcomes.shares, dtype=object), count),
            "week": np.tile(np.tile(weeks, len(persons)), len(shares)),
            "share": np.concatenate([np.zeros(0), *shares]),
        }
    )


def _tabulate_durations(
    persons: np.ndarray,
    relative: np.ndarray,
    states: dict[str, np.ndarray],
    outcomes: OutcomeDefinitions,
    study: Study,
) -> pd.DataFrame:
    horizon, after = study.time.horizon_weeks, relative >= 1
    seen = [weeks_until_exit(_told(states[e.state][:, after], e), horizon, e.run_weeks, e.to)
            for e in outcomes.exits.values()]  # fmt: skip
    return pd.DataFrame(
        {
            "person": np.tile(persons, len(seen)),
            "outcome": np.repeat(np.array(list(outcomes.exits), dtype=object), len(persons)),
            "weeks": np.concatenate([np.zeros(0, dtype=np.int64), *(weeks for weeks, _ in seen)]),
            "exited": np.concatenate([np.zeros(0, dtype=bool), *(exited for _, exited in seen)]),
        }
    )


def _told(states: np.ndarray, exit_: Exit) -> np.ndarray:
    """The weekly states as an exit takes them: one for which nothing is unknown has such a week out of the state."""
    return np.maximum(states, 0) if exit_.unknown_weeks == "counted" else states


def _assemble_background(
    sample: pd.DataFrame,
    baseline: pd.DataFrame | None,
    relative: np.ndarray,
    states: dict[str, np.ndarray],
    study: Study,
) -> pd.DataFrame:
    """The risk factors of table 2.2: the draw, the scores, and the register history in windows and as a whole."""
    background = sample[["person"]].copy()
    if "allocation_date" in sample:
        background["allocation_day"] = ((sample["allocation_date"] - EPOCH).dt.days).astype("float64")
    if "wait_days" in sample:
        background["wait_days"] = sample["wait_days"].astype("float64")
    history = {
        name: _share(states[state][:, (relative >= first) & (relative <= last)], study)
        for name, (state, first, last) in study.windows.items()
    }
    background = background.assign(**history)
    if baseline is None:
        return background
    return background.merge(baseline, on="person", how="left", validate="one_to_one")


def _share(states: np.ndarray, study: Study) -> np.ndarray:
    return cumulative_shares(states, study.outcomes.unknown_weeks)[:, -1]
