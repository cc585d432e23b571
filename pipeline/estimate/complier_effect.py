"""The effect on those who came because the course was offered: allocation as the instrument of attendance.

Only where attendance is a column of the extract (extract.toml, [attended]): else the rows are missing. Parameters:
'complier', two-stage least squares; 'anderson_rubin_low' and 'anderson_rubin_high', the limits that hold with a weak
first stage; 'offer', the effect of allocation among the same persons, whose p-value is Anderson and Rubin's of no
effect; 'first_stage', the effect of allocation on attendance, and 'first_stage_f', its squared t.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np

from pipeline.estimate.problem import ATTENDED, NO_ESTIMATE, Data, Estimator, FloatArray, Words, missing_rows
from pipeline.estimate.regression import (
    PERFECT_FIT_NOTE,
    Regression,
    counted_in,
    regressions,
    require_persons,
    why_not_identified,
)
from pipeline.estimate.table import MISSING, Address, Estimate, hash_persons
from pipeline.estimate.terms import Evidence, Squares, Terms
from pipeline.settings.models import Model
from pipeline.stats.complier import ComplierFit, anderson_rubin, fit_compliers
from pipeline.stats.distributions import infer, quantile
from pipeline.stats.errors import NoEstimateError
from pipeline.stats.ols import fit_cluster_ols

COMPLIER, OFFER, FIRST, F = "complier", "offer", "first_stage", "first_stage_f"
LOW, HIGH = "anderson_rubin_low", "anderson_rubin_high"
PARAMETERS = (COMPLIER, LOW, HIGH, OFFER, FIRST, F)
WEAK = 10.0  # the F below which a first stage is called weak (Staiger and Stock 1997)
WEAK_NOTE = "weak first stage: hold to the Anderson-Rubin limits"
FOLLOWS = "attendance follows the offer exactly"
UNBOUNDED = "the offer's effect on attendance is not told from zero, so the Anderson-Rubin set has no two limits"
NOT_RECEIVED = "who attended is not in the extract"


def problems(model: Model, data: Data, address: Address | None = None) -> Iterator[Regression]:
    """The problems of a model, with attendance as the last covariate where it is told."""
    told = [ATTENDED] if ATTENDED in data.people else []
    wider = msgspec.structs.replace(model, covariates=[*model.covariates, *told])
    for problem in regressions(wider, data, address):
        yield replace(problem, model=model)


def _attendance(problem: Regression) -> FloatArray:
    return problem.design.covariates[:, -1]


def fit(problem: Regression) -> ComplierFit:
    """Two-stage least squares; NoEstimateError with the reason if there is none."""
    if ATTENDED not in problem.design.names:
        raise NoEstimateError(NOT_RECEIVED)
    require_persons(problem)
    reasons = why_not_identified(problem)
    if all(reasons):
        raise NoEstimateError(reasons[0])
    design = problem.design
    return fit_compliers(
        problem.outcomes, _attendance(problem), design.treated, design.covariates[:, :-1], design.clusters,
        design.strata, design.names[:-1],
    )  # fmt: skip


def rows(problem: Regression) -> list[Estimate]:
    """The effect on compliers of each outcome, with its limits, and what it is made of."""
    try:
        found = fit(problem)
    except NoEstimateError as error:
        notes = [problem.design.note, *problem.notes]
        return missing_rows(problem.model, problem.part.name, problem.labels, PARAMETERS, str(error), notes)
    return [row for place in range(len(problem.labels)) for row in _rows(problem, found, place)]


def _rows(problem: Regression, found: ComplierFit, place: int) -> Iterator[Estimate]:
    design, label, level = problem.design, problem.labels[place], problem.study.inference.level
    treated, weak = design.treated, WEAK_NOTE if _f(found) < WEAK else ""
    shared: dict[str, Any] = {
        "model": problem.model.name, "sample": problem.part.name, "outcome": label.outcome, "week": label.week,
        "spec_hash": problem.model.spec_hash, "df": float(found.df), "n": found.n, "n_treated": int(treated.sum()),
        "n_control": int((~treated).sum()), "n_clusters": found.n_clusters, "sample_hash": hash_persons(design.persons),
    }  # fmt: skip
    values = _values(found, place, level)
    for parameter in PARAMETERS:
        estimate, error, reason = values[parameter]
        inference = infer(estimate, error, found.df, level)
        own = problem.outcomes[:, place] if parameter in (COMPLIER, OFFER) else _attendance(problem)
        mean = float(own[~treated].mean()) if parameter in (COMPLIER, OFFER, FIRST) else MISSING
        notes = [reason, weak if parameter in (COMPLIER, FIRST, F) else "", design.note, *problem.notes]
        yield Estimate(
            parameter=parameter, estimate=estimate, se=error, p_value=float(inference.p_values),
            ci_low=float(inference.ci_low), ci_high=float(inference.ci_high), control_mean=mean,
            converged=not math.isnan(estimate), note="; ".join(filter(None, notes)), **shared,
        )  # fmt: skip


def _f(found: ComplierFit) -> float:
    return (found.first_stage / found.first_error) ** 2 if found.first_error > 0.0 else math.inf


def _values(found: ComplierFit, place: int, level: float) -> dict[str, tuple[float, float, str]]:
    """Estimate, error, and why one of them is missing, of each parameter of one outcome."""
    low, high = (float(limits[place]) for limits in anderson_rubin(found, quantile(0.5 + level / 2.0, found.df)))
    error, is_whole = float(found.standard_errors[place]), found.first_error > 0.0
    unbounded = NO_ESTIMATE + UNBOUNDED if math.isnan(low) else ""
    exact = "" if is_whole else PERFECT_FIT_NOTE
    return {
        COMPLIER: (float(found.effects[place]), error, PERFECT_FIT_NOTE if math.isnan(error) else ""),
        LOW: (low, MISSING, unbounded),
        HIGH: (high, MISSING, unbounded),
        OFFER: (float(found.offers[place]), float(found.offer_errors[place]) or MISSING, ""),
        FIRST: (found.first_stage, found.first_error if is_whole else MISSING, exact),
        F: (_f(found) if is_whole else MISSING, MISSING, "" if is_whole else NO_ESTIMATE + FOLLOWS),
    }


def terms(problem: Regression, address: Address) -> Terms:
    """Every number is a sum: of outcomes, or of the attendances that the allocation file tells."""
    found, design = fit(problem), problem.design
    if address.parameter in (FIRST, F):
        size = 1.0 if address.parameter == FIRST else found.first_stage / found.first_error**2
        weights, taken = size * found.offer_weights, _attendance(problem)
        identity = "sum over persons of w(i) x attended(i), w = the row of (X'X)^-1 X' of the offer"
        identity += "" if address.parameter == FIRST else " x estimate / variance of the first stage"
        return Terms(
            identity, _table(design.persons, weights, taken),
            (Evidence("draw", design.persons, direct=weights * taken),),
        )  # fmt: skip
    identity, weights, constant = _sum_of(problem, found, address)
    evidence = Evidence(
        "outcome", design.persons, address.outcome, address.week, problem.model.source, direct=weights
    )  # fmt: skip
    return Terms(identity, _table(design.persons, weights, problem.outcomes[:, 0]), (evidence,), constant)


def _table(persons: Any, weights: FloatArray, outcome: FloatArray) -> Any:
    import pandas as pd

    return pd.DataFrame({"person": persons, "weight": weights, "outcome": outcome})


def _sum_of(problem: Regression, found: ComplierFit, address: Address) -> tuple[str, FloatArray, float]:
    """The identity, the weights of the outcomes (n,), and the constant of an effect or a limit.

    A limit b is where offer - b x first stage is t errors of it from zero; the error is the sum of its scores by what
    their cluster adds up to, and so a sum of outcomes and, in the constant, of attendances.
    """
    if address.parameter in (COMPLIER, OFFER):
        weights = found.weights if address.parameter == COMPLIER else found.offer_weights
        over = " / the first stage" if address.parameter == COMPLIER else ""
        return f"sum over persons of w(i) x outcome(i), w = the row of (X'X)^-1 X' of the offer{over}", weights, 0.0
    design, sign = problem.design, 1.0 if address.parameter == LOW else -1.0
    critical = sign * quantile(0.5 + problem.study.inference.level / 2.0, found.df)
    limit = float(anderson_rubin(found, abs(critical))[0 if sign > 0 else 1][0])
    residuals = found.residuals[:, 0] + (found.effects[0] - limit) * found.treatment_residuals
    sums = np.bincount(design.clusters, found.offer_weights * residuals, minlength=len(design.cluster_names))
    error = math.sqrt(found.factor * math.fsum(sums**2))
    pulls = found.factor / error * sums[design.clusters] * found.offer_weights
    columns = np.column_stack([design.covariates[:, :-1], design.treated])
    within = fit_cluster_ols(pulls[:, None], columns, design.clusters, absorbed=design.strata).residuals[:, 0]
    weights = (found.offer_weights - critical * within) / found.first_stage
    constant = critical * limit * float(pulls @ found.treatment_residuals) / found.first_stage
    words = f"limit b = (offer - {critical:.9g} x error of offer - b x first stage) / first stage, a sum of outcomes"
    return f"{words}, and of attendances in the constant", weights, constant


def squares(problem: Regression, address: Address) -> Squares:
    """The clustered error: the score of a person is its weight times the residual of its equation."""
    found, design = fit(problem), problem.design
    of_attendance = address.parameter == FIRST
    weights = found.weights if address.parameter == COMPLIER else found.offer_weights
    residuals = {
        COMPLIER: found.residuals[:, 0],
        OFFER: found.residuals[:, 0] + found.effects[0] * found.treatment_residuals,
    }.get(address.parameter, found.treatment_residuals)
    names, cluster = np.array(design.cluster_names)[design.clusters], problem.study.design.cluster
    scores = weights * residuals
    evidence = (
        Evidence("draw", design.persons, direct=scores, clusters=names)
        if of_attendance
        else Evidence("outcome", design.persons, address.outcome, address.week, problem.model.source, direct=weights,
                      evenly=scores - weights * problem.outcomes[:, 0], clusters=names)
    )  # fmt: skip
    g, n = found.n_clusters, found.n
    words = f"G/(G-1) x (N-1)/(N-K) = {found.factor:.9g}, G = {g}, N = {n}"
    table = _table(design.persons, weights, residuals).assign(cluster=names, score=scores)
    return Squares(
        "score(i) = w(i) x residual(i) of its equation, summed by cluster", found.factor, words,
        table[["person", "cluster", "score"]], (evidence,),
        cluster=cluster.singular_en if cluster else "person", is_listed=cluster is not None,
    )  # fmt: skip


def level(problem: Regression, address: Address) -> Terms:
    """The mean of the controls: of the outcome, or of their attendance."""
    controls = ~problem.design.treated
    weights, persons = controls / controls.sum(), problem.design.persons
    identity = f"mean over the {controls.sum()} controls"
    if address.parameter == FIRST:
        taken = _attendance(problem)
        evidence = Evidence("draw", persons[controls], direct=(weights * taken)[controls])
        return Terms(identity, _table(persons, weights, taken)[controls], (evidence,))
    outcome = problem.outcomes[:, 0]
    evidence = Evidence("outcome", persons[controls], address.outcome, address.week, problem.model.source,
                        direct=weights[controls])  # fmt: skip
    return Terms(identity, _table(persons, weights, outcome)[controls], (evidence,))


ESTIMATOR = Estimator(
    possible={
        "link": (None,), "grid": (None,), "limits": (None,), "printed": ((),), "treatment": ("treated",),
        "splits": ((),), "peers": ("none",),
    },
    words=Words(
        r"\hat\beta = \frac{\hat\tau}{\hat\pi}, \quad \hat V = \hat\pi^{-2} \frac{G}{G-1} \frac{N-1}{N-K} "
        r"\sum_h \Big(\sum_{i \in h} w_i e_i\Big)^2, \quad w' = \text{the row of } (X'X)^{-1}X' \text{ of } T",
        "t(G − 1)",
        "τ is the effect of the offer on the outcome, π on attendance; e is the residual of outcome on attendance.",
    ),
    problems=problems,
    rows=rows,
    terms=terms,
    counted=counted_in,
    squares=squares,
    level=level,
)  # fmt: skip
