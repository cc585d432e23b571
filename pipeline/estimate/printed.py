"""Numbers printed elsewhere, shown beside the estimates as what they are: another's, of another model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.errors import InputError
from pipeline.estimate.mean import POSSIBLE
from pipeline.estimate.problem import Data, Estimator, Words
from pipeline.estimate.table import MISSING, Address, Estimate, hash_persons
from pipeline.estimate.terms import Squares, Terms
from pipeline.settings.models import Model, PrintedNumber


@dataclass(frozen=True)
class Printed:
    """One printed coefficient of a model, and the sample it is said to be of."""

    model: Model
    sample: str
    number: PrintedNumber


def problems(model: Model, data: Data, address: Address | None = None) -> Iterator[Printed]:
    """Each printed number of each sample."""
    for sample in model.samples:
        for number in model.printed:
            if address is None or (address.sample, address.outcome, address.parameter) == (
                sample,
                number.outcome,
                number.parameter,
            ):
                yield Printed(model, sample, number)


def rows(problem: Printed) -> list[Estimate]:
    """The number as printed; what was not printed is missing."""
    number = problem.number
    return [
        Estimate(
            model=problem.model.name,
            sample=problem.sample,
            outcome=number.outcome,
            parameter=number.parameter,
            estimate=number.estimate,
            se=MISSING if number.se is None else number.se,
            p_value=MISSING if number.p_value is None else number.p_value,
            n=number.n,
            note=f"printed in {problem.model.report}",
            sample_hash=hash_persons([]),
            spec_hash=problem.model.spec_hash,
        )
    ]


def terms(problem: Printed, address: Address) -> Terms:
    """A printed number rests on no received cell."""
    raise InputError(
        f"trace: {address.model} is no estimate of this project but a number printed in {problem.model.report}, so no "
        "received cell is behind it."
    )


def counted(problem: Printed, address: Address, statistic: str) -> Terms:
    """A printed count rests on no received cell."""
    return terms(problem, address)


def squares(problem: Printed, address: Address) -> Squares:
    """A printed standard error rests on no received cell."""
    terms(problem, address)
    raise AssertionError("no printed number has terms")


ESTIMATOR = Estimator(
    possible={**POSSIBLE, "treatment": None, "covariates": None, "printed": None},
    words=Words("", "none", "Printed elsewhere, of another model."),
    problems=problems,
    held=lambda _: "",
    rows=rows,
    terms=terms,
    counted=counted,
    squares=squares,
)
