"""What every estimator is given and gives back: the derived tables, the record of an estimator, a missing estimate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.estimate.table import MISSING, Address, Estimate, hash_persons
from pipeline.people.samples import join_background
from pipeline.settings.models import Model
from pipeline.settings.study import Study

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.estimate.terms import Squares, Terms

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
NO_ESTIMATE = "no estimate: "
NOBODY = "nobody"  # begins each reason of that kind, as one of these does; others tell what nobody of some persons does
NOBODY_AT_ALL = tuple(f"{NOBODY} {verb} " for verb in ("is", "has", "in"))
NOBODY_IN_SAMPLE = f"{NOBODY} is in the sample"
NOBODY_KNOWN = f"{NOBODY} has a known outcome and every covariate"
WITHOUT_COVARIATE = "without every covariate"
ATTENDED = "attended"  # the column of the analysed persons that says who came, where the extract tells
WITHOUT_ATTENDANCE = "whose attendance is not known"
WITHOUT_SPLIT = "without the variable that makes the groups"
WITHOUT_OUTCOME = "whose outcome is unknown"
WITHOUT_WEEK = "without a known week at risk"


class Label(NamedTuple):
    """What a column of outcomes holds: a share up to a week, or with no week a variable of the person."""

    outcome: str
    week: int | None


@dataclass(frozen=True)
class Data:
    """The derived tables that estimation reads, the study and its dictionary of variables.

    people: the analysed persons with their background, one row each, in the order of their numbers. tables: shares,
    weekly, durations, followup and exclusions.
    """

    people: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
    study: Study
    variables: pd.DataFrame
    # Outcomes by table and labels: models of the same outcomes share them.
    cache: dict[Any, FloatArray] = field(default_factory=dict, compare=False, repr=False)

    @property
    def horizon(self) -> int:
        """The last week of follow-up."""
        return self.study.time.horizon_weeks


def gather_data(tables: Mapping[str, pd.DataFrame], study: Study, variables: pd.DataFrame) -> Data:
    """The data of the derived `tables` by name, sample and background among them."""
    people = join_background(tables["sample"], tables["background"])
    others = {name: table for name, table in tables.items() if name not in ("sample", "background")}
    return Data(people, others, study, variables)


@dataclass(frozen=True)
class Words:
    """How an estimator's errors and tests are described: a formula in LaTeX, the reference distribution, a sentence."""

    formula: str
    reference: str
    sentence: str


def held_by_source(model: Model) -> str:
    """The table of the model's outcomes."""
    return model.source


@dataclass(frozen=True)
class Estimator:
    """One estimator: everything that the estimates, the trace and the documents ask of it.

    possible: the values of a model's key that it can take, any other would do nothing; a key that is not here, or with
    None, is free. problems: of a model, each with the persons, outcomes, design and clusters it rests on; with an
    address only the one behind that estimate, of that outcome and week alone. rows: the estimates of a problem. terms:
    the sum that an estimate is. squares: the squares behind its standard error, None if it has none. level: the
    sum that the control group's mean beside an estimate is, if it can be said. counted: the sum of ones that a count
    beside an estimate is. is_iterated: found by steps, so its last digits depend on their number. held: the derived
    table that holds what a model estimates; '' if none does. pair: the address of the other of two bounds, if an
    estimate is one, with which it has its interval in common.
    """

    possible: Mapping[str, tuple[object, ...] | None]
    words: Words
    problems: Callable[[Model, Data, Address | None], Iterator[Any]]
    rows: Callable[[Any], list[Estimate]]
    terms: Callable[[Any, Address], Terms]
    counted: Callable[[Any, Address, str], Terms]
    squares: Callable[[Any, Address], Squares] | None = None
    level: Callable[[Any, Address], Terms] | None = None
    is_iterated: bool = False
    held: Callable[[Model], str] = held_by_source
    pair: Callable[[Address], Address | None] | None = None


def missing_rows(
    model: Model,
    sample: str,
    labels: Iterable[Label],
    parameters: Sequence[str],
    reason: str,
    notes: Iterable[str] = (),
) -> list[Estimate]:
    """A row for each address of a problem that gives no estimate, with the reason in its note.

    Its counts are those of nobody if that is the reason, else missing, for no estimate uses anybody.
    """
    note = "; ".join([NO_ESTIMATE + reason, *filter(None, notes)])
    count = 0 if reason.startswith(NOBODY_AT_ALL) else None
    return [
        Estimate(
            model=model.name,
            sample=sample,
            outcome=label.outcome,
            week=label.week,
            parameter=parameter,
            estimate=MISSING,
            n=count,
            n_treated=count,
            n_control=count,
            converged=False,
            note=note,
            sample_hash=hash_persons([]),
            spec_hash=model.spec_hash,
        )
        for label in labels
        for parameter in parameters
    ]


def left_out(number: int, which: str) -> str:
    """What a note says of persons of the sample who are in no estimate; '' of nobody."""
    return f"left out {number} persons {which}" if number else ""


def wanted(labels: Sequence[Label], address: Address | None) -> tuple[Label, ...]:
    """The labels of a model, or of those the one at the address."""
    if address is None:
        return tuple(labels)
    return tuple(label for label in labels if label == (address.outcome, address.week))
