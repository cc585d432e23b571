"""Regressions of many outcomes on one design: the problem, what identifies an effect, and the rows of its estimates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from pipeline.estimate.designs import Design, Part, parts_of
from pipeline.estimate.outcomes import labels_of, outcome_values
from pipeline.estimate.problem import (
    NO_ESTIMATE,
    NOBODY_IN_SAMPLE,
    NOBODY_KNOWN,
    WITHOUT_OUTCOME,
    BoolArray,
    Data,
    FloatArray,
    Label,
    left_out,
    missing_rows,
    wanted,
)
from pipeline.estimate.table import MISSING, Address, Estimate, hash_persons
from pipeline.estimate.terms import Evidence, Terms, sum_of_ones
from pipeline.settings.models import Model
from pipeline.settings.study import Study
from pipeline.stats.distributions import infer
from pipeline.stats.errors import NoEstimateError
from pipeline.stats.ols import RankDeficiencyError

Result = TypeVar("Result")
PERFECT_FIT_NOTE = "the outcome is fitted exactly: no standard error"
ONE_CLUSTER_NOTE = "fewer than two clusters: no standard error"
NO_VARIANCE_NOTE = "what the effect rests on does not vary between clusters: no standard error"
NO_CONTROL = "no control is in the group"
IDENTITY = "estimate = sum over persons of w(i) x {what}(i), {formula}"
WHAT = {"shares": "share of weeks", "weekly": "state in the week"}


@dataclass(frozen=True)
class Regression:
    """Outcomes (n, m), one column per label, of n persons who have them all, and their design.

    unknown: the persons of the part who have every covariate and none of these outcomes; note: what else was left out.
    """

    model: Model
    part: Part
    labels: tuple[Label, ...]
    design: Design
    outcomes: FloatArray
    unknown: int
    note: str
    study: Study

    @property
    def notes(self) -> list[str]:
        """What was left out, part by part."""
        is_said = self.unknown and self.model.source in ("shares", "weekly")
        return [self.note, left_out(self.unknown, WITHOUT_OUTCOME) if is_said else ""]


@dataclass(frozen=True)
class Fit:
    """Effects and errors (p, m) of the p parameters, effects and differences of them, and m outcomes.

    perfect_fit: (m,), the outcomes that are fitted exactly; no_variance: (p, m), the errors that are rounding noise.
    weights: (p, n), effects = weights @ outcomes, of the n rows that the regression has, persons or means of them;
    residuals: (n, m). reasons: by parameter why it is missing, '' if it is not. outcomes, treated: those of the rows.
    factor: of the variance, with factor_words; scale: (n,) what a row's score is multiplied by. kept: the covariates
    and effects that the regression has. notes: for all.
    """

    effects: FloatArray
    errors: FloatArray
    perfect_fit: BoolArray
    no_variance: BoolArray
    df: float
    n: int
    n_clusters: int | None
    weights: FloatArray
    residuals: FloatArray
    reasons: tuple[str, ...]
    outcomes: FloatArray
    treated: BoolArray
    factor: float
    factor_words: str
    scale: FloatArray
    kept: tuple[str, ...]
    notes: list[str] = field(default_factory=list)


def regressions(model: Model, data: Data, address: Address | None = None) -> Iterator[Regression]:
    """The problems of a model: a part, and of it the outcomes that the same persons have."""
    labels = wanted(labels_of(model, data), address)
    values, note = outcome_values(model, labels, data), outsiders(model, data)
    for part in parts_of(model, data, address.sample if address else None):
        cases = values[part.rows]
        known = np.isfinite(cases)
        for members in columns_by_pattern(known):
            usable = known[:, members[0]]
            yield Regression(
                model=model,
                part=part,
                labels=tuple(labels[member] for member in members),
                design=part.design.take(usable),
                outcomes=cases[usable][:, members],
                unknown=int((~usable).sum()),
                note=note,
                study=data.study,
            )


def columns_by_pattern(usable: BoolArray) -> list[list[int]]:
    """The columns of `usable` (n, m) in groups that have the same usable persons."""
    groups: dict[bytes, list[int]] = {}
    for column, pattern in enumerate(np.ascontiguousarray(usable.T)):
        groups.setdefault(pattern.tobytes(), []).append(column)
    return list(groups.values())


def outsiders(model: Model, data: Data) -> str:
    """What a follow-up survey holds of persons who are not analysed: left out, and said so."""
    if model.source != "followup":
        return ""
    outside = int((~data.tables["followup"]["person"].isin(data.people["person"])).sum())
    return f"left out the answers of {outside} persons who are not analysed" if outside else ""


def require_persons(problem: Regression) -> None:
    """Raise NoEstimateError if the problem has no person."""
    if not len(problem.design.persons):
        raise NoEstimateError(NOBODY_KNOWN if problem.part.size else NOBODY_IN_SAMPLE)


def why_not_identified(problem: Regression) -> list[str]:
    """By group why its effect does not exist, '' if it does: nobody, one arm, or no stratum with both arms."""
    design, reasons = problem.design, []
    for name in design.group_names:
        members = design.members(name)
        where = f" in the group {name}" if len(design.group_names) > 1 else ""
        treated, controls = members & design.treated, members & ~design.treated
        both = np.intersect1d(design.strata[treated], design.strata[controls])
        if not members.any():
            reasons.append(f"nobody{where}" if where else NOBODY_KNOWN)
        elif not (treated.any() and controls.any()):
            reasons.append(f"one arm only{where}")
        else:
            reasons.append("" if both.size else f"no {problem.model.fixed_effects} has both arms{where}")
    return reasons


def drop_dependent(names: Sequence[str], fit: Callable[[list[str]], Result]) -> tuple[Result, list[str]]:
    """The fit with the columns `names` less those that the ones before determine, and the columns that were dropped."""
    kept, dropped = list(names), list[str]()
    while True:
        try:
            return fit(kept), dropped
        except RankDeficiencyError as error:
            if error.column not in kept:
                raise NoEstimateError(determined(error.column)) from error
            kept.remove(error.column)
            dropped.append(error.column)


def determined(column: str) -> str:
    """Why the coefficient of a column does not exist."""
    return f"the column {column} is determined by the others"


def dropped_note(columns: Sequence[str]) -> list[str]:
    """What is said of covariates that the others determine."""
    return [f"left out the covariate {column}, which the others determine" for column in columns]


def rows_of(problem: Regression, estimate: Callable[[Regression], Fit]) -> list[Estimate]:
    """The estimates of a problem, or a row with the reason for each that cannot be made; and of a split its groups."""
    groups = _describe_groups(problem) if problem.model.splits else []
    try:
        require_persons(problem)
        return [*_rows(problem, estimate(problem)), *groups]
    except NoEstimateError as error:
        notes, effects = [problem.design.note, *problem.notes], problem.design.parameters
        return [*missing_rows(problem.model, problem.part.name, problem.labels, effects, str(error), notes), *groups]


def _rows(problem: Regression, fit: Fit) -> list[Estimate]:
    model, design, labels = problem.model, problem.design, problem.labels
    inference = infer(fit.effects, fit.errors, fit.df, problem.study.inference.level)
    shared: dict[str, Any] = {"model": model.name, "sample": problem.part.name, "spec_hash": model.spec_hash}
    counts: dict[str, Any] = {
        "df": float(fit.df),
        "n": fit.n,
        "n_treated": int(fit.treated.sum()),
        "n_control": int((~fit.treated).sum()),
        "n_clusters": fit.n_clusters,
        "sample_hash": hash_persons(design.persons),
    }
    one_arm = design.strata_with_one_arm() if model.estimator != "stratum_effects" else []
    rows = []
    for place, parameter in enumerate(design.parameters):
        group, whole = parameter.partition(":")[2], np.ones(len(fit.treated), dtype=bool)
        members = design.members(group) if group else whole
        means = _control_means(fit.outcomes, members & ~fit.treated)
        reason = NO_ESTIMATE + fit.reasons[place] if fit.reasons[place] else ""
        own = np.flatnonzero(design.contrasts[place])
        alone = "" if reason else ", ".join(dict.fromkeys(stratum for stratum, number in one_arm if number in own))
        notes = [reason, *fit.notes[:1], design.note, *fit.notes[1:]]
        notes += [f"one arm only, so no comparison, in {alone}" if alone else "", *problem.notes]
        for j, label in enumerate(labels):
            exact = PERFECT_FIT_NOTE if fit.perfect_fit[j] else NO_VARIANCE_NOTE if fit.no_variance[place, j] else ""
            rows.append(
                Estimate(
                    outcome=label.outcome,
                    week=label.week,
                    parameter=parameter,
                    estimate=float(fit.effects[place, j]),
                    se=float(fit.errors[place, j]),
                    p_value=float(inference.p_values[place, j]),
                    ci_low=float(inference.ci_low[place, j]),
                    ci_high=float(inference.ci_high[place, j]),
                    control_mean=float(means[j]),
                    converged=not reason,
                    note="; ".join(filter(None, ["" if reason else exact, *notes])),
                    **shared,
                    **counts,
                )
            )
    return rows


def _describe_groups(problem: Regression) -> list[Estimate]:
    """The control mean of each group, and the group's share of the persons of the estimation sample."""
    model, design, part = problem.model, problem.design, problem.part
    if not len(design.persons):
        names = [f"{statistic}:{group}" for group in design.group_names for statistic in ("control_mean", "size")]
        reason = NOBODY_KNOWN if part.size else NOBODY_IN_SAMPLE
        return missing_rows(model, part.name, problem.labels, names, reason, [design.note, *problem.notes])
    rows = []
    for group in design.group_names:
        members = design.members(group)
        controls = members & ~design.treated
        sizes = np.full(len(problem.labels), members.mean())
        rows += _describe(problem, f"control_mean:{group}", controls, _control_means(problem.outcomes, controls))
        rows += _describe(problem, f"size:{group}", members, sizes)
    return rows


def _describe(problem: Regression, parameter: str, counted: BoolArray, values: FloatArray) -> list[Estimate]:
    """A number about the persons `counted` (n,) of a group, one of each outcome (m,)."""
    design, is_known = problem.design, bool(np.isfinite(values).all())
    return [
        Estimate(
            model=problem.model.name,
            sample=problem.part.name,
            outcome=label.outcome,
            week=label.week,
            parameter=parameter,
            estimate=float(value),
            n=int(counted.sum()),
            n_treated=int((counted & design.treated).sum()),
            n_control=int((counted & ~design.treated).sum()),
            converged=is_known,
            note="" if is_known else NO_ESTIMATE + NO_CONTROL,
            sample_hash=hash_persons(design.persons[counted]),
            spec_hash=problem.model.spec_hash,
        )
        for label, value in zip(problem.labels, values, strict=True)
    ]


def _control_means(values: FloatArray, controls: BoolArray) -> FloatArray:
    return values[controls].mean(axis=0) if controls.any() else np.full(values.shape[1], MISSING)


def place_of(problem: Regression, parameter: str) -> int:
    """The number of an effect, or of a difference of two, among those of the problem."""
    return problem.design.parameters.index(parameter)


def terms_of(problem: Regression, address: Address, formula: str, weigh: Callable[[str], FloatArray]) -> Terms:
    """The sum that an estimate of a regression is; `weigh` gives the weights (n,) of the persons in an effect."""
    import pandas as pd

    design, model = problem.design, problem.model
    statistic, _, group = address.parameter.partition(":")
    if statistic == "size":
        return _size(problem, group)
    if statistic == "control_mean":
        controls = ~design.treated & (design.members(group) if group else np.ones(len(design.persons), dtype=bool))
        weights = controls / controls.sum()
        formula = f"w = 1/{controls.sum()} for the {controls.sum()} controls of the group{_others(controls)}"
    else:
        weights = weigh(address.parameter)
        formula = formula.format(parameter=address.parameter)
    counted = weights != 0.0
    persons, weights, outcome = design.persons[counted], weights[counted], problem.outcomes[counted, 0]
    return Terms(
        IDENTITY.format(what=WHAT.get(model.source, "value"), formula=formula),
        pd.DataFrame({"person": persons, "weight": weights, "outcome": outcome}),
        (Evidence("outcome", persons, address.outcome, address.week, model.source, direct=weights),),
    )


def _others(counted: BoolArray) -> str:
    """What the persons of weight zero, who have no cells here, do in the model."""
    return (
        f"; the other {int((~counted).sum())} persons of the model, of the other arm or group, weigh nothing in this "
        "mean: they are in the model for the effects and the common coefficients"
    )


def _size(problem: Regression, group: str) -> Terms:
    """A group's share of the persons; its cells are those of the variable that makes the group."""
    import pandas as pd

    persons = problem.design.persons[problem.design.members(group)]
    parts, variable = np.full(len(persons), 1 / len(problem.design.persons)), problem.part.variable
    return Terms(
        f"share = sum over the persons of the group of 1/N; each is in the group by {variable}",
        pd.DataFrame({"person": persons, "weight": parts, "outcome": 1.0}),
        (Evidence("outcome", persons, variable, evenly=parts),),
    )


def counted_in(problem: Regression, address: Address, statistic: str) -> Terms:
    """The count that stands beside an estimate of a regression on persons."""
    design = problem.design
    name, _, group = address.parameter.partition(":")
    used = np.ones(len(design.persons), dtype=bool)
    if name in ("size", "control_mean"):
        used = design.members(group) & ~(design.treated & (name == "control_mean"))
    return count_of(design.persons[used], design.treated[used], design.clusters[used], statistic)


def count_of(
    persons: npt.NDArray[np.int64], treated: BoolArray, clusters: npt.NDArray[np.generic], statistic: str
) -> Terms:
    """Persons used (n,), or those of an arm, or one of every cluster, as a sum of ones."""
    if statistic == "n_clusters":
        return sum_of_ones("count = sum of one for a person of every cluster", persons[np.unique(clusters, True)[1]])
    if statistic in ("n_treated", "n_control"):
        chosen = treated == (statistic == "n_treated")
        return sum_of_ones("count = sum of one for every person used who is in the arm", persons[chosen])
    return sum_of_ones("n = sum of one for every person used", persons)
