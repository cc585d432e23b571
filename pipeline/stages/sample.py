"""Who is analysed, and why each of the others is not (report section 2.6, figure 2.2)."""

from __future__ import annotations

import pandas as pd

from pipeline.names import slug
from pipeline.people.exclusions import ANALYSED, exclude, require_weeks, weeks_of_draws
from pipeline.settings.extract import Extract
from pipeline.settings.study import Study

FOLLOWUP = "followup_survey"


def run(trial: pd.DataFrame, register_columns: pd.DataFrame, study: Study, extract: Extract) -> dict[str, pd.DataFrame]:
    """Apply the exclusions in the order of the study and describe the persons who remain.

    exclusions.parquet has one row for every randomised person with the first reason that holds, or `analysed`.
    sample.parquet has the analysed persons with week 0 (the register week of the draw, 0 where the register counts from
    allocation), the waiting time in days, the last draw of the person's cluster less the own one (report section 3.3),
    and whether the person answered the follow-up survey, missing where none was received. groups.parquet has the
    address and the name of every stratum and cluster, those where all are left out among them. Raises InputError as
    `exclude` does, and if no draw lies within the weeks of the register.
    """
    names = [f"{grouping.name}_name" for grouping in study.design.groupings]
    exclusions = trial[["person", *names, "treated"]].assign(reason=exclude(trial, study, extract))
    sample = trial[exclusions["reason"] == ANALYSED].sort_values("person", ignore_index=True)
    columns = {grouping.name: sample[f"{grouping.name}_name"].map(slug) for grouping in study.design.groupings}
    told = [name for name in ("attended",) if name in sample]
    described = sample[["person", *names, "treated", *told]].assign(**columns, allocation_week=0)
    answered = sample["followup_line"].notna().astype("float64")
    described["answered_followup"] = answered if FOLLOWUP in extract.files else float("nan")
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
    weeks = weeks_of_draws(dates)
    require_weeks(weeks, available)
    described = described.assign(allocation_date=dates, allocation_week=weeks)
    if study.design.cluster is None:
        return described
    last_draw = described.groupby(study.design.cluster.name)["allocation_date"].transform("max")
    return described.assign(wait_days=(last_draw - described["allocation_date"]).dt.days)
