"""From register weeks to outcomes and to the background before allocation (report section 3 and table 2.2)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipeline.config import OutcomeDefinitions, Study
from pipeline.register.history import PRE_WEEKS, WINDOWS
from pipeline.register.spells import cumulative_shares, weeks_until_out, weeks_until_run
from pipeline.register.states import UNKNOWN, classify_weeks

SHARE_OUTCOMES = ("employment", "sickness_benefit")
EXIT_STATES = {"employment_exit": "employment", "sickness_benefit_exit": "sickness_benefit_exit"}
EPOCH = pd.Timestamp("1970-01-01")


def run(
    sample: pd.DataFrame,
    baseline: pd.DataFrame,
    register_weeks: pd.DataFrame,
    benefit_codes: pd.DataFrame,
    outcomes: OutcomeDefinitions,
    study: Study,
) -> dict[str, pd.DataFrame]:
    """Weekly states, shares of weeks, weeks until exit, and the risk factors of every analysed person.

    Weeks are counted from the week of allocation (0). The register is read to some weeks past the horizon, which a run
    that begins at the horizon needs. Weeks outside the extract are unknown.
    """
    last = study.time.horizon_weeks + study.outcomes.employment_run_weeks - 1
    relative = np.arange(-PRE_WEEKS, last + 1)
    codes, wages = align_weeks(sample, register_weeks, relative)
    states = classify_weeks(codes, wages, outcomes, benefit_codes)
    persons = sample["person"].to_numpy()
    return {
        "weekly.parquet": _tabulate_weeks(persons, relative, codes, states),
        "shares.parquet": _tabulate_shares(persons, relative, states, study),
        "durations.parquet": _tabulate_durations(persons, relative, states, study),
        "background.parquet": _assemble_background(sample, baseline, relative, states, study),
    }


def align_weeks(
    sample: pd.DataFrame, register_weeks: pd.DataFrame, relative: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Codes and wages by week since allocation, shape (persons, weeks); -1 where the extract has no week or month."""
    first, last = int(register_weeks["week"].min()), int(register_weeks["week"].max())
    rows = pd.Index(register_weeks["person"].unique()).get_indexer(pd.Index(sample["person"]))
    shape = (-1, last - first + 1)
    all_codes = register_weeks["code"].to_numpy().reshape(shape)[rows]
    all_wages = register_weeks["wage"].fillna(False).to_numpy(dtype=np.int8).reshape(shape)[rows]
    all_wages[register_weeks["wage"].isna().to_numpy().reshape(shape)[rows]] = UNKNOWN
    column = sample["allocation_week"].to_numpy()[:, None] + relative - first
    inside = (column >= 0) & (column <= last - first)
    position = np.clip(column, 0, last - first)
    codes = np.where(inside, np.take_along_axis(all_codes, position, axis=1), UNKNOWN).astype(np.int16)
    wages = np.where(inside, np.take_along_axis(all_wages, position, axis=1), UNKNOWN).astype(np.int8)
    return codes, wages


def _tabulate_weeks(
    persons: np.ndarray, relative: np.ndarray, codes: np.ndarray, states: dict[str, np.ndarray]
) -> pd.DataFrame:
    flat = {
        name: pd.array(np.where(state == UNKNOWN, 0, state).ravel(), dtype="Int8") for name, state in states.items()
    }
    for name, state in states.items():
        flat[name][state.ravel() == UNKNOWN] = pd.NA
    return pd.DataFrame(
        {
            "person": np.repeat(persons, len(relative)),
            "week": np.tile(relative, len(persons)),
            "code": np.where(codes == UNKNOWN, 0, codes).ravel(),
            **flat,
        }
    )


def _tabulate_shares(
    persons: np.ndarray, relative: np.ndarray, states: dict[str, np.ndarray], study: Study
) -> pd.DataFrame:
    follow_up = (relative >= 1) & (relative <= study.time.horizon_weeks)
    weeks = relative[follow_up]
    parts = [
        pd.DataFrame(
            {
                "person": np.repeat(persons, len(weeks)),
                "outcome": outcome,
                "week": np.tile(weeks, len(persons)),
                "share": cumulative_shares(states[outcome][:, follow_up], study.outcomes.unknown_weeks).ravel(),
            }
        )
        for outcome in SHARE_OUTCOMES
    ]
    return pd.concat(parts, ignore_index=True)


def _tabulate_durations(
    persons: np.ndarray, relative: np.ndarray, states: dict[str, np.ndarray], study: Study
) -> pd.DataFrame:
    horizon, after = study.time.horizon_weeks, relative >= 1
    follow_up = {outcome: states[state][:, after] for outcome, state in EXIT_STATES.items()}
    run_weeks = study.outcomes.employment_run_weeks
    exits = {
        "employment_exit": weeks_until_run(follow_up["employment_exit"], horizon, run_weeks),
        "sickness_benefit_exit": weeks_until_out(follow_up["sickness_benefit_exit"], horizon),
    }
    parts = [
        pd.DataFrame({"person": persons, "outcome": outcome, "weeks": weeks, "exited": exited})
        for outcome, (weeks, exited) in exits.items()
    ]
    return pd.concat(parts, ignore_index=True)


def _assemble_background(
    sample: pd.DataFrame, baseline: pd.DataFrame, relative: np.ndarray, states: dict[str, np.ndarray], study: Study
) -> pd.DataFrame:
    """The risk factors of table 2.2: the draw, the scores, and the register history in windows and as a whole."""
    days = ((sample["allocation_date"] - EPOCH).dt.days).astype("float64")
    history = {
        name: _share(states[state][:, (relative >= first) & (relative <= last)], study)
        for name, (state, first, last) in WINDOWS.items()
    }
    background = sample[["person"]].assign(
        allocation_day=days, wait_days=sample["wait_days"].astype("float64"), **history
    )
    return background.merge(baseline, on="person", how="left", validate="one_to_one")


def _share(states: np.ndarray, study: Study) -> np.ndarray:
    return cumulative_shares(states, study.outcomes.unknown_weeks)[:, -1]
