"""Write an estimate as a sum over persons and over cells of the received files.

Every kind of estimate has an exact identity: least squares and means are weighted sums of outcomes; a
maximum-likelihood hazard is the last weighted least-squares step of its own maximisation; a survival curve is one less
the masses of those who left; a density is a sum of kernels; a count is a sum of ones; a Tobit
coefficient is least squares of the expected latent outcome.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.audit.person_weeks import hazard_terms, survival_terms
from pipeline.audit.sources import Tables, locate_draws, spread_evenly, trace_outcome, trace_person_weeks
from pipeline.config import Study
from pipeline.designs import Label, outcome_values, prognosis_cases
from pipeline.errors import InputError
from pipeline.estimates import Address
from pipeline.estimation import Problem, estimation_problem
from pipeline.files import load_input
from pipeline.models import Model
from pipeline.samples import join_background, select_sample, spells
from pipeline.stats.density import silverman_bandwidth
from pipeline.stats.ols import coefficient_weights
from pipeline.stats.tobit import fit_tobit


@dataclass(frozen=True)
class Decomposition:
    """An estimate as a sum.

    identity: the formula in words. terms: one row a person, or person-week, with weight and outcome; unit says which.
    cells: one row a cell of a received file with weight and contribution. constant: what stands beside the sum.
    """

    identity: str
    terms: pd.DataFrame
    cells: pd.DataFrame
    constant: float = 0.0
    unit: str = "persons"

    @property
    def total(self) -> float:
        """The constant and the contributions of all cells, added without intermediate rounding."""
        return math.fsum([self.constant, *self.cells["contribution"]])


@dataclass(frozen=True)
class Request:
    """What is to be decomposed, and the tables it is decomposed with."""

    address: Address
    model: Model
    study: Study
    data: dict[str, pd.DataFrame]
    tables: Tables

    def people(self) -> pd.DataFrame:
        """The persons of the sample with their background."""
        joined = join_background(self.data["sample"], self.data["background"])
        return select_sample(joined, self.address.sample, self.study)


def decompose(address: Address, model: Model | None, study: Study, derived: Path, config: Path) -> Decomposition:
    """The sum behind the estimate at `address`; InputError for a model that has no decomposition."""
    if model is None:
        raise InputError(f"config/models.toml: no table [{address.model}], so nothing says what the number is. Add it.")
    names = ["sample", "background", "shares", "durations", "exclusions", "weekly", "followup"]
    data = {name: load_input(derived / f"{name}.parquet") for name in names}
    located = ["trial", "sample", "weekly", "register_columns", "baseline_items", "followup_items"]
    tables = Tables(
        **{name: load_input(derived / f"{name}.parquet") for name in located},
        scales=load_input(config / "scales.csv"),
        outcomes=load_input(config / "outcomes.toml"),
        study=study,
    )
    return KINDS[model.estimator](Request(address, model, study, data, tables))


FORMULAS = {
    "ols": "w = the row of (X'X)^-1 X' of {parameter}",
    "group_ols": "w = the row of (X'X)^-1 X' of {parameter} on the means by team and arm, over the persons of the mean",
    "municipality_effects": "w = the sum over municipalities k of N(k)/N x the row of (X'X)^-1 X' of the effect in k",
}


def _least_squares(request: Request) -> Decomposition:
    address, model = request.address, request.model
    problem = estimation_problem(model, address.sample, address.outcome, address.week, request.data, request.study)
    statistic, _, group = address.parameter.partition(":")
    if statistic == "size":
        return _size(request, problem, group)
    weights = problem.weights(address.parameter)
    counted = weights != 0.0 if statistic == "control_mean" else np.ones(len(weights), dtype=bool)
    persons, weights = problem.persons[counted], weights[counted]
    what = {"shares": "share of weeks", "weekly": "state in the week"}.get(model.source, "value")
    formula = "w = 1/n for the controls of the group" if statistic == "control_mean" else FORMULAS[model.estimator]
    return Decomposition(
        f"estimate = sum over persons of w(i) x {what}(i), {formula.format(parameter=address.parameter)}",
        pd.DataFrame({"person": persons, "weight": weights, "outcome": problem.outcome[counted]}),
        trace_outcome(address.outcome, address.week, persons, weights, request.tables, model.source),
    )


def _size(request: Request, problem: Problem, group: str) -> Decomposition:
    """A group's share of the persons; its cells are those of the variable that makes the group."""
    persons = problem.persons[problem.members(group)]
    parts = np.full(len(persons), 1 / len(problem.persons))
    variable = request.study.splits[request.address.sample].variable
    ones = trace_outcome(variable, None, persons, np.ones(len(persons)), request.tables)
    return Decomposition(
        f"share = sum over the persons of the group of 1/N; each is in the group by {variable}",
        pd.DataFrame({"person": persons, "weight": parts, "outcome": 1.0}),
        spread_evenly(ones, persons, parts, request.tables),
    )


def _tobit(request: Request) -> Decomposition:
    """The scores of the slopes add up to zero at the maximum: they are least squares of the latent outcome."""
    address, model = request.address, request.model
    label = Label(address.outcome, address.week)
    cases = prognosis_cases(model, address.sample, label, request.data, request.study)
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
        cells.append(spread_evenly(ones, censored, (weights * latent)[~inside], request.tables))
    return Decomposition(
        "estimate = sum over persons of w(i) x y*(i), w = the row of (X'X)^-1 X'; y* is the outcome, and at a limit "
        "what is expected beyond it, spread over the person's weeks",
        pd.DataFrame({"person": cases.persons, "weight": weights, "outcome": latent}),
        pd.concat(cells, ignore_index=True),
    )


def _mean(request: Request) -> Decomposition:
    people, name = request.people(), request.address.outcome
    values = outcome_values([Label(name, None)], people, request.data)[:, 0]
    known = np.isfinite(values)
    persons, weights = people["person"].to_numpy()[known], np.full(known.sum(), 1 / known.sum())
    return Decomposition(
        "mean = sum over persons of 1/n x value(i)",
        pd.DataFrame({"person": persons, "weight": weights, "outcome": values[known]}),
        trace_outcome(name, None, persons, weights, request.tables),
    )


def _hazard(request: Request) -> Decomposition:
    at_risk = spells(
        request.people(), request.data["durations"], request.address.outcome, request.study.time.horizon_weeks
    )
    terms = hazard_terms(at_risk, request.model, request.study)
    return Decomposition(
        "estimate = sum over person-weeks of w(i,t) x z(i,t), the weighted least-squares step at the maximum: z is the "
        "linear predictor plus score over information, w the row of (X'HX)^-1 X'H of treated",
        terms,
        trace_person_weeks(terms, request.address.outcome, request.tables),
        unit="person-weeks",
    )


def _survival(request: Request) -> Decomposition:
    people = request.people()
    arm = people[people["treated"] == (request.address.parameter == "treated")]
    at_risk = spells(arm, request.data["durations"], request.address.outcome, request.study.time.horizon_weeks)
    terms = survival_terms(at_risk, request.address.week or 0)
    return Decomposition(
        "S(t) = 1 - sum over those who left by week t of S(just before) / number at risk",
        terms,
        trace_person_weeks(terms, request.address.outcome, request.tables),
        constant=1.0,
    )


def _density(request: Request) -> Decomposition:
    address, people = request.address, request.people()
    arm = people[people["treated"] == (address.parameter == "treated")]
    grid = (request.model.grid or {})[address.outcome]
    point = grid.first + (address.week or 0) * grid.step
    known = arm[arm[address.outcome].notna()]
    values = known[address.outcome].to_numpy(dtype=float)
    width = silverman_bandwidth(values)
    kernels = np.exp(-0.5 * ((point - values) / width) ** 2) / (len(values) * width * math.sqrt(2 * math.pi))
    persons = known["person"].to_numpy()
    ones = trace_outcome(address.outcome, None, persons, np.ones(len(persons)), request.tables)
    return Decomposition(
        f"density = sum over persons of K((x - x(i)) / h) / (n h), x = {point:g}, h = {width:.6g}, K normal",
        pd.DataFrame({"person": persons, "weight": kernels, "outcome": 1.0}),
        spread_evenly(ones, persons, kernels, request.tables),
    )


def _count(request: Request) -> Decomposition:
    address = request.address
    persons = _counted(request)
    if address.outcome == "teams":
        identity = "count = sum of one for the first row of every team"
        outcome = np.ones(len(persons))
    elif address.outcome.startswith("recruitment_"):
        days = request.data["background"].set_index("person")["allocation_day"].loc[persons]
        chosen = days.idxmin() if address.outcome == "recruitment_start" else days.idxmax()
        persons = np.array([chosen])
        identity, outcome = "the first (last) draw of the team, in days since 1970-01-01", days.loc[persons].to_numpy()
    else:
        identity, outcome = "count = sum of one for every row counted", np.ones(len(persons))
    terms = pd.DataFrame({"person": persons, "weight": 1.0, "outcome": outcome})
    return Decomposition(identity, terms, locate_draws(terms, request.tables))


def _counted(request: Request) -> np.ndarray:
    """The persons that a number of figure 2.1 or 2.2 or table 2.1 counts; one for each team where teams are."""
    address = request.address
    unit = request.model.unit
    if unit is None:
        rows = request.data["exclusions"]
        if address.outcome != "randomised":
            rows = rows[rows["reason"] == address.outcome]
        arm = address.sample
    else:
        rows = request.data["sample"]
        if address.sample != "total":
            rows = rows[rows[unit] == address.sample]
        if address.outcome == "teams":
            rows = rows.drop_duplicates("team")
        arm = address.outcome
    if arm in ("treated", "control"):
        rows = rows[rows["treated"] == (arm == "treated")]
    return rows["person"].to_numpy()


KINDS = {
    "ols": _least_squares,
    "group_ols": _least_squares,
    "municipality_effects": _least_squares,
    "tobit": _tobit,
    "mean": _mean,
    "discrete_hazard": _hazard,
    "kaplan_meier": _survival,
    "density": _density,
    "count": _count,
}
