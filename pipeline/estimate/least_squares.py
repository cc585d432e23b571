"""Least squares on persons, with a dummy for each stratum and errors clustered on the clusters of the design.

Models (2) to (5) of the report: the effect of allocation, in all or by group, given covariates or not.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipeline.estimate.designs import Design
from pipeline.estimate.problem import Estimator, FloatArray, Words
from pipeline.estimate.regression import (
    ONE_CLUSTER_NOTE,
    Fit,
    Regression,
    counted_in,
    determined,
    drop_dependent,
    dropped_note,
    place_of,
    regressions,
    rows_of,
    terms_of,
    why_not_identified,
)
from pipeline.estimate.table import Address, Estimate
from pipeline.estimate.terms import Evidence, Squares, Terms
from pipeline.stats.errors import NoEstimateError
from pipeline.stats.ols import OLSFit, clustered_errors, fit_cluster_ols, is_aliased

FORMULA = "w = the row of (X'X)^-1 X' of {parameter}"


def fit(problem: Regression) -> Fit:
    """The effects of a problem by one factorisation; NoEstimateError with the reason if there is none.

    An effect that the data do not identify is missing, and its persons stay for the common coefficients: with their
    effect, for without it they would count as untreated. A covariate that the columns before it determine is left out,
    as other packages do. Without clusters every person is one, the factor of the variance N/(N-K) (HC1) and the
    reference t(N-K).
    """
    return fit_design(problem, problem.design, problem.outcomes)


def fit_design(problem: Regression, design: Design, outcomes: FloatArray, weights: FloatArray | None = None) -> Fit:
    """The fit of outcomes (n, m) on a design of n rows, persons or means of them, of the problem; with weights (n,)."""
    reasons = why_not_identified(problem)
    if all(reasons):
        raise NoEstimateError(reasons[0])
    columns = {**dict(zip(design.names, design.covariates.T, strict=True)), **_effect_columns(design)}
    is_clustered = problem.model.cluster != "none"
    clusters = design.clusters if is_clustered else np.arange(len(outcomes))

    def solve(names: list[str]) -> tuple[OLSFit, list[str]]:
        matrix = np.column_stack([columns[name] for name in names])
        return fit_cluster_ols(outcomes, matrix, clusters, names, design.strata, weights), names

    (found, names), dropped = drop_dependent([*columns], solve)
    kept = [names.index(name) if name in names else -1 for name in design.effects]
    aliased = np.zeros(len(kept), dtype=bool)
    if dropped:
        aliased = is_aliased(found.weights[kept], np.column_stack([columns[name] for name in dropped]))
    for place, name in enumerate(design.effects):
        if name in dropped or aliased[place]:
            reasons[place] = reasons[place] or determined(name)
    contrasts = design.contrasts
    weights = contrasts @ found.weights[kept]
    errors, no_variance = clustered_errors(weights, found, outcomes, clusters)
    reasons = [next((reasons[place] for place in np.flatnonzero(row) if reasons[place]), "") for row in contrasts]
    known = np.array([not reason for reason in reasons])
    g, n, k = found.n_clusters, found.n, found.k
    words = f"G/(G-1) x (N-1)/(N-K) = {g}/{g - 1} x {n - 1}/{n - k} = {found.factor:.9g}"
    return Fit(
        effects=np.where(known[:, None], contrasts @ found.coefficients[kept], np.nan),
        errors=np.where(known[:, None], errors, np.nan),
        perfect_fit=found.perfect_fit,
        no_variance=no_variance,
        df=found.df if is_clustered else n - k,
        n=n,
        n_clusters=g if is_clustered else None,
        weights=weights,
        residuals=found.residuals,
        reasons=tuple(reasons),
        outcomes=outcomes,
        treated=design.treated,
        factor=found.factor,
        factor_words=words if is_clustered else f"N/(N-K) = {n}/{n - k} = {found.factor:.9g}",
        scale=np.ones(n),
        kept=tuple(names),
        notes=["" if g > 1 else ONE_CLUSTER_NOTE, *dropped_note([name for name in dropped if name in design.names])],
    )


def _effect_columns(design: Design) -> dict[str, FloatArray]:
    """Allocation of the members of each group, by the name of its effect."""
    return {
        name: (design.treated & (design.groups == number)).astype(float) for number, name in enumerate(design.effects)
    }


def rows(problem: Regression) -> list[Estimate]:
    """The estimates of a problem; in a split the control mean and the size of each group too."""
    return rows_of(problem, fit)


def terms(problem: Regression, address: Address) -> Terms:
    """A coefficient is exactly sum_i w_i Y_i, w the row of (X'X)^-1 X' for it."""

    def weigh(parameter: str) -> FloatArray:
        return fit(problem).weights[place_of(problem, parameter)]

    return terms_of(problem, address, FORMULA, weigh)


def level(problem: Regression, address: Address) -> Terms:
    """The mean of the controls that stands beside an effect: those of its group, where there are several."""
    group = address.parameter.partition(":")[2]
    return terms(problem, replace(address, parameter=f"control_mean:{group}"))


def squares(problem: Regression, address: Address) -> Squares:
    """The clustered error (Stata 18 [R] regress): the score of a person is w x residual, summed by cluster."""
    found = fit(problem)
    row_of = np.arange(len(problem.design.persons))
    return clustered_squares(problem, found, address, row_of, "score(i) = w(i) x (outcome(i) - fitted(i)), w that of "
                             "the estimate")  # fmt: skip


def clustered_squares(problem: Regression, found: Fit, address: Address, row_of: np.ndarray, identity: str) -> Squares:
    """The squares of a fit on rows, of which `row_of` (n,) is each person's; a person has an equal part of its row."""
    import pandas as pd

    design, place = problem.design, place_of(problem, address.parameter)
    weights = (found.weights[place] / np.bincount(row_of))[row_of] * found.scale[row_of]
    fitted = (found.outcomes - found.residuals)[row_of, 0]
    is_clustered = problem.model.cluster != "none"
    cluster = problem.study.design.cluster
    grouped = is_clustered and cluster is not None
    one = "person" if len(found.outcomes) == len(row_of) else "mean"
    first = np.unique(row_of, return_index=True)[1]
    names = np.array(design.cluster_names)[design.clusters] if is_clustered else design.persons[first][row_of]
    scores = weights * (problem.outcomes[:, 0] - fitted)
    table = pd.DataFrame({"person": design.persons, "cluster": names, "score": scores})
    return Squares(
        f"{identity}{', summed by cluster' if grouped else f', every {one} a cluster'}; a cell contributes weight x "
        "state less its equal part of the person's w x fitted",
        found.factor,
        found.factor_words,
        table,
        (
            Evidence("outcome", design.persons, address.outcome, address.week, problem.model.source, direct=weights,
                     evenly=-weights * fitted, clusters=names),
        ),
        cluster=cluster.singular_en if grouped and cluster is not None else one,
        is_listed=grouped,
    )  # fmt: skip


ESTIMATOR = Estimator(
    possible={
        "link": (None,), "grid": (None,), "limits": (None,), "printed": ((),), "treatment": ("treated",),
    },
    words=Words(
        r"\hat V = \frac{G}{G-1} \frac{N-1}{N-K} (X'X)^{-1} \left(\sum_h s_h s_h'\right) (X'X)^{-1}, "
        r"\quad s_h = \sum_{i \in h} X_i e_i",
        "t(G − 1)",
        "X is the whole design with its dummies, K its columns, h the G clusters.",
    ),
    problems=regressions,
    rows=rows,
    terms=terms,
    counted=counted_in,
    squares=squares,
    level=level,
)  # fmt: skip
