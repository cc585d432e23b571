"""Weeks on sickness benefit etc. before allocation, counted in the twin's register: a covariate of the follow-up."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipeline.twin.frame import Frame
from pipeline.twin.histories import Histories
from pipeline.twin.stored import read_rows
from pipeline.twin.weeks import week_of

PRE_WEEKS = 104
CONFIG = Path(__file__).resolve().parents[2] / "config"


def sickness_benefit_weeks(frame: Frame, histories: Histories) -> npt.NDArray[np.int64]:
    """Number (657,) of the PRE_WEEKS weeks before that of allocation with sickness benefit etc. (report section 3)."""
    with (CONFIG / "outcomes.toml").open("rb") as file:
        groups = tomllib.load(file)["states"]["sickness_benefit"]["groups"]
    codes = {int(row["code"]) for row in read_rows(CONFIG / "benefit_codes.csv") if row["group"] in groups}
    on_benefit = np.isin(histories.codes, sorted(codes))
    first = week_of(frame.allocation_date) - PRE_WEEKS
    weeks = first[:, None] + np.arange(PRE_WEEKS)[None, :]
    return np.take_along_axis(on_benefit, weeks, axis=1).sum(axis=1)
