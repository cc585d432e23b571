"""Least squares on the means of each cluster's arms, every mean counting alike: model (7), report chapter 4."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipeline.estimate import least_squares
from pipeline.estimate.designs import Design
from pipeline.estimate.problem import Estimator, FloatArray
from pipeline.estimate.regression import (
    Fit,
    Regression,
    count_of,
    counted_in,
    place_of,
    regressions,
    rows_of,
    terms_of,
)
from pipeline.estimate.table import Address, Estimate
from pipeline.estimate.terms import Squares, Terms, sum_of_ones
from pipeline.stats.ols import group_means

FORMULA = "w = the row of (X'X)^-1 X' of {parameter} on the means by cluster and arm, over the persons of the mean"


def fit(problem: Regression) -> Fit:
    """The effects of a problem on means; NoEstimateError with the reason if there is none."""
    averaged, row_of = average_arms(problem.design)
    cluster = problem.study.design.cluster
    arms = np.unique(2 * averaged.clusters + averaged.treated) // 2
    single = int((np.bincount(arms) == 1).sum())
    plural = cluster.plural_en if cluster else "persons"
    note = f"one arm only, so one mean, in {single} {plural}" if single and cluster else ""
    means = group_means(problem.outcomes, row_of, len(averaged.persons))
    found = least_squares.fit_design(problem, averaged, means)
    return replace(found, notes=[note, *found.notes])


def average_arms(design: Design) -> tuple[Design, np.ndarray]:
    """The design of the means by cluster and arm, and for each person (n,) the row of their mean.

    A cluster that lies in several strata has means in each, so that a mean is of one stratum.
    """
    cells = np.column_stack([design.clusters, design.strata, design.treated])
    _, first, row_of = np.unique(cells, axis=0, return_index=True, return_inverse=True)
    own = {name: getattr(design, name)[first] for name in ("persons", "strata", "clusters", "treated", "groups")}
    return replace(design, covariates=group_means(design.covariates, row_of, len(first)), **own), row_of


def rows(problem: Regression) -> list[Estimate]:
    """The estimates of a problem; n counts means."""
    return rows_of(problem, fit)


def terms(problem: Regression, address: Address) -> Terms:
    """A coefficient is a weighted sum of means, and so of the persons' outcomes."""

    def weigh(parameter: str) -> FloatArray:
        row_of = average_arms(problem.design)[1]
        weights = fit(problem).weights[place_of(problem, parameter)]
        return np.asarray((weights / np.bincount(row_of))[row_of])

    return terms_of(problem, address, FORMULA, weigh)


def squares(problem: Regression, address: Address) -> Squares:
    """The clustered error of least squares, of which a person has an equal part of the score of the mean."""
    row_of = average_arms(problem.design)[1]
    identity = "score(i) = w(i) x (outcome(i) - fitted(i)), w that of the estimate, fitted(i) that of the mean"
    return least_squares.clustered_squares(problem, fit(problem), address, row_of, identity)


def counted(problem: Regression, address: Address, statistic: str) -> Terms:
    """n counts means: 1/(persons of the mean) for each of its persons."""
    if statistic == "n_clusters":
        return counted_in(problem, address, statistic)
    averaged, row_of = average_arms(problem.design)
    if statistic != "n":
        return count_of(averaged.persons, averaged.treated, averaged.clusters, statistic)
    identity = "n = sum of one for every mean by cluster and arm: 1/(persons of the mean) for each of its persons"
    return sum_of_ones(identity, problem.design.persons, (1.0 / np.bincount(row_of))[row_of])


ESTIMATOR = Estimator(
    possible={**least_squares.ESTIMATOR.possible, "splits": ((),), "peers": ("none",)},
    words=replace(
        least_squares.ESTIMATOR.words, sentence="N is the number of means by cluster and arm, h the G clusters."
    ),
    problems=regressions,
    rows=rows,
    terms=terms,
    counted=counted,
    squares=squares,
)
