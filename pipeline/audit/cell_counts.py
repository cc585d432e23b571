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
from pipeline.audit.placed import REGISTER, Placed
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
    _register_places: dict[str, IntArray] = field(default_factory=dict)

    def count(self, parts: Sequence[Placed]) -> str:
        """Count the cells of the parts of a number; the identity of the table, '' where there is no cell.

        A count of fewer than five persons is missing; if it is the only one, so is the next smallest, for the others
        and the number of all cells would give it.
        """
        if not any(len(part.rows) for part in parts):
            return ""
        persons = np.concatenate([self._number(part) for part in parts])
        places = self._arms[persons] * self._width + np.concatenate([self._places(part) for part in parts])
        numbers = np.bincount(places, minlength=len(ARMS) * self._width)
        is_told = np.zeros((len(numbers), len(self._persons)), dtype=bool)
        is_told[places, persons] = True
        found = np.flatnonzero(numbers)
        few = is_told[found].sum(axis=1) < FEWEST
        numbers = numbers[found]
        if few.sum() == 1 and len(found) > 1:
            few[np.argmin(np.where(few, numbers.max() + 1, numbers))] = True
        identity = hashlib.sha256(np.stack([found, np.where(few, 0, numbers)]).tobytes()).hexdigest()[:12]
        if identity not in self.tables:
            self.tables[identity] = self._table(found, pd.Series(numbers, dtype="Int64").mask(few))
        return identity

    def _number(self, part: Placed) -> IntArray:
        """The number of the person of each cell, among all who were randomised."""
        return np.searchsorted(self._persons, part.persons)[part.owner]

    def _places(self, part: Placed) -> IntArray:
        """The number of the group and window of each cell."""
        windows = len(self._windows)
        if part.role != REGISTER:
            return np.full(len(part.rows), self._names.index(part.role) * (windows + 1) + windows)
        if part.variable not in self._register_places:
            self._register_places[part.variable] = self._groups(part.variable) * (windows + 1) + self._weeks
        return self._register_places[part.variable][part.rows]

    def _groups(self, state: str) -> IntArray:
        """The group of every cell of the register; one in no line that says nothing of the state is not observed."""
        cells, numbers = self.build.tables.register_cells, {name: place for place, name in enumerate(self._names)}
        codes = {"": numbers[NO_CODE], **{code: numbers[group] for code, group in self._catalogue.items()}}
        unseen = cells["line"].isna().to_numpy() & np.isnan(self.build.tables.states[state])
        groups = cells["content"].map(codes).to_numpy(dtype=float, na_value=np.nan)
        return np.where(unseen, numbers[NOT_OBSERVED], groups).astype(np.int64)

    @cached_property
    def _weeks(self) -> IntArray:
        """The window of every cell of the register."""
        starts = np.array([first for first, _ in self._windows])
        return np.searchsorted(starts, self.build.tables.register_cells["week"].to_numpy(), side="right") - 1

    @property
    def _width(self) -> int:
        return len(self._names) * (len(self._windows) + 1)

    def _table(self, places: IntArray, numbers: pd.Series) -> pd.DataFrame:
        rest, window = np.divmod(places, len(self._windows) + 1)
        arm, group = np.divmod(rest, len(self._names))
        windows = [*self._windows, (None, None)]
        first, last = (pd.array([windows[place][end] for place in window], dtype="Int16") for end in (0, 1))
        names = {"arm": [ARMS[place] for place in arm], "group": [self._names[place] for place in group]}
        return pd.DataFrame({**names, "first_week": first, "last_week": last, "n": numbers})

    @cached_property
    def _windows(self) -> list[tuple[int, int]]:
        """First and last week: those of the history, the week of the draw, and as long ones after it."""
        history, weekly = self.build.study.history, self.build.tables.weekly["week"]
        width, end = history.window_weeks if history else QUARTER, int(weekly.max())
        ends = reversed(range(1, history.weeks + 1, width)) if history else ()
        before = [(-min(nearest + width - 1, history.weeks), -nearest) for nearest in ends] if history else []
        return [*before, (0, 0), *((first, min(first + width - 1, end)) for first in range(1, end + 1, width))]

    @cached_property
    def _persons(self) -> IntArray:
        return np.sort(self.build.tables.trial["person"].to_numpy(dtype=np.int64))

    @cached_property
    def _arms(self) -> IntArray:
        return self.build.tables.trial.set_index("person")["treated"].sort_index().to_numpy(dtype=np.int64)

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
