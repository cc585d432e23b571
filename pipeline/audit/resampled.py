"""A statistic of resampling made again for one estimate, with what it is made of: draws counted, clusters left out.

The problem is the one that the trace walks to its cells; the draws are those of the study's seed. What holds for a
family of tests is made again from every member of the family.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from pipeline.errors import InputError
from pipeline.estimate import discrete_hazard
from pipeline.estimate.inference import STATISTICS, Inference, rows_of_problems, write_address
from pipeline.estimate.regression import place_of
from pipeline.estimate.resampled import RESAMPLERS, Redrawn, Resampled, draw_again
from pipeline.estimate.unmade import NO_LIMIT
from pipeline.stats.draws import Draws, interval, reaching
from pipeline.stats.hazard import Link
from pipeline.stats.hazard_resampled import linearised_jackknife, redraw_score

if TYPE_CHECKING:
    from pipeline.estimate.problem import Data, Estimator
    from pipeline.estimate.table import Address
    from pipeline.settings.models import Model

Lines = list[tuple[str, str]]
OF_FAMILIES = ("stepdown_p", "joint_p", "band_p", "band_low", "band_high", "family_size")
RESAMPLED = frozenset(STATISTICS)
MOST = 10  # clusters whose estimates are listed: those that move it most
# What a statistic is, by the beginning of its name.
FORMULAS = {
    "ri": "the lot drawn again within its blocks",
    "wild": "the restricted residuals of each cluster with a sign drawn",
    "jackknife": "the root of the summed squares of estimates without a cluster less the estimate, and t(G-1)",
    "cr2": "scores by cluster times the inverse root of one less leverage, and Satterthwaite's degrees of freedom",
    "without": "the least and the largest of the estimates without one cluster",
    "stepdown": "the largest |t| of this test and those below it in the family, by the lot (Westfall and Young)",
    "joint": "the largest |t| of the family in draws of the lot",
    "band": "the largest |t| of the family, its scores by cluster times normal numbers (sup-t)",
    "family": "the tests judged together",
}


class Asked(Protocol):
    """An estimate, and the problem that was solved for it."""

    @property
    def address(self) -> Address:
        """Of the estimate."""

    @property
    def model(self) -> Model:
        """That of the estimate."""

    @property
    def estimator(self) -> Estimator:
        """That of the model."""

    @property
    def problem(self) -> Any:
        """That of the estimate alone."""


def formula_of(statistic: str) -> str:
    """What a statistic of resampling is, in words."""
    return FORMULAS[statistic.partition("_")[0]]


@dataclass
class Resampling:
    """The draws of an extract, and the rows that were made again."""

    data: Data
    _rows: dict[Any, dict[str, Inference]] = field(default_factory=dict)
    _found: dict[Any, Resampled] = field(default_factory=dict)  # of the last estimate

    @cached_property
    def again(self) -> Redrawn:
        """The lot and the signs."""
        return draw_again(self.data)

    def value(self, statistic: str, request: Asked) -> float:
        """One of the STATISTICS of the estimate of a request; InputError where there is none."""
        is_shared = statistic in OF_FAMILIES
        key = _family(request) if is_shared else request.address
        if key not in self._rows:
            problems = self._problems(request) if is_shared else [request.problem]
            rows = rows_of_problems(request.model, problems, self.data.study, self.again)
            self._rows[key] = {row.estimate_id: row for row in rows}
        row = self._rows[key].get(write_address(request.address))
        if row is None:
            raise InputError("trace: nothing was resampled here: the estimate has no standard error.")
        return float(getattr(row, statistic))

    def _problems(self, request: Asked) -> Iterator[Any]:
        """The problems of the model with the outcomes of the family alone."""
        parts, address = request.model.family or (), request.address
        for problem in request.estimator.problems(request.model, self.data, None):
            own = [
                place
                for place, label in enumerate(problem.labels)
                if all(getattr(label, part) == getattr(address, part) for part in parts if part != "sample")
            ]
            if own and ("sample" not in parts or problem.part.name == address.sample):
                yield replace(
                    problem, labels=tuple(problem.labels[place] for place in own), outcomes=problem.outcomes[:, own]
                )

    def lines(self, statistic: str, request: Asked) -> Lines:
        """What a statistic is made of."""
        if statistic in OF_FAMILIES:
            size = self.value("family_size", request)
            return [("tests in the family", f"{size:.0f}"), *self._beside(statistic, request)]
        if request.model.estimator == "discrete_hazard":
            return list(_of_hazard(statistic, request, self.again))
        if request.address not in self._found:
            self._found = {request.address: RESAMPLERS[request.model.estimator](request.problem, self.again)}
        return list(_of_regression(statistic, request, self._found[request.address]))

    def _beside(self, statistic: str, request: Asked) -> Lines:
        """The p-value as a count of draws."""
        if not statistic.endswith("_p"):
            return []
        draws = self.again.draws.shape[1] if statistic != "band_p" else self.data.study.inference.draws
        return [_counted(round(self.value(statistic, request) * (draws + 1)) - 1, draws)]


def _family(request: Asked) -> tuple[object, ...]:
    return (request.model.name, *(getattr(request.address, part) for part in request.model.family or ()))


def _counted(reached: int, draws: int) -> tuple[str, str]:
    return f"{reached} of {draws} draws have |t| at least as large", f"({reached} + 1) / ({draws} + 1)"


def _of_regression(statistic: str, request: Asked, found: Resampled) -> Iterator[tuple[str, str]]:
    kind, problem = statistic.partition("_")[0], request.problem
    row = found.places.index(place_of(problem, request.address.parameter))
    estimate, error = float(found.estimates[row, 0]), float(found.errors[row, 0])
    if kind in ("ri", "wild"):
        drawn = (found.randomised if kind == "ri" else found.wild)[row]
        yield from _of_draws(statistic, drawn, estimate, error, problem.study.inference.level)
    elif kind == "cr2":
        yield "CR2 standard error", f"{found.reduced[row, 0]:.9g}"
        yield "the reported standard error", f"{error:.9g}"
        yield "degrees of freedom by Satterthwaite", f"{found.degrees[row]:.6g}"
    else:
        codes = np.unique(problem.design.clusters)
        names = [problem.design.cluster_names[code] for code in codes]
        by_cluster = found.without.shape[2] == len(names)
        own = names if by_cluster else [str(person) for person in problem.design.persons]
        yield from _without(own, found.without[row, 0], found.exists[row], estimate)
        yield "jackknife standard error", f"{found.jackknife[row, 0]:.9g}"


def _of_draws(statistic: str, drawn: Draws, estimate: float, error: float, level: float) -> Iterator[tuple[str, str]]:
    """The count of draws behind a p-value; of a limit the p-values of the hypotheses on either side of it."""
    total = drawn.numerators.shape[1]

    def reached(hypothesis: float) -> int:
        values = drawn.statistics(np.array([hypothesis - estimate]))[0]
        return int(reaching(values, np.array((estimate - hypothesis) / error)).sum())

    if statistic.endswith("_p"):
        yield "|t| observed", f"{abs(estimate / error):.9g}"
        yield _counted(reached(0.0), total)
        return
    sign = -1.0 if statistic.endswith("_low") else 1.0
    limit = estimate + interval(drawn, 0, error, level)[0 if sign < 0 else 1]
    if not np.isfinite(limit):
        yield NO_LIMIT.format("below" if sign < 0 else "above"), "no limit"
        return
    for where, way in (("inside", -1.0), ("outside", 1.0)):
        hypothesis = limit + sign * way * 1e-6 * error
        p = (reached(hypothesis) + 1) / (total + 1)
        yield f"p-value of the effect {hypothesis:.9g}, just {where}", f"{p:.6g}"
    yield "hypotheses are kept whose p-value is above", f"{1 - level:.6g}"


def _of_hazard(statistic: str, request: Asked, again: Redrawn) -> Iterator[tuple[str, str]]:
    problem = request.problem
    fitted = discrete_hazard.fit(problem)
    link: Link = problem.model.link or "logit"
    if statistic == "ri_p":
        cells, clusters = discrete_hazard.cells_of_persons(problem, fitted)
        test = redraw_score(cells, link, clusters, again.of(problem.persons))
        yield "|score| over its error, of the lot that was drawn", f"{abs(test.observed):.9g}"
        reached = reaching(np.abs(test.statistics), np.array(test.observed))
        yield _counted(int(reached.sum()), len(test.statistics))
        return
    place = fitted.hazard.place("treated")
    error, without, exists = linearised_jackknife(fitted.hazard, link, place)
    names = [str(name) for name in np.unique(problem.clusters[np.isin(problem.clusters, fitted.used.clusters)])]
    own = names if len(names) == len(without) else [str(number + 1) for number in range(len(without))]
    yield from _without(own, without, exists, float(fitted.hazard.coefficients[place]))
    yield "jackknife standard error", f"{error:.9g}"


def _without(names: list[str], values: np.ndarray, exists: np.ndarray, estimate: float) -> Iterator[tuple[str, str]]:
    """The estimates without the clusters that move it most, and how many there are."""
    order = np.argsort(-np.abs(values - estimate), kind="stable")
    for place in order[:MOST]:
        said = f"{values[place]:.9g}" if exists[place] else "not identified: it counts as nothing"
        yield f"without {names[place]}", said
    if len(order) > MOST:
        yield "others, which move it less", str(len(order) - MOST)
