"""Who is analysed, and why each of the others is not (report section 2.6, figure 2.2)."""

from __future__ import annotations

import difflib

import numpy as np
import pandas as pd

from pipeline.config import Exclusions, Study
from pipeline.errors import InputError
from pipeline.names import slug
from pipeline.register.calendar import week_of_date
from pipeline.register.history import PRE_WEEKS

ANALYSED = "analysed"
REASONS = ("closed_municipality", "no_baseline", "withdrawn", "no_control_group", "no_register_match")


def run(trial: pd.DataFrame, register_columns: pd.DataFrame, study: Study) -> dict[str, pd.DataFrame]:
    """Apply the exclusions in the order of the report and describe the persons who remain.

    exclusions.parquet has one row for every randomised person with the first reason that holds, or `analysed`.
    sample.parquet has the analysed persons with week 0 (the register week of the draw) and the waiting time in days:
    the last draw of the person's team less the own one (report section 3.3). Raises InputError for an exclusion that
    names nothing in the allocation file, a draw outside the weeks of the extract, an extract that nobody's horizon lies
    in, and a team with one arm that is not declared in config/study.toml.
    """
    _require_known_names(trial, study.sample)
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


def _require_known_names(trial: pd.DataFrame, exclusions: Exclusions) -> None:
    """Raise InputError for an excluded municipality or team that nobody has: misspelt, it would exclude nobody."""
    named = (
        ("closed_municipalities", "KOMMUNE", "municipality_name", exclusions.closed_municipalities),
        ("teams_without_control", "HOLD", "team_name", exclusions.teams_without_control),
    )
    for key, column, name, values in named:
        known = sorted(set(trial[name]))
        unknown = [value for value in values if value not in known]
        if unknown:
            near = difflib.get_close_matches(unknown[0], known, n=3)
            hint = f"Near '{unknown[0]}': {', '.join(near)}" if near else "None comes near it"
            raise InputError(
                f"config/study.toml, [sample] {key}: {', '.join(unknown)} ({len(unknown)} names) is not in column "
                f"{column} of the allocation file. {hint}. Mend the name, or take it out."
            )


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
    early, late = int((weeks - PRE_WEEKS < first).sum()), int((weeks + 1 > last).sum())
    if early or late:
        raise InputError(
            f"allocation.csv, column ALLOKERINGSDATO: {early + late} allocations lie outside the weeks of the extract: "
            f"{early} have fewer than {PRE_WEEKS} weeks before them, {late} none after. Mend the dates, or get an "
            "extract that covers them."
        )
    horizon, longest = study.time.horizon_weeks, last - weeks
    if (longest < horizon).all():
        raise InputError(
            f"config/study.toml, horizon_weeks = {horizon}: the extract ends before that week of each of the "
            f"{len(weeks)} analysed persons. It has {longest.min()} weeks after the draw of everybody. Set "
            "horizon_weeks to that or less, or get a later extract."
        )
