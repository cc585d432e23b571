"""Counts as sums of ones: persons, arms, teams, person-weeks, and those at risk in a week."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipeline.audit.build import Request
from pipeline.audit.person_weeks import hazard_terms
from pipeline.audit.sources import locate_draws, spread_evenly, trace_person_weeks, trace_weeks
from pipeline.audit.sums import Sum
from pipeline.estimate.designs import Label, outcome_values


def count_persons(request: Request, statistic: str) -> Sum:
    """The count `statistic` that stands beside an estimate: n, n_treated, n_control, n_clusters or at_risk."""
    estimator = request.model.estimator
    if estimator == "kaplan_meier":
        return _at_risk(request)
    if estimator == "discrete_hazard" and statistic in ("n", "at_risk"):
        terms = hazard_terms(request.at_risk(), request.model, request.study)[["person", "week"]]
        terms = terms.assign(weight=1.0, outcome=1.0)
        cells = trace_person_weeks(terms, request.address.outcome, request.tables)
        return Sum("n = sum of one for every person-week used", terms, cells, unit="person-weeks")
    terms = _persons(request).merge(request.data["sample"][["person", "treated", "team"]], on="person")
    if statistic in ("n_treated", "n_control"):
        terms = terms[terms["treated"] == (statistic == "n_treated")].assign(weight=1.0)
        identity = f"count = sum of one for every person used who is {'LTJS' if terms['treated'].any() else 'control'}"
    elif statistic == "n_clusters":
        terms = terms.drop_duplicates("team").assign(weight=1.0)
        identity = "count = sum of one for a person of every team"
    elif estimator == "group_ols":
        identity = "n = sum of one for every mean by team and arm: 1/(persons of the mean) for each of its persons"
    else:
        identity = "n = sum of one for every person used"
    terms = terms.assign(outcome=1.0)[["person", "weight", "outcome"]]
    return Sum(identity, terms, locate_draws(terms, request.tables))


def _persons(request: Request) -> pd.DataFrame:
    """The persons that an estimate rests on, and the weight of each in n."""
    estimator, parameter = request.model.estimator, request.address.parameter
    if estimator in ("ols", "group_ols", "municipality_effects"):
        problem = request.problem()
        statistic, _, group = parameter.partition(":")
        used = np.ones(len(problem.persons), dtype=bool)
        if statistic in ("size", "control_mean"):
            used = problem.members(group) & ~(problem.people.treated & (statistic == "control_mean"))
        sizes = np.ones(len(used)) if problem.row_of is None else np.bincount(problem.row_of)[problem.row_of]
        return pd.DataFrame({"person": problem.persons[used], "weight": 1 / sizes[used]})
    if estimator == "tobit":
        persons = request.cases().persons
    elif estimator == "discrete_hazard":
        persons = hazard_terms(request.at_risk(), request.model, request.study)["person"].unique()
    elif estimator == "count":
        persons = _counted(request)
    else:
        people = request.people()
        if estimator == "density":
            people = people[people["treated"] == (parameter == "treated")]
        known = np.isfinite(outcome_values([Label(request.address.outcome, None)], people, request.data)[:, 0])
        persons = people["person"].to_numpy()[known]
    return pd.DataFrame({"person": persons, "weight": 1.0})


def _at_risk(request: Request) -> Sum:
    """Everybody of the arm who has not left before the week, each by the weeks up to it in equal parts."""
    week = max(request.address.week or 0, 1)
    at_risk = request.at_risk(request.address.parameter)
    persons = at_risk.loc[at_risk["weeks"] >= week, "person"].to_numpy()
    ones = np.ones(len(persons))
    cells = trace_weeks(
        request.tables.outcomes.exits[request.address.outcome].state,
        np.arange(1, week + 1),
        persons,
        ones,
        request.tables,
    )
    return Sum(
        f"at risk = sum of one for all who have not left before week {week}, in equal parts over weeks 1 to {week}",
        pd.DataFrame({"person": persons, "weight": ones, "outcome": 1.0}),
        spread_evenly(cells, persons, ones),
    )


def decompose_count(request: Request) -> Sum:
    """A number of figures 2.1 and 2.2 and table 2.1: rows of the allocation file, or a date of one of them."""
    outcome, persons = request.address.outcome, _counted(request)
    ones = np.ones(len(persons))
    if outcome == "teams":
        identity, values = "count = sum of one for the first row of every team", ones
    elif outcome.startswith("recruitment_"):
        days = request.data["background"].set_index("person")["allocation_day"].loc[persons]
        persons = np.array([days.idxmin() if outcome == "recruitment_start" else days.idxmax()])
        identity = "the first (last) draw of the team, in days since 1970-01-01"
        values = days.loc[persons].to_numpy()
    else:
        identity, values = "count = sum of one for every row counted", ones
    terms = pd.DataFrame({"person": persons, "weight": 1.0, "outcome": values})
    return Sum(identity, terms, locate_draws(terms, request.tables))


def _counted(request: Request) -> np.ndarray:
    """The persons that a number of figure 2.1 or 2.2 or table 2.1 counts; one for each team where teams are."""
    address, unit = request.address, request.model.unit
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
