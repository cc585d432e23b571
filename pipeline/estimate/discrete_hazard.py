"""Discrete-time hazard of an exit: model (1) and footnote 11 of the report, Tables 3.1 and 3.2.

Parameter 'treated' has the standard error from the observed information, 'treated_clustered' the same estimate with the
one clustered; a covariate has rows of its own. n counts person-weeks after the drops, n_treated and n_control the
persons they belong to; control_mean is the control group's exits per person-week.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pipeline.estimate.problem import (
    NOBODY_IN_SAMPLE,
    Estimator,
    FloatArray,
    Words,
    missing_rows,
)
from pipeline.estimate.regression import (
    NO_VARIANCE_NOTE,
    ONE_CLUSTER_NOTE,
    count_of,
    determined,
    drop_dependent,
    dropped_note,
)
from pipeline.estimate.spells import Spells, spells
from pipeline.estimate.table import Address, Estimate, hash_persons
from pipeline.estimate.terms import Evidence, Squares, Terms
from pipeline.settings.models import Model
from pipeline.stats.distributions import infer
from pipeline.stats.errors import NoEstimateError
from pipeline.stats.hazard import HazardFit, derivatives, fit_hazard
from pipeline.stats.person_weeks import (
    Cells,
    collapse,
    drop_perfect_prediction,
    interval_names,
    interval_of,
    persons_used,
)

if TYPE_CHECKING:
    import pandas as pd

CLUSTERED = "_clustered"
NO_MAXIMUM = "the likelihood has no maximum"


@dataclass(frozen=True)
class Fit:
    """The fit, the spells whose person-weeks it rests on, and the covariates left out because others determine them."""

    hazard: HazardFit
    used: Spells
    dropped: list[str]


def fit(problem: Spells) -> Fit:
    """The hazard of a problem; NoEstimateError with the reason if the effect of treatment has no estimate."""
    if not problem.size:
        raise NoEstimateError(NOBODY_IN_SAMPLE)
    if not len(problem.persons):
        raise NoEstimateError("nobody is at risk")
    link, names = problem.model.link or "logit", list(problem.model.covariates)
    found, dropped = drop_dependent(names, lambda kept: fit_hazard(_cells(problem, kept), link))
    if not found.converged:
        raise NoEstimateError(NO_MAXIMUM)
    used = persons_used(problem.weeks, problem.strata, found.drops, *_steps(problem))
    return Fit(found, problem.take(used), dropped)


def _steps(problem: Spells) -> tuple[int, int]:
    return problem.horizon, problem.study.outcomes.hazard_interval_weeks


def _cells(problem: Spells, names: list[str]) -> Cells:
    chosen = [problem.model.covariates.index(name) for name in names]
    stratum = problem.model.fixed_effects
    return collapse(
        problem.weeks, problem.exited, problem.treated, problem.strata, problem.clusters, *_steps(problem),
        covariates=problem.covariates[:, chosen], names=tuple(names), stratum_name=stratum,
    )  # fmt: skip


def cells_of_persons(problem: Spells, found: Fit) -> tuple[Cells, npt.NDArray[np.intp]]:
    """The cells that a fit rests on, each person's apart (cluster = the person's place), and the persons' clusters."""
    numbers = np.arange(len(problem.persons)).astype(str)
    apart = replace(problem, clusters=np.char.zfill(numbers, 9))
    cells, _ = drop_perfect_prediction(_cells(apart, [n for n in problem.model.covariates if n not in found.dropped]))
    return cells, np.unique(problem.clusters, return_inverse=True)[1]


def parameters_of(model: Model) -> list[str]:
    """The names of the effects of treatment and covariates, each with both of its errors."""
    names = [model.treatment, *model.covariates]
    ends = ["", CLUSTERED] if model.cluster != "none" else [""]
    return [f"{name}{end}" for name in names for end in ends]


def rows(problem: Spells) -> list[Estimate]:
    """The effect of treatment, and of each covariate, with its errors."""
    try:
        found = fit(problem)
    except NoEstimateError as error:
        return missing_rows(
            problem.model, problem.sample, [problem.label], parameters_of(problem.model), str(error), problem.notes
        )
    hazard, used = found.hazard, found.used
    estimates = []
    for parameter in parameters_of(problem.model):
        column, is_clustered = parameter.removesuffix(CLUSTERED), parameter.endswith(CLUSTERED)
        if column in found.dropped:
            estimates += missing_rows(problem.model, problem.sample, [problem.label], [parameter], determined(column))
            continue
        place = hazard.place("treated" if column == problem.model.treatment else column)
        value = float(hazard.coefficients[place])
        own_error = float((hazard.clustered_errors if is_clustered else hazard.standard_errors)[place])
        inference = infer(value, own_error, None, problem.study.inference.level)
        unknown = ONE_CLUSTER_NOTE if hazard.n_clusters < 2 else NO_VARIANCE_NOTE
        notes = [unknown if np.isnan(own_error) else "", _note(found, problem)]
        estimates.append(
            Estimate(
                model=problem.model.name,
                sample=problem.sample,
                outcome=problem.label.outcome,
                parameter=parameter,
                estimate=value,
                se=own_error,
                p_value=float(inference.p_values),
                ci_low=float(inference.ci_low),
                ci_high=float(inference.ci_high),
                n=hazard.n,
                n_treated=int(used.treated.sum()),
                n_control=int((~used.treated).sum()),
                n_clusters=hazard.n_clusters if problem.model.cluster != "none" else None,
                control_mean=hazard.control_hazard,
                note="; ".join(filter(None, notes)),
                sample_hash=hash_persons(used.persons),
                spec_hash=problem.model.spec_hash,
            )
        )
    return estimates


def _note(found: Fit, problem: Spells) -> str:
    """What was dropped because it predicts perfectly, in the order of the drops, and who was left out."""
    cluster, parts = problem.study.design.cluster, []
    for drop in found.hazard.drops:
        clusters = f", {cluster.plural_en}: {drop.clusters}" if cluster else ""
        parts.append(f"dropped {drop.factor} {drop.level} (person-weeks: {drop.person_weeks}{clusters})")
    return "; ".join(filter(None, [*parts, *problem.notes, *dropped_note(found.dropped)]))


def person_weeks(problem: Spells, column: str) -> pd.DataFrame:
    """Weight and working response of every person-week in the coefficient of a column.

    At the maximum beta = (X'HX)^-1 X'H z with H the information of each person-week and z its linear predictor plus
    score over information, since the scores then add up to zero (McCullagh and Nelder 1989, section 2.5). Returns
    person, week, cluster, weight and outcome, whose sum of weight x outcome is the estimate; score, the derivative of
    the likelihood times what the estimate moves for it; and spread, the square of which is the person-week's part of
    the variance from the observed information.
    """
    found = fit(problem)
    hazard = found.hazard
    rows = _expand(problem)
    for drop in hazard.drops:
        rows = rows[rows[f"{drop.factor}:"] != drop.level]
    design = np.column_stack([_column(rows, name) for name in hazard.columns]).astype(float)
    predictor = design @ hazard.coefficients
    exits = rows["exit"].to_numpy(dtype=np.int64)
    link = problem.model.link or "logit"
    _, scores, information = derivatives(predictor, np.ones(len(rows), dtype=np.int64), exits, link)
    inverse = np.linalg.inv(design.T @ (information[:, None] * design))
    move = design @ inverse[hazard.place(column)]
    return rows[["person", "week", "cluster"]].assign(
        weight=information * move,
        outcome=predictor + scores / information,
        score=scores * move,
        spread=np.sqrt(information) * move,
    )


def _column(rows: pd.DataFrame, name: str) -> FloatArray:
    factor, is_dummy, level = name.partition(":")
    return np.asarray(rows[f"{factor}:"] == level if is_dummy else rows[name], dtype=float)


def _expand(problem: Spells) -> pd.DataFrame:
    """One row a person and week at risk, with the level of each set of dummies, as '<name>:', and the covariates.

    Levels are categories, which are compared as numbers and not as texts.
    """
    import pandas as pd

    horizon, steps = _steps(problem)
    repeat = np.repeat(np.arange(len(problem.persons)), problem.weeks)
    first = np.repeat(np.cumsum(problem.weeks) - problem.weeks, problem.weeks)
    week = np.arange(len(repeat)) - first + 1
    names, intervals = pd.Index(interval_names(horizon, steps)), interval_of(week, horizon, steps)
    return pd.DataFrame(
        {
            "person": problem.persons[repeat],
            "week": week,
            "cluster": problem.clusters[repeat],
            "treated": problem.treated[repeat],
            "exit": problem.exited[repeat] & (week == problem.weeks[repeat]),
            "weeks:": pd.Categorical.from_codes(intervals.tolist(), names),
            f"{problem.model.fixed_effects}:": pd.Categorical(problem.strata)[repeat],
            **dict(zip(problem.model.covariates, problem.covariates[repeat].T, strict=True)),
        }
    )


def _column_of(problem: Spells, address: Address) -> str:
    name = address.parameter.removesuffix(CLUSTERED)
    return "treated" if name == problem.model.treatment else name


def _evidence(rows: pd.DataFrame, address: Address, weights: FloatArray, clusters: object = None) -> Evidence:
    """The register cell of each person-week; it contributes its weight."""
    return Evidence(
        "weeks", rows["person"].to_numpy(), address.outcome, direct=weights, weeks=rows["week"].to_numpy(),
        clusters=None if clusters is None else np.asarray(clusters),
    )  # fmt: skip


def terms(problem: Spells, address: Address) -> Terms:
    """The last weighted least-squares step of the maximisation, over person-weeks."""
    rows = person_weeks(problem, _column_of(problem, address))
    contribution = (rows["weight"] * rows["outcome"]).to_numpy()
    return Terms(
        "estimate = sum over person-weeks of w(i,t) x z(i,t), the weighted least-squares step at the maximum: z is the "
        "linear predictor plus score over information, w the row of (X'HX)^-1 X'H of "
        f"{_column_of(problem, address)}",
        rows[["person", "week", "weight", "outcome"]],
        (_evidence(rows, address, contribution),),
        unit="person-weeks",
    )


def squares(problem: Spells, address: Address) -> Squares:
    """The observed information as a sum over person-weeks; clustered, the scores summed by cluster."""
    column = _column_of(problem, address)
    rows = person_weeks(problem, column)
    if address.parameter.endswith(CLUSTERED):
        cluster = problem.study.design.cluster
        g, name = rows["cluster"].nunique(), cluster.singular_en if cluster else "person"
        factor, words = g / (g - 1), f"G/(G-1) = {g}/{g - 1}"
        identity = f"score(i,t) = derivative of the likelihood x the row of (X'HX)^-1 x of {column}, summed by {name}"
    else:
        rows = rows.assign(
            cluster="person " + rows["person"].astype(str) + " week " + rows["week"].astype(str), score=rows["spread"]
        )
        name, factor, words = "person-week", 1.0, "1"
        identity = (
            "the inverse of the observed information is the sum over person-weeks of score(i,t) squared, score(i,t) = "
            f"sqrt(information of the person-week) x the row of (X'HX)^-1 x of {column}"
        )
    return Squares(
        identity,
        factor,
        words,
        rows[["person", "week", "cluster", "score"]],
        (_evidence(rows, address, rows["score"].to_numpy(), rows["cluster"]),),
        unit="person-weeks",
        cluster=name,
        is_listed=name != "person-week",
    )


def counted(problem: Spells, address: Address, statistic: str) -> Terms:
    """Person-weeks used, or the persons and clusters they belong to; where nobody is at risk, nobody."""
    if not len(problem.persons):
        return count_of(problem.persons, problem.treated, problem.clusters, statistic)
    if statistic not in ("n", "at_risk"):
        used = fit(problem).used
        return count_of(used.persons, used.treated, used.clusters, statistic)
    rows = person_weeks(problem, _column_of(problem, address))[["person", "week"]].assign(weight=1.0, outcome=1.0)
    return Terms(
        "n = sum of one for every person-week used",
        rows,
        (_evidence(rows, address, np.ones(len(rows))),),
        unit="person-weeks",
    )


ESTIMATOR = Estimator(
    possible={
        "grid": (None,), "limits": (None,), "printed": ((),), "splits": ((),), "peers": ("none",),
        "treatment": ("treated",), "weeks": ("none",), "outcome_source": (None,), "link": ("logit", "cloglog"),
    },
    words=Words(
        r"\hat V = H^{-1}; \qquad \text{clustered beside it: } "
        r"\frac{G}{G-1} H^{-1} \left(\sum_h s_h s_h'\right) H^{-1}",
        "normal",
        "H is the observed information, s(h) the scores of a cluster. A dummy that predicts perfectly is dropped with "
        "its person-weeks.",
    ),
    problems=spells,
    held=lambda _: "durations",
    rows=rows,
    terms=terms,
    counted=counted,
    squares=squares,
    is_iterated=True,
)  # fmt: skip
