"""Least squares on those who answered, each weighted by one over the probability of answering.

Non-response that allocation and what was known before the draw account for takes nothing from the effect then; what
they do not account for stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np

from pipeline.estimate import least_squares
from pipeline.estimate.problem import BoolArray, Data, Estimator, FloatArray, Words
from pipeline.estimate.regression import Fit, Regression, counted_in, place_of, regressions, rows_of, terms_of
from pipeline.estimate.table import Address, Estimate
from pipeline.estimate.terms import Squares, Terms
from pipeline.settings.models import Model
from pipeline.stats.response import effective_size, response_probabilities

FORMULA = "w = the row of (X'WX)^-1 X'W of {parameter}, W one over the probability of answering"


@dataclass(frozen=True)
class Weighted(Regression):
    """A regression of those who answered, and what is known of everybody of its part, answered or not.

    known: (N, q), the variables of the response of the N persons of the part.
    """

    known: FloatArray

    @property
    def answered(self) -> BoolArray:
        """Who of the part (N,) has these outcomes."""
        return np.isin(self.part.design.persons, self.design.persons)

    @cached_property
    def weights(self) -> FloatArray:
        """One over the probability of answering, (n,), of who did; NoEstimateError if it cannot be estimated.

        By logit on allocation, the variables of the response and their products with allocation, of the part as a
        whole: both groups of a split have the same coefficients. Weights are taken as known, which makes errors too
        large rather than too small (Robins, Rotnitzky and Zhao 1994), and are not trimmed: cutting the largest would
        bring back the non-response that they are there to undo.
        """
        answered = self.answered
        return np.asarray(1.0 / response_probabilities(answered, self.part.design.treated, self.known)[answered])


def problems(model: Model, data: Data, address: Address | None = None) -> Iterator[Weighted]:
    """The problems of a model: those of least squares, with the variables of the response."""
    known = data.people[list(model.response)].to_numpy(dtype=float)
    for problem in regressions(model, data, address):
        own = {field.name: getattr(problem, field.name) for field in fields(Regression)}
        yield Weighted(**own, known=known[problem.part.rows])


def fit(problem: Regression) -> Fit:
    """The effects of a problem by weighted least squares; NoEstimateError with the reason if there is none."""
    assert isinstance(problem, Weighted), "the problems are those of this module"
    weights = problem.weights
    found = least_squares.fit_design(problem, problem.design, problem.outcomes, weights)
    return replace(found, notes=[*found.notes, f"weighted, as precise as {effective_size(weights):.0f} persons"])


def rows(problem: Weighted) -> list[Estimate]:
    """The estimates of a problem; means of the controls are of those who answered, each alike."""
    return rows_of(problem, fit)


def terms(problem: Weighted, address: Address) -> Terms:
    """A coefficient is exactly sum_i w_i Y_i, with weights that rest on the probability of answering."""
    return terms_of(problem, address, FORMULA, lambda parameter: fit(problem).weights[place_of(problem, parameter)])


def squares(problem: Weighted, address: Address) -> Squares:
    """The clustered error of weighted least squares."""
    identity = "score(i) = w(i) x (outcome(i) - fitted(i)), w that of the estimate"
    row_of = np.arange(len(problem.design.persons))
    return least_squares.clustered_squares(problem, fit(problem), address, row_of, identity)


ESTIMATOR = Estimator(
    possible={**least_squares.ESTIMATOR.possible, "response": None},
    words=Words(
        r"\hat V = \frac{G}{G-1} \frac{N-1}{N-K} (X'WX)^{-1} \left(\sum_h s_h s_h'\right) (X'WX)^{-1}, "
        r"\quad s_h = \sum_{i \in h} X_i w_i e_i, \quad w_i = 1/\hat p_i",
        "t(G − 1)",
        "p(i) is the probability that i answered, by logit on allocation, what is known before the draw and their "
        "products; weights are taken as known and not trimmed.",
    ),
    problems=problems,
    rows=rows,
    terms=terms,
    counted=counted_in,
    squares=squares,
    level=least_squares.level,
    is_iterated=True,
)
