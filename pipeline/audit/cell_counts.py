"""How many cells of a number there are by arm, by group of benefit codes and by window of weeks: aggregates only."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.audit.build import Build
from pipeline.register.states import read_catalogue
from pipeline.runner.inputs import load_input

COLUMNS = ["arm", "group", "first_week", "last_week", "n"]
ARMS = ("control", "treated")
FEWEST = 5  # persons behind a count that is told
QUARTER = 13  # weeks of a window where the study names none
NO_CODE, NOT_OBSERVED = "no code", "not observed"
IntArray = npt.NDArray[np.int64]


@dataclass
class Counter:
    """The tables of counts of one build, by their identity: numbers on the same cells share one."""

    build: Build
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)

    def count(self, parts: Sequence[pd.DataFrame]) -> str:
        """Count the cells of the parts of a number; the identity of the table, '' where there is no cell.

        A count of fewer than five persons is missing; if it is the only one, so is the next smallest, for the others
        and the number of all cells would give it.
        """
        if not any(map(len, parts)):
            return ""
        places, persons = (np.concatenate(arrays) for arrays in zip(*map(self._places, parts), strict=True))
        numbers = np.bincount(places)
        found = np.flatnonzero(numbers)
        told = np.unique(places * len(self._arms) + persons) // len(self._arms)
        few = np.bincount(told, minlength=len(numbers))[found] < FEWEST
        numbers = numbers[found]
        if few.sum() == 1 and len(found) > 1:
            few[np.argmin(np.where(few, numbers.max() + 1, numbers))] = True
        identity = hashlib.sha256(np.stack([found, np.where(few, 0, numbers)]).tobytes()).hexdigest()[:12]
        if identity not in self.tables:
            self.tables[identity] = self._table(found, pd.Series(numbers, dtype="Int64").mask(few))
        return identity

    def _places(self, cells: pd.DataFrame) -> tuple[IntArray, IntArray]:
        """The number of the arm, group and window of each cell, and the place of its person."""
        persons = self._arms.index.get_indexer(pd.Index(cells["person"]))
        weeks = cells["week"].to_numpy(dtype=float, na_value=np.nan)
        is_week = np.isfinite(weeks)
        groups = cells["content"].map(self._groups).to_numpy(dtype=float, na_value=np.nan)
        unseen = (cells["line"].isna() & cells["state"].isna()).to_numpy(dtype=bool)
        groups = np.where(unseen, self._names.index(NOT_OBSERVED), groups)
        roles = cells["file"].map(self._roles).to_numpy(dtype=float, na_value=np.nan)
        group = np.where(is_week, groups, roles).astype(np.int64)
        window = np.where(is_week, self._window_of(np.where(is_week, weeks, 0)), len(self._windows))
        arm = self._arms.to_numpy(dtype=np.int64)[persons]
        return (arm * len(self._names) + group) * (len(self._windows) + 1) + window.astype(np.int64), persons

    def _table(self, places: IntArray, numbers: pd.Series) -> pd.DataFrame:
        rest, window = np.divmod(places, len(self._windows) + 1)
        arm, group = np.divmod(rest, len(self._names))
        windows = [*self._windows, (None, None)]
        first, last = (pd.array([windows[place][end] for place in window], dtype="Int16") for end in (0, 1))
        names = {"arm": [ARMS[place] for place in arm], "group": [self._names[place] for place in group]}
        return pd.DataFrame({**names, "first_week": first, "last_week": last, "n": numbers})

    def _window_of(self, weeks: npt.NDArray[np.float64]) -> IntArray:
        starts = np.array([first for first, _ in self._windows])
        return np.searchsorted(starts, weeks, side="right") - 1

    @cached_property
    def _windows(self) -> list[tuple[int, int]]:
        """First and last week: those of the history, the week of the draw, and as long ones after it."""
        history, weekly = self.build.study.history, self.build.tables.weekly["week"]
        width, end = history.window_weeks if history else QUARTER, int(weekly.max())
        ends = reversed(range(1, history.weeks + 1, width)) if history else ()
        before = [(-min(nearest + width - 1, history.weeks), -nearest) for nearest in ends] if history else []
        return [*before, (0, 0), *((first, min(first + width - 1, end)) for first in range(1, end + 1, width))]

    @cached_property
    def _arms(self) -> pd.Series:
        return self.build.tables.trial.set_index("person")["treated"].sort_index()

    @cached_property
    def _names(self) -> list[str]:
        roles = [role for role in self.build.tables.files if not role.startswith("register")]
        groups = dict.fromkeys(self._catalogue.values())
        return list(dict.fromkeys([NO_CODE, NOT_OBSERVED, *groups, *roles]))

    @cached_property
    def _catalogue(self) -> dict[str, str]:
        path = self.build.config / "benefit_codes.csv"
        codes = self.build.tables.weekly["code"].dropna().unique()
        return dict(read_catalogue(load_input(path) if path.exists() else None, codes).groups)

    @cached_property
    def _groups(self) -> dict[str, int]:
        return {"": 0, **{code: self._names.index(group) for code, group in self._catalogue.items()}}

    @cached_property
    def _roles(self) -> dict[str, int]:
        return {path: self._names.index(role) for role, path in self.build.tables.files.items() if role in self._names}
