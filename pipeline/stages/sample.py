"""Who is analysed, and why each of the others is not (report section 2.6, figure 2.2)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipeline.config import Exclusions, Study
from pipeline.errors import InputError
from pipeline.names import slug
from pipeline.register.calendar import week_of_date

ANALYSED = "analysed"
REASONS = ("closed_municipality", "no_baseline", "withdrawn", "no_control_group", "no_register_match")


def run(trial: pd.DataFrame, register_columns: pd.DataFrame, study: Study) -> dict[str, pd.DataFrame]:
    """Apply the exclusions in the order of the report and describe the persons who remain.

    exclusions.parquet has one row for every randomised person with the first reason that holds, or `analysed`.
    sample.parquet has the analysed persons with week 0 (the register week of the draw) and the waiting time in days:
    the last draw of the person's team less the own one (report section 3.3). Raises InputError for a draw outside the
    weeks of the extract and for a team with one arm that is not declared in config/study.toml.
    """
    exclusions = trial[["person", "municipality_name", "team_name", "treated"]].assign(
        reason=find_reasons(trial, study.sample)
    )
    sample = trial[exclusions["reason"] == ANALYSED].sort_values("person", ignore_index=True)
    if sample.empty:
        raise InputError("allocation.csv: no person is left to analyse. See the exclusions in config/study.toml.")
    _require_two_arms(sample)
    weeks = np.array([week_of_date(day.date()) for day in sample["allocation_date"]])
    _require_weeks(weeks, register_columns["week"], study)
    last_draw = sample.groupby("team_name")["allocation_date"].transform("max")
    sample = sample[["person", "municipality_name", "team_name", "treated", "allocation_date"]].assign(
        municipality=sample["municipality_name"].map(slug),
        team=sample["team_name"].map(slug),
        allocation_week=weeks,
        wait_days=(last_draw - sample["allocation_date"]).dt.days,
    )
    return {"sample.parquet": sample, "exclusions.parquet": exclusions.sort_values("person", ignore_index=True)}


def find_reasons(trial: pd.DataFrame, exclusions: Exclusions) -> pd.Series:
    """The first reason, in the order of the report, for which each randomised person is not analysed."""
    rules = (
        trial["municipality_name"].isin(exclusions.closed_municipalities),
        trial["baseline_line"].isna(),
        trial["consent"] == 0,
        trial["team_name"].isin(exclusions.teams_without_control),
        trial["register_line"].isna(),
    )
    reasons = np.select([rule.to_numpy(dtype=bool) for rule in rules], REASONS, default=ANALYSED)
    return pd.Series(reasons, index=trial.index, dtype=object)


def _require_two_arms(sample: pd.DataFrame) -> None:
    arms = sample.groupby("team_name")["treated"].agg(["nunique", "size"])
    alone = arms[arms["nunique"] < 2]
    if len(alone):
        shown = ", ".join(f"{name} ({row['size']} persons)" for name, row in alone.head(5).iterrows())
        raise InputError(
            f"allocation.csv, columns HOLD and GRUPPE: {len(alone)} team(s) with one arm only after the exclusions: "
            f"{shown}. A team without a comparison says nothing about the effect: correct GRUPPE, or declare it under "
            "[sample] teams_without_control in config/study.toml."
        )


def _require_weeks(weeks: np.ndarray, available: pd.Series, study: Study) -> None:
    first, last = int(available.min()), int(available.max())
    early, late = int((weeks - study.time.pre_weeks < first).sum()), int((weeks + 1 > last).sum())
    if early or late:
        raise InputError(
            f"allocation.csv, column ALLOKERINGSDATO: {early + late} allocations lie outside the weeks of the extract: "
            f"{early} have fewer than {study.time.pre_weeks} weeks before them, {late} none after. Mend the dates, or "
            "get an extract that covers them."
        )
