"""A curve of specifications: each is an estimate of another estimator, its name in the place of the sample.

What it is a sum of, its squares and its counts are those of that estimator; `make trace` walks it as any other number.
The numbers of the whole curve (pipeline/estimate/curve_tests.py) have no sum of their own, and say which numbers they
are of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from pipeline.errors import InputError
from pipeline.estimate import discrete_hazard, group_means, least_squares, stratum_effects
from pipeline.estimate.designs import EVERYBODY, GROUPS_BY_PEERS, names_of_effects
from pipeline.estimate.problem import Data, Estimator, Words
from pipeline.estimate.regression import Regression
from pipeline.estimate.table import Address, Estimate
from pipeline.estimate.terms import Squares, Terms
from pipeline.settings.curves import WHOLE
from pipeline.settings.models import Model
from pipeline.settings.specifications import Specification, specifications

INNER: Mapping[str, Estimator] = {
    "ols": least_squares.ESTIMATOR,
    "group_ols": group_means.ESTIMATOR,
    "stratum_effects": stratum_effects.ESTIMATOR,
    "discrete_hazard": discrete_hazard.ESTIMATOR,
}


@dataclass(frozen=True)
class Specified:
    """A specification with the problem that it is for its estimator; None of the numbers of the whole curve."""

    curve: Model
    specification: Specification | None
    problem: Any = None

    @cached_property
    def inner(self) -> Estimator:
        """The estimator of the problem; InputError for a number of the whole curve."""
        if self.specification is None:
            raise InputError(
                f"trace: this is a number of all specifications of {self.curve.name} together, which no sum over cells "
                "gives. Trace the effect of any of them."
            )
        return INNER[self.specification.model.estimator]

    @property
    def part(self) -> str:
        """The sample, or the split, of the problem."""
        return str(self.problem.part.name if isinstance(self.problem, Regression) else self.problem.sample)

    def inside(self, address: Address) -> Address:
        """The address as the estimator of the problem has it."""
        return replace(address, sample=self.part) if self.specification is not None else address


def specified(model: Model, data: Data, address: Address | None = None) -> Iterator[Specified]:
    """The problems of a curve, one a specification."""
    if address is not None and address.sample == WHOLE:
        yield Specified(model, None)
        return
    for name, specification in specifications(model).items():
        if address is None or address.sample == name:
            for problem in INNER[specification.model.estimator].problems(specification.model, data, None):
                yield Specified(model, specification, problem)


def parameters_of(model: Model) -> tuple[str, ...]:
    """The parameters that a model of a specification has, one of which is looked at."""
    if model.estimator == "discrete_hazard":
        return tuple(discrete_hazard.parameters_of(model))
    return names_of_effects(model.treatment, GROUPS_BY_PEERS[model.peers] if model.splits else (EVERYBODY,))


def rows(problem: Specified) -> list[Estimate]:
    """The effect that the specification looks at."""
    own = problem.specification
    assert own is not None, "the numbers of the whole curve are made of all of it"
    found = [row for row in problem.inner.rows(problem.problem) if row.parameter == own.parameter]
    return [replace(row, sample=own.name) for row in found]


def _inside(what: str) -> Callable[..., Any]:
    """A function of the estimator of a problem, at the address it has there."""

    def call(problem: Specified, address: Address, *others: str) -> Any:
        function = getattr(problem.inner, what)
        if function is None:
            raise InputError(f"trace: the estimator of {address.sample} does not say what its {what} is.")
        return function(problem.problem, problem.inside(address), *others)

    return call


terms: Callable[[Specified, Address], Terms] = _inside("terms")
counted: Callable[[Specified, Address, str], Terms] = _inside("counted")
squares: Callable[[Specified, Address], Squares] = _inside("squares")
level: Callable[[Specified, Address], Terms] = _inside("level")

ESTIMATOR = Estimator(
    possible={"treatment": ("treated",), "limits": (None,), "grid": (None,), "printed": ((),)},
    words=Words(
        "",
        "that of each specification",
        "Each specification has the error and the reference distribution of its estimator. The numbers of the curve "
        "are the median of the effects, the share of the specifications that are significant in the direction of most, "
        "and the largest |t|; their p-values are those of the lot drawn again for all specifications at once.",
    ),
    problems=specified,
    rows=rows,
    terms=terms,
    counted=counted,
    squares=squares,
    level=level,
    is_iterated=True,
)
