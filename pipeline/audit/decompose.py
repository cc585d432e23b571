"""Write an estimate as a sum over persons and over cells of the received files.

Every kind of estimate has an exact identity: least squares and means are weighted sums of outcomes; a
maximum-likelihood hazard is the last weighted least-squares step of its own maximisation; a survival curve is one less
the masses of those who left; a density is a sum of kernels; a count is a sum of ones; a Tobit
coefficient is least squares of the expected latent outcome.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from pipeline.audit.build import Request
from pipeline.audit.counts import decompose_count
from pipeline.audit.person_weeks import hazard_terms, survival_terms
from pipeline.audit.sources import spread_evenly, trace_outcome, trace_person_weeks
from pipeline.audit.sums import Sum
from pipeline.errors import InputError
from pipeline.estimate.designs import Label, outcome_values
from pipeline.estimate.estimation import Problem
from pipeline.stats.density import silverman_bandwidth
from pipeline.stats.ols import coefficient_weights
from pipeline.stats.tobit import fit_tobit


def decompose(request: Request) -> Sum:
    """The sum behind an estimate."""
    return KINDS[request.model.estimator](request)


FORMULAS = {
    "ols": "w = the row of (X'X)^-1 X' of {parameter}",
    "group_ols": "w = the row of (X'X)^-1 X' of {parameter} on the means by team and arm, over the persons of the mean",
    "municipality_effects": "w = the sum over municipalities k of N(k)/N x the row of (X'X)^-1 X' of the effect in k",
}


def _least_squares(request: Request) -> Sum:
    address, model = request.address, request.model
    problem = request.problem()
    statistic, _, group = address.parameter.partition(":")
    if statistic == "size":
        return _size(request, problem, group)
    weights = problem.weights(address.parameter)
    counted = weights != 0.0
    persons, weights = problem.persons[counted], weights[counted]
    what = {"shares": "share of weeks", "weekly": "state in the week"}.get(model.source, "value")
    formula = FORMULAS[model.estimator]
    if statistic == "control_mean":
        formula = f"w = 1/{len(persons)} for the {len(persons)} controls of the group{_others(counted)}"
    return Sum(
        f"estimate = sum over persons of w(i) x {what}(i), {formula.format(parameter=address.parameter)}",
        pd.DataFrame({"person": persons, "weight": weights, "outcome": problem.outcome[counted]}),
        trace_outcome(address.outcome, address.week, persons, weights, request.tables, model.source),
    )


def _others(counted: np.ndarray) -> str:
    """What the persons of weight zero, who have no cells here, do in the model."""
    others = int((~counted).sum())
    return (
        f"; the other {others} persons of the model, LTJS or of the other group, weigh nothing in this mean: they are "
        "in the model for the effects and the common coefficients"
    )


def _size(request: Request, problem: Problem, group: str) -> Sum:
    """A group's share of the persons; its cells are those of the variable that makes the group."""
    persons = problem.persons[problem.members(group)]
    parts = np.full(len(persons), 1 / len(problem.persons))
    variable = request.study.splits[request.address.sample].variable
    ones = trace_outcome(variable, None, persons, np.ones(len(persons)), request.tables)
    return Sum(
        f"share = sum over the persons of the group of 1/N; each is in the group by {variable}",
        pd.DataFrame({"person": persons, "weight": parts, "outcome": 1.0}),
        spread_evenly(ones, persons, parts),
    )


def _tobit(request: Request) -> Sum:
    """The scores of the slopes add up to zero at the maximum: they are least squares of the latent outcome."""
    address, model = request.address, request.model
    label, cases = Label(address.outcome, address.week), request.cases()
    limits = model.limits or (0.0, 1.0)
    fit = fit_tobit(cases.outcome, cases.design, limits, cases.columns)
    if not fit.converged:
        raise InputError(f"trace: the model [{model.name}] did not converge here, so there is no number to trace.")
    latent = fit.latent
    weights = coefficient_weights(cases.design, cases.columns.index(address.parameter))
    inside = (cases.outcome > limits[0]) & (cases.outcome < limits[1])
    observed, censored = cases.persons[inside], cases.persons[~inside]
    cells = [trace_outcome(*label, observed, weights[inside], request.tables)]
    if len(censored):
        ones = trace_outcome(*label, censored, np.ones(len(censored)), request.tables)
        cells.append(spread_evenly(ones, censored, (weights * latent)[~inside]))
    return Sum(
        "estimate = sum over persons of w(i) x y*(i), w = the row of (X'X)^-1 X'; y* is the outcome, and at a limit "
        "what is expected beyond it, spread over the person's weeks",
        pd.DataFrame({"person": cases.persons, "weight": weights, "outcome": latent}),
        pd.concat(cells, ignore_index=True),
    )


def _mean(request: Request) -> Sum:
    people, name = request.people(), request.address.outcome
    values = outcome_values([Label(name, None)], people, request.data)[:, 0]
    known = np.isfinite(values)
    persons, weights = people["person"].to_numpy()[known], np.full(known.sum(), 1 / known.sum())
    return Sum(
        "mean = sum over persons of 1/n x value(i)",
        pd.DataFrame({"person": persons, "weight": weights, "outcome": values[known]}),
        trace_outcome(name, None, persons, weights, request.tables),
    )


def _hazard(request: Request) -> Sum:
    terms = hazard_terms(request.at_risk(), request.model, request.study)
    return Sum(
        "estimate = sum over person-weeks of w(i,t) x z(i,t), the weighted least-squares step at the maximum: z is the "
        "linear predictor plus score over information, w the row of (X'HX)^-1 X'H of treated",
        terms,
        trace_person_weeks(terms, request.address.outcome, request.tables),
        unit="person-weeks",
    )


def _survival(request: Request) -> Sum:
    terms = survival_terms(request.at_risk(request.address.parameter), request.address.week or 0)
    return Sum(
        "S(t) = 1 - sum over those who left by week t of S(just before) / number at risk",
        terms,
        trace_person_weeks(terms, request.address.outcome, request.tables),
        constant=1.0,
    )


def _density(request: Request) -> Sum:
    address, people = request.address, request.people()
    arm = people[people["treated"] == (address.parameter == "treated")]
    point = grid_point(request)
    known = arm[arm[address.outcome].notna()]
    values = known[address.outcome].to_numpy(dtype=float)
    width = silverman_bandwidth(values)
    kernels = np.exp(-0.5 * ((point - values) / width) ** 2) / (len(values) * width * math.sqrt(2 * math.pi))
    persons = known["person"].to_numpy()
    ones = trace_outcome(address.outcome, None, persons, np.ones(len(persons)), request.tables)
    return Sum(
        f"density = sum over persons of K((x - x(i)) / h) / (n h), x = {point:g}, h = {width:.6g}, K normal",
        pd.DataFrame({"person": persons, "weight": kernels, "outcome": 1.0}),
        spread_evenly(ones, persons, kernels),
    )


def grid_point(request: Request) -> float:
    """The point at which a density is evaluated."""
    grid = (request.model.grid or {})[request.address.outcome]
    return float(grid.first + (request.address.week or 0) * grid.step)


KINDS = {
    "ols": _least_squares,
    "group_ols": _least_squares,
    "municipality_effects": _least_squares,
    "tobit": _tobit,
    "mean": _mean,
    "discrete_hazard": _hazard,
    "kaplan_meier": _survival,
    "density": _density,
    "count": decompose_count,
}
