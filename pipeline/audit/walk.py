"""Numbers walked to the cells of the received files, many at once: the sums of make trace, their cells located once.

A number is linear in the weights of its persons or person-weeks. What one of them contributes for a weight of one is
found by the code of the trace and kept, for all statistics and models that rest on the same cells.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from pipeline.audit.build import Build, Request
from pipeline.audit.cell_counts import Counter
from pipeline.audit.placed import Placed, place
from pipeline.audit.resampled import RESAMPLED
from pipeline.audit.statistics import Number, combine, has_pair, part_names, require_value, sums_of
from pipeline.errors import InputError
from pipeline.estimate.bounding import Bounding
from pipeline.estimate.count import Count
from pipeline.estimate.estimators import ESTIMATORS
from pipeline.estimate.regression import Regression
from pipeline.estimate.spells import Spells
from pipeline.estimate.table import Address, parse_address
from pipeline.estimate.terms import Evidence, FloatArray, Squares, Terms
from pipeline.estimate.tobit import Prognosis

NOTHING = ""  # the table of counts of a number that rests on no cell


class Walked(NamedTuple):
    """A number, what its cells leave of it, whether that is rounding, how many they are, and the table of their counts.

    why: the reason for which a number was not walked, '' if it was.
    """

    cell_id: str
    value: float = math.nan
    gap: float = math.nan
    is_rounding: bool = False
    n_cells: int = 0
    counts: str = NOTHING
    why: str = ""

    @property
    def relative(self) -> float:
        """The gap, relative to the number where that is more than 1."""
        return abs(self.gap) / max(1.0, abs(self.value))


class Layout(NamedTuple):
    """The cells of n persons or person-weeks, and what those of each add up to: for a weight of one, and of its share.

    The share is one, and zero of whom no cell is known.
    """

    placed: Placed
    unit: FloatArray
    share: FloatArray

    @classmethod
    def of(cls, placed: Placed) -> Layout:
        """The sums of some cells by whose they are."""
        n = len(placed.persons)
        unit, share = (
            np.bincount(placed.owner, values, minlength=n).astype(float) for values in (placed.unit, placed.share)
        )
        return cls(placed, unit, share)

    def contributions(self, part: Evidence) -> FloatArray:
        """What the cells of each person or person-week (n,) contribute to the terms of some evidence."""
        direct = 0.0 if part.direct is None else part.direct * self.unit
        return np.asarray(direct + (0.0 if part.evenly is None else part.evenly * self.share))


# Made again by make trace, one at a time: of all it would take as long as the build of them.
OF_DRAWS = "this is no sum over cells: a second route makes some such statistics again, and make trace any of them"


@dataclass
class Walker:
    """The walk of one build; layouts are kept while outcome and week are the same."""

    build: Build
    counter: Counter = field(init=False)
    _layouts: dict[Any, Layout] = field(default_factory=dict)
    _counted: dict[Any, str] = field(default_factory=dict)
    _problems: dict[str, dict[Any, Callable[[], Any]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.counter = Counter(self.build)

    def walk(self, shown: Iterable[Mapping[Any, Any]]) -> Iterator[Walked]:
        """Walk rows of shown.parquet, which lie together if their estimates are of one outcome and week."""
        level, before = self.build.study.inference.level, None
        for estimate_id, rows in groupby(shown, key=lambda row: str(row["estimate_id"])):
            address = parse_address(estimate_id)
            if before != (address.outcome, address.week):
                self._layouts, self._counted, before = {}, {}, (address.outcome, address.week)
            walk = _OfEstimate(self, address, self.build.estimates[estimate_id][1], level)
            for row in rows:
                yield walk.statistic(str(row["cell_id"]), str(row["statistic"]))

    def request(self, address: Address) -> Request:
        """As Build.request; but the problems of a model are made ready once."""
        model = self.build.models.get(address.model)
        if model is None:
            return self.build.request(address)
        if model.name not in self._problems:
            found = ESTIMATORS[model.estimator].problems(model, self.build.data, None)
            self._problems[model.name] = {key: ready for problem in found for key, ready in _ready(problem)}
        known = self._problems[model.name]
        for week in (address.week, None):  # a curve is one problem of all weeks
            if (address.sample, address.outcome, week) in known:
                problem = known[address.sample, address.outcome, week]
                return Request(
                    address, model, ESTIMATORS[model.estimator], problem(), self.build.tables, self.build.resampling
                )
        return self.build.request(address)

    def layout(self, part: Evidence) -> Layout:
        """The cells of the persons or person-weeks of some evidence, by a weight of one each."""
        key = _identity(part), part.persons.tobytes(), b"" if part.weeks is None else part.weeks.tobytes()
        if key not in self._layouts:
            self._layouts[key] = Layout.of(place(part, self.build.tables))
        return self._layouts[key]

    def counts(self, parts: Iterable[Evidence]) -> tuple[int, str]:
        """How many cells some parts of a number rest on, those of several once, and the table of their counts."""
        together = [self.layout(part).placed for part in _united(parts)]
        key = tuple(map(id, together))
        if key not in self._counted:
            self._counted[key] = self.counter.count(together)
        return sum(len(placed.rows) for placed in together), self._counted[key]


def _ready(problem: Any) -> Iterator[tuple[tuple[str, str, int | None], Callable[[], Any]]]:
    """Sample, outcome and week of a problem with what gives it, one a label of a regression of many outcomes."""
    if isinstance(problem, Regression | Bounding):
        for place, label in enumerate(problem.labels):
            yield (problem.part.name, *label), partial(_of_label, problem, place)
    elif isinstance(problem, Spells | Prognosis):
        yield (problem.sample, *problem.label), lambda: problem
    elif isinstance(problem, Count):
        yield (problem.sample, problem.outcome, None), lambda: problem


def _of_label(problem: Regression | Bounding, place: int) -> Regression | Bounding:
    return replace(problem, labels=problem.labels[place : place + 1], outcomes=problem.outcomes[:, [place]])


@dataclass
class _OfEstimate:
    """The statistics of one estimate, whose sums are found once each."""

    walker: Walker
    address: Address
    estimate: Mapping[Any, Any]
    level: float
    _request: Request | None = None
    _known: dict[str, tuple[float, tuple[Evidence, ...]]] = field(default_factory=dict)

    def statistic(self, cell_id: str, statistic: str) -> Walked:
        """Walk one statistic; what has no cells behind it says why."""
        if statistic in RESAMPLED:
            return Walked(cell_id, why=OF_DRAWS)
        try:
            value = require_value(statistic, self.estimate)
            parts = [self._part(name, statistic) for name in part_names(statistic, self._is_paired())]
        except InputError as error:
            return Walked(cell_id, why=str(error).removeprefix("trace: "))
        _, total = combine(statistic, [total for total, _ in parts], self.estimate["df"], self.level)
        number = Number(statistic, value, "", {}, total)
        n_cells, counts = self.walker.counts(part for _, evidence in parts for part in evidence)
        return Walked(cell_id, value, number.gap, abs(number.gap) <= number.gap_limit, n_cells, counts)

    def _is_paired(self) -> bool:
        model = self.walker.build.models.get(self.address.model)
        return model is not None and has_pair(ESTIMATORS[model.estimator], self.address)

    def _part(self, name: str, statistic: str) -> tuple[float, tuple[Evidence, ...]]:
        key = name if name not in ("count", "setting") else statistic
        if key not in self._known:
            self._request = self._request or self.walker.request(self.address)
            sums = sums_of(name, self._request, statistic)
            evidence = tuple(part for part in sums.evidence if len(part.persons))
            layout = self.walker.layout
            total = _add(sums, evidence, layout) if isinstance(sums, Terms) else _root(sums, evidence, layout)
            self._known[key] = total, evidence
        return self._known[key]


def _add(terms: Terms, parts: tuple[Evidence, ...], layout: Callable[[Evidence], Layout]) -> float:
    """The sum, from the cells."""
    return math.fsum([terms.constant, *(float(layout(part).contributions(part).sum()) for part in parts)])


def _root(squares: Squares, parts: tuple[Evidence, ...], layout: Callable[[Evidence], Layout]) -> float:
    """The root of the sum over clusters of the squared sum of the contributions of their cells."""
    names = [np.asarray(part.clusters, dtype=object) for part in parts]
    codes, _ = pd.factorize(np.concatenate(names)) if names else (np.zeros(0, dtype=np.int64), None)
    scores, first = np.zeros(len(codes)), 0
    for part in parts:
        own = codes[first : first + len(part.persons)]
        scores += np.bincount(own, layout(part).contributions(part), minlength=len(codes))
        first += len(own)
    return math.sqrt(squares.factor * float((scores**2).sum()))


def _identity(part: Evidence) -> tuple[Any, ...]:
    return part.kind, part.variable, part.week, part.source


def _united(parts: Iterable[Evidence]) -> list[Evidence]:
    """The parts with those of the same cells as one: an estimate, and its error, which may rest on more persons."""
    united: dict[tuple[Any, ...], Evidence] = {}
    for part in parts:
        other = united.setdefault(_identity(part), part)
        if other is part or (len(part.persons) <= len(other.persons) and _keys(part) <= _keys(other)):
            continue
        if _keys(other) <= _keys(part):
            united[_identity(part)] = part
        else:
            united[_identity(part)] = _union(other, part)
    return list(united.values())


def _keys(part: Evidence) -> set[Any]:
    persons = part.persons.tolist()
    return set(persons) if part.weeks is None else set(zip(persons, part.weeks.tolist(), strict=True))


def _union(one: Evidence, other: Evidence) -> Evidence:
    every = sorted(_keys(one) | _keys(other))
    if one.weeks is None:
        return replace(one, persons=np.array(every, dtype=np.int64))
    persons, weeks = np.array(every, dtype=np.int64).T
    return replace(one, persons=persons, weeks=weeks)
