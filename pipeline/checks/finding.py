"""What the checks look at, and what one of them found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.people.exclusions import weeks_of_draws
from pipeline.register.codes import NO_CODE
from pipeline.register.places import file_and_line
from pipeline.register.states import UNKNOWN, Catalogue, read_catalogue
from pipeline.settings.extract import Extract
from pipeline.settings.outcomes import OutcomeDefinitions
from pipeline.settings.study import Study

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from pipeline.register.weeks import RegisterWeeks

FEWEST = 30  # persons, of fewer of whom no share is judged: one person would move it by more than three points
SURVEYS = ("baseline", "followup")
CERTAIN, SUSPICIOUS = "wrong", "suspicious"


@dataclass(frozen=True)
class Finding:
    """How many a rule looked at and how many failed, where the first lies, and what fills the rule's words.

    line: that of the file, None where a column or the whole file is meant. is_certain: whether it stops the build.
    """

    looked_at: int
    failing: int = 0
    is_certain: bool = False
    file: str = ""
    line: int | None = None
    column: str = ""
    words: Mapping[str, object] = field(default_factory=dict)

    @property
    def state(self) -> str:
        """passes, suspicious, or wrong."""
        return "passes" if not self.failing else CERTAIN if self.is_certain else SUSPICIOUS


@dataclass(frozen=True)
class Last:
    """The last extract as built: its name, who was randomised, and their register weeks."""

    name: str
    trial: pd.DataFrame
    weeks: pd.DataFrame


@dataclass(frozen=True)
class Delivery:
    """A delivery as read: its files as text, indexed by line, by their roles; its persons and their register weeks.

    trial: a row a randomised person, in the order of the allocation file. answers: the items of each survey.
    states: of the persons found by state of outcomes.toml 1, 0, or -1 for unknown (p, w), as `classify_weeks` gives
    them. before: the last extract, if it is named.
    """

    extract: Extract
    study: Study
    files: Mapping[str, pd.DataFrame]
    trial: pd.DataFrame
    register: RegisterWeeks
    answers: Mapping[str, pd.DataFrame]
    benefit_codes: pd.DataFrame | None = None
    scales: pd.DataFrame | None = None
    outcomes: OutcomeDefinitions | None = None
    before: Last | None = None
    states: Mapping[str, NDArray[np.int8]] = field(default_factory=dict)

    @cached_property
    def weeks(self) -> NDArray[np.int64]:
        """The numbers of the weeks (w,) of the register."""
        return self.register.columns["week"].to_numpy(dtype=np.int64)

    @cached_property
    def names(self) -> list[str]:
        """The codes that occur, the numbers of `codes` counting into them."""
        return [str(name) for name in self.register.weeks["code"].astype("category").cat.categories]

    @cached_property
    def codes(self) -> NDArray[np.int16]:
        """The code of each person found and week (p, w) as a number into `names`, -1 where nothing is known."""
        return self._laid_out(self.register.weeks["code"].astype("category").cat.codes.to_numpy(dtype=np.int16))

    @cached_property
    def wages(self) -> NDArray[np.int8]:
        """Whether each person found has a wage in a week's month (p, w): 1, 0, or -1 for not told."""
        wage: Any = self.register.weeks["wage"].astype("boolean")
        return self._laid_out(wage.to_numpy(dtype=np.int8, na_value=UNKNOWN))

    def _laid_out(self, values: NDArray[Any]) -> NDArray[Any]:
        return values.reshape(-1, len(self.weeks))

    @cached_property
    def found(self) -> pd.DataFrame:
        """The rows of `trial` of the persons who are in the register, in the order of `codes`."""
        persons = self.register.weeks["person"].to_numpy()[:: len(self.weeks)]
        return self.trial.set_index("person", drop=False).loc[persons]

    @cached_property
    def draws(self) -> NDArray[np.int64]:
        """The week of the draw of each person found, 0 where weeks are counted from it."""
        if "allocation_date" not in self.found:
            return np.zeros(len(self.found), dtype=np.int64)
        return weeks_of_draws(self.found["allocation_date"])

    @cached_property
    def catalogue(self) -> Catalogue:
        """What each code stands for."""
        return read_catalogue(self.benefit_codes, self.names)

    def has_group(self, groups: list[str]) -> NDArray[np.bool_]:
        """Which weeks of which persons (p, w) have a code of the groups."""
        chosen = set(self.catalogue.codes(groups=groups))
        return np.isin(self.codes, [number for number, name in enumerate(self.names) if name in chosen])

    @cached_property
    def has_code(self) -> NDArray[np.bool_]:
        """Which weeks of which persons (p, w) have any code."""
        blank = [number for number, name in enumerate(self.names) if name == NO_CODE]
        return (self.codes != UNKNOWN) & ~np.isin(self.codes, blank)

    @cached_property
    def numbers(self) -> dict[str, dict[str, NDArray[np.float64]]]:
        """The answers (n,) to each item of each survey, missing (NaN) where there is none."""
        found = {}
        for name, answers in self.answers.items():
            items = [column for column in answers.columns if column not in ("person", "line")]
            values = answers[items].to_numpy(dtype=float, na_value=np.nan)
            found[name] = {item: values[:, place] for place, item in enumerate(items)}
        return found

    def cell(self, person: int, week: int) -> dict[str, Any]:
        """File, line and column of a week of a person, both by their places in `codes`."""
        number = _whole(self.register.weeks["line"].iloc[person * len(self.weeks) + week])
        column = self.register.columns["week_column"].iloc[week]
        if number is None:
            return {"file": self.path("register"), "line": None, "column": column}
        path, line = file_and_line(self.files["register"], number)
        return {"file": path, "line": line, "column": column}

    def row_of(self, role: str, person: int) -> tuple[str, int]:
        """File and line of the row of a person, by the place in `codes`, in the register or a survey."""
        number = self.found[f"{role.removesuffix('_survey')}_line"].iloc[person]
        return file_and_line(self.files[role], int(number))

    def path(self, role: str) -> str:
        """The path of a file as messages show it."""
        return str(self.files[role].attrs["path"])


def _whole(value: Any) -> int | None:
    return int(value) if value == value and value is not None and str(value) != "<NA>" else None
