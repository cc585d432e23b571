"""Numbers walked to the cells of the received files, many at once: the sums of make trace, their cells located once.

A number is linear in the weights of its persons or person-weeks. What one of them contributes for a weight of one is
found by the code of the trace and kept, for all statistics and models that rest on the same cells.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from pipeline.audit.build import Build, Request
from pipeline.audit.cell_counts import Counter
from pipeline.audit.evidence import locate
from pipeline.audit.statistics import Number, combine, part_names, require_value, sums_of
from pipeline.errors import InputError
from pipeline.estimate.estimators import ESTIMATORS
from pipeline.estimate.regression import Regression
from pipeline.estimate.table import Address, parse_address
from pipeline.estimate.terms import Evidence, FloatArray, IntArray, Squares, Terms

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
    """The cells of persons or person-weeks: whose each is (its place), what it gives for a weight of one, its share."""

    owner: IntArray
    unit: FloatArray
    share: FloatArray
    cells: pd.DataFrame


@dataclass
class Walker:
    """The walk of one build; layouts are kept while outcome and week are the same."""

    build: Build
    counter: Counter = field(init=False)
    _layouts: dict[Any, Layout] = field(default_factory=dict)
    _counted: dict[Any, str] = field(default_factory=dict)
    _problems: dict[str, dict[Any, tuple[Regression, int]]] = field(default_factory=dict)

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
        """As Build.request; of regressions the persons, their design and all outcomes are made ready once a model."""
        model = self.build.models.get(address.model)
        if model is None or address.model not in self._problems:
            found = list(ESTIMATORS[model.estimator].problems(model, self.build.data, None)) if model else []
            regressions = [problem for problem in found if isinstance(problem, Regression)]
            self._problems[address.model] = {
                (problem.part.name, *label): (problem, place)
                for problem in regressions
                for place, label in enumerate(problem.labels)
            }
        ready = self._problems[address.model].get((address.sample, address.outcome, address.week))
        if ready is None or model is None:
            return self.build.request(address)
        problem, place = ready
        own = replace(problem, labels=problem.labels[place : place + 1], outcomes=problem.outcomes[:, [place]])
        return Request(address, model, ESTIMATORS[model.estimator], own, self.build.tables)

    def layout(self, part: Evidence) -> Layout:
        """The cells of the persons or person-weeks of some evidence, by a weight of one each."""
        key = _identity(part), part.persons.tobytes(), b"" if part.weeks is None else part.weeks.tobytes()
        if key not in self._layouts:
            places = np.arange(len(part.persons))
            cells = locate(replace(part, direct=np.ones(len(places)), evenly=None, clusters=places), self.build.tables)
            owner = cells["cluster"].to_numpy(dtype=np.int64)
            share = 1.0 / np.bincount(owner, minlength=1)[owner]
            self._layouts[key] = Layout(owner, cells["contribution"].to_numpy(dtype=float), share, cells)
        return self._layouts[key]

    def counts(self, parts: Iterable[Evidence]) -> tuple[int, str]:
        """How many cells some parts of a number rest on, those of several once, and the table of their counts."""
        together = [self.layout(part).cells for part in _united(parts)]
        key = tuple(map(id, together))
        if key not in self._counted:
            self._counted[key] = self.counter.count(together)
        return sum(map(len, together)), self._counted[key]


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
        try:
            value = require_value(statistic, self.estimate)
            parts = [self._part(name, statistic) for name in part_names(statistic)]
        except InputError as error:
            return Walked(cell_id, why=str(error).removeprefix("trace: "))
        _, total = combine(statistic, [total for total, _ in parts], self.estimate["df"], self.level)
        number = Number(statistic, value, "", {}, total)
        n_cells, counts = self.walker.counts(part for _, evidence in parts for part in evidence)
        return Walked(cell_id, value, number.gap, abs(number.gap) <= number.gap_limit, n_cells, counts)

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
    return math.fsum([terms.constant, *(float(_contributions(part, layout(part)).sum()) for part in parts)])


def _root(squares: Squares, parts: tuple[Evidence, ...], layout: Callable[[Evidence], Layout]) -> float:
    """The root of the sum over clusters of the squared sum of the contributions of their cells."""
    names = [np.asarray(part.clusters, dtype=object) for part in parts]
    codes, _ = pd.factorize(np.concatenate(names)) if names else (np.zeros(0, dtype=np.int64), None)
    scores, first = np.zeros(len(codes)), 0
    for part in parts:
        own, found = codes[first : first + len(part.persons)], layout(part)
        scores += np.bincount(own[found.owner], _contributions(part, found), minlength=len(codes))
        first += len(own)
    return math.sqrt(squares.factor * float((scores**2).sum()))


def _contributions(part: Evidence, layout: Layout) -> FloatArray:
    """What every cell contributes: direct times its value, and its share of what its owner has evenly."""
    found = np.zeros(len(layout.owner))
    if part.direct is not None:
        found += part.direct[layout.owner] * layout.unit
    if part.evenly is not None:
        found += part.evenly[layout.owner] * layout.share
    return found


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
