"""Write a standard error as the root of a factor times a sum of squares, each the sum of the cells of a cluster.

Clustered least squares (Stata 18 [R] regress): the score of a person is w x residual, summed by team. HC2 (MacKinnon
and White 1985): w x residual / sqrt(1 - leverage), every person a cluster. Robust Tobit: what a person's score moves
the coefficient by, every person a cluster. Observed information: its inverse is the sum over person-weeks of
information x (what the coefficient moves for it) squared, every person-week a cluster.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipeline.audit.build import Request
from pipeline.audit.person_weeks import hazard_terms
from pipeline.audit.sources import share_out, spread_evenly, trace_outcome, trace_person_weeks
from pipeline.audit.sums import RootOfSquares
from pipeline.errors import InputError
from pipeline.estimate.designs import FloatArray, PrognosisCases
from pipeline.stats.tobit import TobitFit, derivatives, fit_tobit


def decompose_error(request: Request) -> RootOfSquares:
    """The squares behind the standard error of an estimate; InputError for a model that shows none."""
    if request.model.estimator not in KINDS:
        raise InputError(
            f"trace: no way to give back a standard error of the model [{request.model.name}]. Add one to "
            "pipeline/audit/standard_errors.py, or show its estimate only."
        )
    return KINDS[request.model.estimator](request)


def _least_squares(request: Request) -> RootOfSquares:
    problem, address = request.problem(), request.address
    rows = np.arange(len(problem.persons)) if problem.row_of is None else problem.row_of
    orthogonal, _ = np.linalg.qr(problem.design)
    outcome = np.bincount(rows, weights=problem.outcome) / np.bincount(rows)
    fitted = (orthogonal @ (orthogonal.T @ outcome))[rows]
    weights = problem.weights(address.parameter)
    n, k = problem.design.shape
    if request.model.estimator == "municipality_effects":
        weights = weights / np.sqrt(1 - (orthogonal**2).sum(axis=1))
        clusters, cluster, factor, words = problem.persons, "person", 1.0, "1"
        identity = "score(i) = w(i) x (outcome(i) - fitted(i)) / sqrt(1 - leverage(i)): HC2"
    else:
        team = request.data["sample"].set_index("person")["team"]
        clusters, cluster = team.reindex(problem.persons).to_numpy(), "team"
        g = len(np.unique(clusters))
        factor = g / (g - 1) * (n - 1) / (n - k)
        words = f"G/(G-1) x (N-1)/(N-K) = {g}/{g - 1} x {n - 1}/{n - k} = {factor:.9g}"
        identity = "score(i) = w(i) x (outcome(i) - fitted(i)), w that of the estimate, summed by team"
        if problem.row_of is not None:
            identity += "; fitted(i) that of the mean of team and arm"
    cells = trace_outcome(address.outcome, address.week, problem.persons, weights, request.tables, request.model.source)
    less = share_out(cells, problem.persons, weights * fitted)
    cells = cells.assign(contribution=cells["contribution"] - less)
    return RootOfSquares(
        f"{identity}; a cell contributes weight x state less its equal part of the person's w x fitted",
        factor,
        words,
        pd.DataFrame({"person": problem.persons, "cluster": clusters, "score": weights * (problem.outcome - fitted)}),
        cells.assign(cluster=cells["person"].map(pd.Series(clusters, index=problem.persons))),
        cluster=cluster,
    )


def _hazard(request: Request) -> RootOfSquares:
    terms = hazard_terms(request.at_risk(), request.model, request.study)
    if request.address.parameter.endswith("_clustered"):
        team = request.data["sample"].set_index("person")["team"]
        terms = terms.assign(cluster=terms["person"].map(team))
        g, cluster = terms["cluster"].nunique(), "team"
        factor, words = g / (g - 1), f"G/(G-1) = {g}/{g - 1}"
        identity = "score(i,t) = derivative of the likelihood x the row of (X'HX)^-1 x of treated, summed by team"
    else:
        terms = terms.assign(cluster=_name(terms), score=terms["spread"])
        cluster, factor, words = "person-week", 1.0, "1"
        identity = (
            "the inverse of the observed information is the sum over person-weeks of score(i,t) squared, score(i,t) = "
            "sqrt(information of the person-week) x the row of (X'HX)^-1 x of treated"
        )
    located = terms.assign(weight=terms["score"], outcome=1.0)
    cells = trace_person_weeks(located, request.address.outcome, request.tables)
    return RootOfSquares(
        identity,
        factor,
        words,
        terms[["person", "week", "cluster", "score"]],
        cells,
        unit="person-weeks",
        cluster=cluster,
    )


def _name(terms: pd.DataFrame) -> pd.Series:
    """A name for every person-week."""
    return "person " + terms["person"].astype(str) + " week " + terms["week"].astype(str)


def _tobit(request: Request) -> RootOfSquares:
    address, model, cases = request.address, request.model, request.cases()
    limits = model.limits or (0.0, 1.0)
    fit = fit_tobit(cases.outcome, cases.design, limits, cases.columns)
    n = len(cases.persons)
    scores = _tobit_moves(fit, cases, limits)[:, cases.columns.index(address.parameter)]
    ones = trace_outcome(address.outcome, address.week, cases.persons, np.ones(n), request.tables)
    cells = spread_evenly(ones, cases.persons, scores)
    return RootOfSquares(
        "score(i) = the row of the inverse of the observed information x the derivative of the person's likelihood, "
        "every person a cluster; in equal parts over the person's weeks",
        n / (n - 1),
        f"N/(N-1) = {n}/{n - 1}",
        pd.DataFrame({"person": cases.persons, "cluster": cases.persons, "score": scores}),
        cells.assign(cluster=cells["person"]),
        cluster="person",
    )


def _tobit_moves(fit: TobitFit, cases: PrognosisCases, limits: tuple[float, float]) -> FloatArray:
    """What each person's score moves each coefficient by (n, k), from g = b / sigma and h = 1 / sigma."""
    orthogonal, upper = np.linalg.qr(cases.design)  # in orthogonal columns the information is well conditioned
    h = 1.0 / fit.sigma
    parameters = np.append(upper @ fit.coefficients * h, h)
    low, high = cases.outcome <= limits[0], cases.outcome >= limits[1]
    _, scores, information = derivatives(parameters, orthogonal, cases.outcome, low, high)
    moves = np.linalg.solve(information, scores.T).T
    return np.asarray((np.linalg.solve(upper, moves[:, :-1].T).T - np.outer(moves[:, -1], fit.coefficients)) / h)


KINDS = {
    "ols": _least_squares,
    "group_ols": _least_squares,
    "municipality_effects": _least_squares,
    "tobit": _tobit,
    "discrete_hazard": _hazard,
}
