"""An effect for each stratum, averaged by the strata's number of persons: model (6), Imbens and Rubin (2015, p. 205).

The error is HC2, without covariates Neyman's of a stratified trial. Clustering is not valid here: a stratum with one
cluster would add nothing to the variance.
"""

from __future__ import annotations

import numpy as np

from pipeline.estimate import least_squares
from pipeline.estimate.designs import EVERYBODY, Design
from pipeline.estimate.problem import Estimator, FloatArray, Words
from pipeline.estimate.regression import (
    Fit,
    Regression,
    counted_in,
    determined,
    drop_dependent,
    dropped_note,
    regressions,
    rows_of,
    terms_of,
)
from pipeline.estimate.table import Address, Estimate
from pipeline.estimate.terms import Squares, Terms
from pipeline.stats.errors import NoEstimateError
from pipeline.stats.ols import ContrastFit, fit_contrast, is_aliased

FORMULA = "w = the sum over strata k of N(k)/N x the row of (X'X)^-1 X' of the effect in k"


def fit(problem: Regression) -> Fit:
    """The average effect; a stratum with one arm leaves the average, whose weights are those of the rest.

    Its persons stay in the regression for the common coefficients, as a dummy of their own. NoEstimateError if no
    stratum has both arms.
    """
    design = problem.design
    cells, contrast = _contrast(design)
    left_out = ", ".join(sorted(stratum for stratum, _ in design.strata_with_one_arm()))
    columns = dict(zip(design.names, design.covariates.T, strict=True))

    def solve(names: list[str]) -> ContrastFit:
        matrix = np.column_stack([columns[name] for name in names]) if names else np.zeros((len(cells), 0))
        return fit_contrast(problem.outcomes, matrix, cells, contrast, names)

    found, dropped = drop_dependent(design.names, solve)
    if dropped and is_aliased(found.weights[None], np.column_stack([columns[name] for name in dropped]))[0]:
        raise NoEstimateError(determined(design.treatment))
    alone = sorted({_address(design, stratum) for stratum in design.strata[found.leverage_one & (found.weights != 0)]})
    return Fit(
        effects=found.estimates[None],
        errors=found.standard_errors[None],
        perfect_fit=found.perfect_fit,
        no_variance=found.no_variance[None],
        df=found.df,
        n=found.n,
        n_clusters=None,
        weights=found.weights[None],
        residuals=found.residuals,
        reasons=("",),
        outcomes=problem.outcomes,
        treated=design.treated,
        factor=1.0,
        factor_words="1",
        scale=1.0 / np.sqrt(np.where(found.leverage_one, np.inf, 1.0 - found.leverage)),
        kept=tuple(name for name in design.names if name not in dropped),
        notes=[
            f"a single person in an arm of {', '.join(alone)}: no standard error" if alone else "",
            f"left out of the average, one arm only: {left_out}" if left_out else "",
            *dropped_note(dropped),
        ],
    )


def _contrast(design: Design) -> tuple[np.ndarray, FloatArray]:
    """The cell of stratum and arm of each person (n,), and the weight of each cell (c,) in the average effect."""
    levels, cells = np.unique(2 * design.strata + design.treated, return_inverse=True)
    stratum, is_treated = levels // 2, levels % 2 == 1
    has_both = np.isin(stratum, np.intersect1d(stratum[is_treated], stratum[~is_treated]))
    sizes = np.bincount(design.strata)[stratum] * has_both
    if not has_both.any():
        one_arm = len(np.unique(design.treated)) < 2
        raise NoEstimateError("one arm only" if one_arm else f"no {_grouping(design)} has both arms")
    total = sizes[is_treated].sum()
    return cells, np.where(is_treated, sizes, -sizes) / total


def _grouping(design: Design) -> str:
    return design.strata_names[0].split(":")[0]


def _address(design: Design, stratum: int) -> str:
    return design.strata_names[stratum].partition(":")[2] or EVERYBODY


def rows(problem: Regression) -> list[Estimate]:
    """The average effect of each outcome."""
    return rows_of(problem, fit)


def terms(problem: Regression, address: Address) -> Terms:
    """The average of effects is a weighted sum of outcomes."""
    return terms_of(problem, address, FORMULA, lambda _: fit(problem).weights[0])


def squares(problem: Regression, address: Address) -> Squares:
    """HC2 (MacKinnon and White 1985): the score of a person is w x residual / sqrt(1 - leverage)."""
    identity = "score(i) = w(i) x (outcome(i) - fitted(i)) / sqrt(1 - leverage(i)): HC2"
    rows_of_persons = np.arange(len(problem.design.persons))
    return least_squares.clustered_squares(problem, fit(problem), address, rows_of_persons, identity)


ESTIMATOR = Estimator(
    possible={
        **least_squares.ESTIMATOR.possible, "splits": ((),), "peers": ("none",), "cluster": ("none",),
    },
    words=Words(
        r"\hat V(\hat\tau_t) = \sum_i \frac{w_i^2 e_i^2}{1 - h_{ii}}, \quad "
        r"w' = c'(X'X)^{-1}X', \; c_k = N_k/N",
        "t(N − K)",
        "HC2: h(ii) is the leverage of person i; without covariates it is Neyman's variance of a stratified trial. A "
        "stratum with one arm leaves the average, whose weights are those of the rest.",
    ),
    problems=regressions,
    rows=rows,
    terms=terms,
    counted=counted_in,
    squares=squares,
)  # fmt: skip
