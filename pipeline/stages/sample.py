"""Who is analysed, and why each of the others is not (report section 2.6, figure 2.2)."""

from __future__ import annotations

import difflib

import numpy as np
import pandas as pd

from pipeline.errors import InputError
from pipeline.names import slug
from pipeline.register.calendar import week_of_date
from pipeline.settings.extract import Extract
from pipeline.settings.study import Exclusion, Study

ANALYSED = "analysed"


def run(trial: pd.DataFrame, register_columns: pd.DataFrame, study: Study, extract: Extract) -> dict[str, pd.DataFrame]:
    """Apply the exclusions in the order of the study and describe the persons who remain.

    exclusions.parquet has one row for every randomised person with the first reason that holds, or `analysed`.
    sample.parquet has the analysed persons with week 0 (the register week of the draw, 0 where the register counts from
    allocation) and the waiting time in days: the last draw of the person's cluster less the own one (report section
    3.3). groups.parquet has the address and the name of every stratum and cluster, those where all are left out among
    them. Names are compared by their addresses, which the allocation file has one of for each. Raises InputError for an
    exclusion that names nothing in it, and if nobody is left or no draw lies within the weeks of the register.
    """
    _require_known_names(trial, study, extract)
    names = [f"{grouping.name}_name" for grouping in study.design.groupings]
    exclusions = trial[["person", *names, "treated"]].assign(reason=find_reasons(trial, study, extract))
    sample = trial[exclusions["reason"] == ANALYSED].sort_values("person", ignore_index=True)
    if sample.empty:
        counts = ", ".join(f"{count} {reason}" for reason, count in exclusions["reason"].value_counts().items())
        raise InputError(
            f"allocation file: no person is left to analyse ({counts}). See the exclusions in study.toml, and "
            "[excluded] in extract.toml."
        )
    columns = {grouping.name: sample[f"{grouping.name}_name"].map(slug) for grouping in study.design.groupings}
    described = sample[["person", *names, "treated"]].assign(**columns, allocation_week=0)
    if study.design.date is not None:
        described = _add_dates(described, sample["allocation_date"], register_columns["week"], study)
    return {
        "sample.parquet": described,
        "exclusions.parquet": exclusions.sort_values("person", ignore_index=True),
        "groups.parquet": name_groups(trial, study),
    }


def name_groups(trial: pd.DataFrame, study: Study) -> pd.DataFrame:
    """A row for each stratum and cluster of the randomised persons: what it is, its address, its name as written."""
    named = [(g.name, name) for g in study.design.groupings for name in sorted(set(trial[f"{g.name}_name"]))]
    found = pd.DataFrame(named, columns=["grouping", "label"], dtype=object)
    addresses = pd.Series([slug(name) for _, name in named], dtype=object)
    return found.assign(address=addresses)[["grouping", "address", "label"]]


def _add_dates(described: pd.DataFrame, dates: pd.Series, available: pd.Series, study: Study) -> pd.DataFrame:
    """The date and register week of the draw, and the wait where persons wait for a cluster to be full."""
    weeks = np.array([week_of_date(day.date()) for day in dates])
    _require_weeks(weeks, available)
    described = described.assign(allocation_date=dates, allocation_week=weeks)
    if study.design.cluster is None:
        return described
    last_draw = described.groupby(study.design.cluster.name)["allocation_date"].transform("max")
    return described.assign(wait_days=(last_draw - described["allocation_date"]).dt.days)


def find_reasons(trial: pd.DataFrame, study: Study, extract: Extract) -> pd.Series:
    """The first reason, in the order of the study, for which each randomised person is not analysed."""
    rules = [_holds(trial, exclusion, extract).to_numpy(dtype=bool) for exclusion in study.exclusions]
    reasons = np.select(rules, study.reasons, default=ANALYSED) if rules else np.full(len(trial), ANALYSED)
    return pd.Series(reasons, index=trial.index, dtype=object)


def _holds(trial: pd.DataFrame, exclusion: Exclusion, extract: Extract) -> pd.Series:
    if exclusion.listed:
        names = extract.excluded.get(exclusion.reason, [])
        return trial[f"{exclusion.listed}_name"].map(slug).isin([slug(name) for name in names])
    if exclusion.absent:
        return trial[{"register": "register_line", "baseline_survey": "baseline_line"}[exclusion.absent]].isna()
    return trial["consent"] == 0


def _require_known_names(trial: pd.DataFrame, study: Study, extract: Extract) -> None:
    """Raise InputError for an excluded stratum or cluster that nobody has: misspelt, it would exclude nobody."""
    listed = {exclusion.reason: exclusion.listed for exclusion in study.exclusions if exclusion.listed}
    odd = sorted(set(extract.excluded) - set(listed))
    if odd:
        raise InputError(
            f"extract.toml, [excluded]: {', '.join(odd)} is no exclusion by name of study.toml. Those are: "
            f"{', '.join(listed) or 'none'}."
        )
    for reason, names in extract.excluded.items():
        known = sorted(set(trial[f"{listed[reason]}_name"]))
        addresses = set(map(slug, known))
        unknown = [name for name in names if slug(name) not in addresses]
        if unknown:
            near = difflib.get_close_matches(unknown[0], known, n=3)
            hint = f"Near '{unknown[0]}': {', '.join(near)}" if near else "None comes near it"
            column = next(g.column for g in study.design.groupings if g.name == listed[reason])
            raise InputError(
                f"extract.toml, [excluded] {reason}: {', '.join(unknown)} ({len(unknown)} names) is not in column "
                f"{column} of the allocation file. {hint}. Mend the name, or take it out."
            )


def _require_weeks(weeks: np.ndarray, available: pd.Series) -> None:
    first, last = int(available.min()), int(available.max())
    if not ((weeks >= first) & (weeks <= last)).any():
        raise InputError(
            f"allocation file, the dates of allocation: all {len(weeks)} lie outside the weeks of the register: "
            f"{int((weeks < first).sum())} before its first, {int((weeks > last).sum())} after its last. Mend the "
            "dates, or get an extract that covers them."
        )
