"""Whom the study leaves out and why (report section 2.6, figure 2.2), and whether anybody is left to analyse."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import numpy as np

from pipeline.errors import Faults, InputError
from pipeline.names import slug
from pipeline.register.calendar import week_of_date
from pipeline.settings.extract import Extract
from pipeline.settings.study import Exclusion, Study

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

ANALYSED = "analysed"
LINES = {"register": "register_line", "baseline_survey": "baseline_line"}


def exclude(trial: pd.DataFrame, study: Study, extract: Extract) -> pd.Series:
    """By randomised person the first reason, in the order of the study, for leaving them out, or ANALYSED.

    Names are compared by their addresses, which the allocation file has one of for each. Raises InputError for an
    exclusion that names nothing in it, and if nobody is left, or nobody of one of two arms.
    """
    _require_known_names(trial, study, extract)
    reasons = find_reasons(trial, study, extract)
    _require_persons(trial, reasons, study)
    return reasons


def find_reasons(trial: pd.DataFrame, study: Study, extract: Extract) -> pd.Series:
    """The first reason, in the order of the study, for which each randomised person is not analysed."""
    import pandas as pd

    rules = [_holds(trial, exclusion, extract).to_numpy(dtype=bool) for exclusion in study.exclusions]
    reasons = np.select(rules, study.reasons, default=ANALYSED) if rules else np.full(len(trial), ANALYSED)
    return pd.Series(reasons, index=trial.index, dtype=object)


def _holds(trial: pd.DataFrame, exclusion: Exclusion, extract: Extract) -> pd.Series:
    if exclusion.listed:
        names = extract.excluded.get(exclusion.reason, [])
        return trial[f"{exclusion.listed}_name"].map(slug).isin([slug(name) for name in names])
    if exclusion.absent:
        return trial[LINES[exclusion.absent]].isna()
    return trial["consent"] == 0


def _require_known_names(trial: pd.DataFrame, study: Study, extract: Extract) -> None:
    """Raise InputError for an excluded stratum or cluster that nobody has: misspelt, it would exclude nobody."""
    listed, faults = {each.reason: each.listed for each in study.exclusions if each.listed}, Faults()
    odd = sorted(set(extract.excluded) - set(listed))
    with faults.part():
        if odd:
            raise InputError(
                f"extract.toml, [excluded]: {', '.join(odd)} is no exclusion by name of study.toml. Those are: "
                f"{', '.join(listed) or 'none'}."
            )
    for reason, names in extract.excluded.items():
        if reason in listed:
            with faults.part():
                _require_names(trial, study, reason, listed[reason], names)
    faults.stop()


def _require_names(trial: pd.DataFrame, study: Study, reason: str, grouping: str, names: list[str]) -> None:
    known = sorted(set(trial[f"{grouping}_name"]))
    addresses = set(map(slug, known))
    unknown = [name for name in names if slug(name) not in addresses]
    if unknown:
        near = difflib.get_close_matches(unknown[0], known, n=3)
        hint = f"Near '{unknown[0]}': {', '.join(near)}" if near else "None comes near it"
        column = next(each.column for each in study.design.groupings if each.name == grouping)
        raise InputError(
            f"extract.toml, [excluded] {reason}: {', '.join(unknown)} ({len(unknown)} names) is not in column "
            f"{column} of the allocation file. {hint}. Mend the name, or take it out."
        )


def _require_persons(trial: pd.DataFrame, reasons: pd.Series, study: Study) -> None:
    """Raise InputError if nobody is left to analyse, or nobody of one arm though persons were drawn into both."""
    left = trial.loc[reasons == ANALYSED, "treated"]
    counts = ", ".join(f"{count} {reason}" for reason, count in reasons.value_counts().items())
    remedy = "See the exclusions in study.toml, and [excluded] in extract.toml."
    if left.empty:
        raise InputError(f"allocation file: no person is left to analyse ({counts}). {remedy}")
    if left.nunique() == 1 and trial["treated"].nunique() > 1:
        design = study.design
        absent = (design.control if left.iloc[0] else design.treated).value
        raise InputError(
            f"allocation file, column {design.arm}: nobody of the arm '{absent}' is left to analyse ({counts}). "
            f"{remedy}"
        )


def weeks_of_draws(dates: pd.Series) -> NDArray[np.int64]:
    """The register week (n,) of each date."""
    return np.array([week_of_date(day.date()) for day in dates], dtype=np.int64)


def require_weeks(weeks: NDArray[np.int64], available: pd.Series) -> None:
    """Raise InputError if no draw lies within the weeks of the register."""
    first, last = int(available.min()), int(available.max())
    if not ((weeks >= first) & (weeks <= last)).any():
        raise InputError(
            f"allocation file, the dates of allocation: all {len(weeks)} lie outside the weeks of the register: "
            f"{int((weeks < first).sum())} before its first, {int((weeks > last).sum())} after its last. Mend the "
            "dates, or get an extract that covers them."
        )
