"""The groups of persons that numbers tell of: who is in each, how many that leaves them, and which numbers tell it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.disclosure.curves import nearest
from pipeline.disclosure.primary import COUNTS, Behind, is_of_few
from pipeline.estimate.estimators import ESTIMATORS
from pipeline.estimate.table import parse_address
from pipeline.settings.disclosure import Bounds
from pipeline.settings.models import Model

if TYPE_CHECKING:
    from pipeline.estimate.problem import Data

Row = Mapping[Any, Any]
Place = tuple[str, str]  # estimate_id and statistic
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
NOT_PERSONS = (
    "discrete_hazard",
    "hazard_power",
    "group_ols",
    "printed",
)  # estimators whose n counts other things than persons
ALONE = -1  # the whole of a number that is no share
OF_PERSONS = ""  # the kind of groups that are counted; those with a property have its name


class Told(NamedTuple):
    """What leaves of a group: low <= persons <= high, or, of a whole, low <= persons / persons of the whole <= high.

    places: the numbers that tell it; none of what cannot be withheld, for it left before or is known.
    """

    group: int
    low: float
    high: float
    whole: int = ALONE
    places: frozenset[Place] = frozenset()


@dataclass(frozen=True)
class Groups:
    """Groups of `persons` (n,) as members (k, n), each with its kind, and what leaves of them.

    n_left: how many of what is told, the last ones, left in earlier releases.
    """

    persons: IntArray
    members: BoolArray
    kinds: tuple[str, ...]
    told: tuple[Told, ...]
    n_left: int = 0

    @cached_property
    def sizes(self) -> IntArray:
        """The number of persons of each group, (k,)."""
        return np.asarray(self.members.sum(axis=1), dtype=np.int64)


@dataclass
class Gathering:
    """Groups as they are found, each once a kind; of a group and whole the closest bounds, and all their places."""

    persons: IntArray
    members: list[BoolArray] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    told: dict[tuple[int, int], Told] = field(default_factory=dict)
    left: list[Told] = field(default_factory=list)  # in earlier releases
    _at: dict[Any, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._of = {int(person): place for place, person in enumerate(self.persons)}

    def of(self, persons: Iterable[Any]) -> BoolArray:
        """Who of all persons is one of some, (n,)."""
        found = np.zeros(len(self.persons), dtype=bool)
        found[[self._of[int(each)] for each in persons]] = True
        return found

    def group(self, members: BoolArray, kind: str = OF_PERSONS) -> int:
        """The place of a group, which is added if it is new."""
        key = (members.tobytes(), kind)
        if key not in self._at:
            self._at[key] = len(self.members)
            self.members.append(members)
            self.kinds.append(kind)
        return self._at[key]

    def tell(self, new: Told) -> None:
        """Add what a number tells."""
        old = self.told.get((new.group, new.whole), new)
        low, high, places = max(old.low, new.low), min(old.high, new.high), old.places | new.places
        self.told[new.group, new.whole] = new._replace(low=low, high=high, places=places)

    def groups(self) -> Groups:
        """All that was found."""
        members = np.array(self.members).reshape(-1, len(self.persons))
        return Groups(self.persons, members, tuple(self.kinds), (*self.told.values(), *self.left), len(self.left))


def tell_counts(
    found: Gathering, shown: Iterable[Row], behind: Behind, models: Mapping[str, Model], data: Data
) -> None:
    """Add the groups whose numbers of persons are among the numbers `shown`.

    Estimates of equal hashes have the same persons, so the problem of the first is made anew for all of them; weeks of
    a survival curve, which count those at risk, and counts are groups of their own.
    """
    exclusions = data.tables["exclusions"]
    treated = found.of(exclusions["person"][exclusions["treated"] == 1])
    known, counts = dict[tuple[str, str], BoolArray](), _CountProblems(data)
    for row in shown:
        estimate = behind.estimates[row["estimate_id"]]
        model = models.get(estimate["model"])
        if model is None or model.estimator in NOT_PERSONS:
            continue
        is_count = model.estimator == "count"
        if not (row["statistic"] in COUNTS or (is_count and row["unit"] == "count")):
            continue
        own = estimate["estimate_id"] if is_count or model.estimator == "kaplan_meier" else ""
        key = (str(estimate["sample_hash"]), own)
        if key not in known:
            known[key] = found.of(_persons(estimate, model, data, counts))
        arm = {"n_treated": treated, "n_control": ~treated}.get(row["statistic"], treated | ~treated)
        members = known[key] & arm
        if members.any():
            is_part = is_of_few(estimate, behind.bounds) and int(members.sum()) < estimate["n"]
            low, high = released_bounds(int(members.sum()), behind.bounds, is_part)
            place = frozenset({(row["estimate_id"], row["statistic"])})
            found.tell(Told(found.group(members), low, high, places=place))


def released_bounds(count: int, bounds: Bounds, is_part: bool = False) -> tuple[float, float]:
    """The least and the most persons that fit what leaves of a number: few, or the nearest multiple of the base.

    is_part: of a whole that is itself few, of which nobody is withheld too.
    """
    if is_part:
        return 0.0, bounds.persons - 1.0
    if count == 0:
        return 0.0, 0.0
    if count < bounds.persons:
        return 1.0, bounds.persons - 1.0
    base = bounds.base
    rounded = nearest(count, base)
    return float(max(rounded - base // 2, bounds.persons)), float(rounded + (base - 1) // 2)


def _persons(row: Row, model: Model, data: Data, counts: _CountProblems) -> Iterable[int]:
    """The persons that the n of an estimate counts."""
    address, estimator = parse_address(row["estimate_id"]), ESTIMATORS[model.estimator]
    if model.estimator == "count":
        problem = counts.of(model)[address.sample, address.outcome]
        is_of_persons = problem.day is None and len(problem.counted) in _sizes(row)
        return problem.counted["person"] if is_of_persons else []
    problem = next(iter(estimator.problems(model, data, address)))
    persons: Iterable[int] = estimator.counted(problem, address, "n").table["person"].unique()
    return persons


def _sizes(row: Row) -> list[int]:
    return [int(row[name]) for name in ("n", "n_treated", "n_control")]


class _CountProblems:
    """The problems of models that count, which are made all at once."""

    def __init__(self, data: Data) -> None:
        self._data, self._known = data, dict[str, dict[tuple[str, str], Any]]()

    def of(self, model: Model) -> dict[tuple[str, str], Any]:
        """By sample and outcome."""
        if model.name not in self._known:
            problems = ESTIMATORS[model.estimator].problems(model, self._data, None)
            self._known[model.name] = {(problem.sample, problem.outcome): problem for problem in problems}
        return self._known[model.name]
