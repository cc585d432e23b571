"""Tobit regression of an outcome on covariates alone: report appendix 6.2, Table 6.3.

One parameter for each covariate; n counts the complete cases; control_mean is the mean of the outcome among their
controls.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.estimate.designs import TextArray, cluster_of, complete_cases
from pipeline.estimate.outcomes import labels_of, outcome_values
from pipeline.estimate.problem import (
    NOBODY_IN_SAMPLE,
    NOBODY_KNOWN,
    WITHOUT_COVARIATE,
    WITHOUT_OUTCOME,
    BoolArray,
    Data,
    Estimator,
    FloatArray,
    Label,
    Words,
    left_out,
    missing_rows,
    wanted,
)
from pipeline.estimate.regression import count_of, determined, drop_dependent, dropped_note
from pipeline.estimate.table import MISSING, Address, Estimate, hash_persons
from pipeline.estimate.terms import Evidence, Squares, Terms
from pipeline.people.samples import select_sample
from pipeline.settings.models import Model
from pipeline.settings.study import Study
from pipeline.stats.distributions import infer
from pipeline.stats.errors import NoEstimateError
from pipeline.stats.ols import coefficient_weights
from pipeline.stats.tobit import TobitFit, derivatives, fit_tobit

CONSTANT = "constant"
NO_MAXIMUM = "the likelihood has no maximum"


@dataclass(frozen=True)
class Prognosis:
    """The complete cases of a regression without treatment: n persons, outcome (n,), covariates (n, q) with names.

    size: the persons of the sample; notes: who of them is left out.
    """

    model: Model
    sample: str
    label: Label
    persons: npt.NDArray[np.int64]
    outcome: FloatArray
    covariates: FloatArray
    names: tuple[str, ...]
    treated: BoolArray
    clusters: TextArray
    size: int
    notes: tuple[str, ...]
    study: Study

    @property
    def limits(self) -> tuple[float, float]:
        """The least and the greatest outcome."""
        return self.model.limits or (0.0, 1.0)

    def design(self, names: list[str]) -> FloatArray:
        """The constant and some of the covariates, (n, 1 + k)."""
        columns = [self.covariates[:, self.names.index(name)] for name in names]
        return np.column_stack([np.ones(len(self.persons)), *columns])


@dataclass(frozen=True)
class Fit:
    """The fit, its design (n, k) with the names of its columns, and the covariates that others determine."""

    tobit: TobitFit
    design: FloatArray
    columns: tuple[str, ...]
    dropped: list[str]


def problems(model: Model, data: Data, address: Address | None = None) -> Iterator[Prognosis]:
    """The problems of a model: each outcome in each sample."""
    labels = wanted(labels_of(model, data), address)
    values = outcome_values(model, labels, data)
    for sample in model.samples:
        if address is not None and address.sample != sample:
            continue
        chosen = select_sample(data.people, sample, data.study)
        complete = complete_cases(model, chosen)
        for place, label in enumerate(labels):
            outcome = values[chosen.index, place]
            usable = complete & np.isfinite(outcome)
            cases = chosen[usable]
            yield Prognosis(
                model=model,
                sample=sample,
                label=label,
                persons=cases["person"].to_numpy(dtype=np.int64),
                outcome=outcome[usable],
                covariates=cases[list(model.covariates)].to_numpy(dtype=float),
                names=tuple(model.covariates),
                treated=cases["treated"].to_numpy(dtype=bool),
                clusters=cluster_of(cases, data),
                size=len(chosen),
                notes=(
                    left_out(int((~complete).sum()), WITHOUT_COVARIATE),
                    left_out(int((complete & ~usable).sum()), WITHOUT_OUTCOME),
                ),
                study=data.study,
            )


def fit(problem: Prognosis) -> Fit:
    """The fit of a problem; NoEstimateError with the reason if it has none."""
    if not len(problem.persons):
        raise NoEstimateError(NOBODY_KNOWN if problem.size else NOBODY_IN_SAMPLE)

    def solve(names: list[str]) -> Fit:
        columns, design = (CONSTANT, *names), problem.design(names)
        return Fit(fit_tobit(problem.outcome, design, problem.limits, columns), design, columns, [])

    found, dropped = drop_dependent(problem.names, solve)
    if not found.tobit.converged:
        raise NoEstimateError(NO_MAXIMUM)
    return Fit(found.tobit, found.design, found.columns, dropped)


def rows(problem: Prognosis) -> list[Estimate]:
    """The coefficient of each covariate, or the reason why it is missing."""
    model, label = problem.model, problem.label
    try:
        found = fit(problem)
    except NoEstimateError as error:
        return missing_rows(model, problem.sample, [label], problem.names, str(error), problem.notes)
    tobit, controls = found.tobit, ~problem.treated
    inference = infer(tobit.coefficients, tobit.standard_errors, tobit.df, problem.study.inference.level)
    shared: dict[str, Any] = {
        "model": model.name,
        "sample": problem.sample,
        "outcome": label.outcome,
        "week": label.week,
        "df": float(tobit.df),
        "n": tobit.n,
        "n_treated": int(problem.treated.sum()),
        "n_control": int(controls.sum()),
        "control_mean": float(problem.outcome[controls].mean()) if controls.any() else MISSING,
        "note": "; ".join(filter(None, [*problem.notes, *dropped_note(found.dropped)])),
        "sample_hash": hash_persons(problem.persons),
        "spec_hash": model.spec_hash,
    }
    estimates = [
        Estimate(
            parameter=column,
            estimate=float(tobit.coefficients[j]),
            se=float(tobit.standard_errors[j]),
            p_value=float(inference.p_values[j]),
            ci_low=float(inference.ci_low[j]),
            ci_high=float(inference.ci_high[j]),
            **shared,
        )
        for j, column in enumerate(found.columns)
        if column != CONSTANT
    ]
    for column in found.dropped:
        estimates += missing_rows(model, problem.sample, [label], [column], determined(column))
    return estimates


def terms(problem: Prognosis, address: Address) -> Terms:
    """The scores of the slopes add up to zero at the maximum: they are least squares of the latent outcome."""
    import pandas as pd

    found, (low, high) = fit(problem), problem.limits
    weights = coefficient_weights(found.design)[found.columns.index(address.parameter)]
    inside = (problem.outcome > low) & (problem.outcome < high)
    latent, source = found.tobit.latent, problem.model.source
    evidence = (
        Evidence("outcome", problem.persons[inside], *problem.label, source, direct=weights[inside]),
        Evidence("outcome", problem.persons[~inside], *problem.label, source, evenly=(weights * latent)[~inside]),
    )
    return Terms(
        "estimate = sum over persons of w(i) x y*(i), w = the row of (X'X)^-1 X'; y* is the outcome, and at a limit "
        "what is expected beyond it, spread over the person's weeks",
        pd.DataFrame({"person": problem.persons, "weight": weights, "outcome": latent}),
        evidence,
    )


def squares(problem: Prognosis, address: Address) -> Squares:
    """The robust error: what a person's score moves the coefficient by, every person a cluster."""
    import pandas as pd

    found, persons, n = fit(problem), problem.persons, len(problem.persons)
    scores = _moves(found, problem)[:, found.columns.index(address.parameter)]
    source = problem.model.source
    return Squares(
        "score(i) = the row of the inverse of the observed information x the derivative of the person's likelihood, "
        "every person a cluster; in equal parts over the person's weeks",
        n / (n - 1),
        f"N/(N-1) = {n}/{n - 1}",
        pd.DataFrame({"person": persons, "cluster": persons, "score": scores}),
        (Evidence("outcome", persons, *problem.label, source, evenly=scores, clusters=persons),),
    )


def _moves(found: Fit, problem: Prognosis) -> FloatArray:
    """What each person's score moves each coefficient by (n, k), from g = b / sigma and h = 1 / sigma."""
    orthogonal, upper = np.linalg.qr(found.design)  # in orthogonal columns the information is well conditioned
    h, slopes = 1.0 / found.tobit.sigma, found.tobit.coefficients
    parameters = np.append(upper @ slopes * h, h)
    low, high = problem.outcome <= problem.limits[0], problem.outcome >= problem.limits[1]
    _, scores, information = derivatives(parameters, orthogonal, problem.outcome, low, high)
    moves = np.linalg.solve(information, scores.T).T
    return np.asarray((np.linalg.solve(upper, moves[:, :-1].T).T - np.outer(moves[:, -1], slopes)) / h)


def counted(problem: Prognosis, address: Address, statistic: str) -> Terms:
    """The complete cases."""
    return count_of(problem.persons, problem.treated, problem.clusters, statistic)


ESTIMATOR = Estimator(
    possible={
        "link": (None,), "grid": (None,), "printed": ((),), "splits": ((),), "peers": ("none",), "cluster": ("none",),
        "fixed_effects": ("none",), "treatment": ("none",), "limits": None,
    },
    words=Words(
        r"\hat V = \frac{N}{N-1} H^{-1} \left(\sum_i s_i s_i'\right) H^{-1}",
        "t(N − p), p the number of slopes",
        "H is the observed information of slopes, constant and σ; s the score of a person.",
    ),
    problems=problems,
    rows=rows,
    terms=terms,
    counted=counted,
    squares=squares,
    is_iterated=True,
)  # fmt: skip
