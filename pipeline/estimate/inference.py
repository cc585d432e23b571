"""Beside every estimate of least squares and of a hazard: what does not rest on the normality of many clusters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.estimate import discrete_hazard
from pipeline.estimate.estimators import ESTIMATORS, checked_models
from pipeline.estimate.families import Member, families_of, judge
from pipeline.estimate.forked import forked
from pipeline.estimate.problem import Data
from pipeline.estimate.regression import Regression, require_persons
from pipeline.estimate.resampled import RESAMPLERS, Redrawn, Resampled, draw_again
from pipeline.estimate.spells import Spells
from pipeline.estimate.table import MISSING, Address
from pipeline.estimate.unmade import (
    FAMILIES,
    NO_FAMILY,
    NONE_WITHOUT,
    OF_HAZARD,
    OF_ONE_CLUSTER,
    SEPARATOR,
    limits_known,
)
from pipeline.settings.models import Model
from pipeline.settings.study import Study
from pipeline.stats.distributions import infer
from pipeline.stats.draws import TIE, interval, p_values
from pipeline.stats.errors import NoEstimateError
from pipeline.stats.hazard_resampled import linearised_jackknife, redraw_score
from pipeline.stats.ols import FloatArray

if TYPE_CHECKING:
    import pandas as pd

MINIMUM_CLUSTERS = 2  # for anything that is studentised by their sums


@dataclass(frozen=True, kw_only=True)
class Inference:
    """One row of the table of inference; variables.csv says what each column means. What is not known is missing."""

    estimate_id: str
    ri_p: float = MISSING
    ri_low: float = MISSING
    ri_high: float = MISSING
    wild_p: float = MISSING
    wild_low: float = MISSING
    wild_high: float = MISSING
    jackknife_se: float = MISSING
    jackknife_p: float = MISSING
    jackknife_low: float = MISSING
    jackknife_high: float = MISSING
    cr2_se: float = MISSING
    cr2_df: float = MISSING
    cr2_p: float = MISSING
    cr2_low: float = MISSING
    cr2_high: float = MISSING
    without_low: float = MISSING
    without_high: float = MISSING
    without_persons: float = MISSING
    stepdown_p: float = MISSING
    joint_p: float = MISSING
    band_p: float = MISSING
    band_low: float = MISSING
    band_high: float = MISSING
    family_size: float = MISSING
    inference_note: str = ""


# What an exhibit can show of them: not how many persons a range tells of.
STATISTICS = tuple(
    field.name for field in fields(Inference) if field.name not in ("estimate_id", "inference_note", "without_persons")
)


def infer_all(models: Mapping[str, Any], data: Data) -> pd.DataFrame:
    """The table of inference of all models of the parsed models.toml, in as many processes as there are cores.

    What is drawn is drawn once, before them, and does not depend on their number.
    """
    checked = [model for model in checked_models(models, data.study.design).values() if has_inference(model)]
    with forked(rows_of_model, (data, draw_again(data)), len(checked)) as spread:
        rows = [row for found in spread(sorted(checked, key=_size, reverse=True)) for row in found]
    return inference_table(rows)


def _size(model: Model) -> int:
    """How long a model takes, roughly: what has most patterns of missing answers first, then most outcomes."""
    parts = max(len(model.splits), len(model.samples))
    return parts * (1000 if model.source in ("followup", "background") else 1) * (1 + len(model.splits))


def has_inference(model: Model) -> bool:
    """Whether resampling says something of the estimates of a model."""
    return model.treatment != "none" and (model.estimator == "discrete_hazard" or model.estimator in RESAMPLERS)


def rows_of_model(model: Model, data: Data, again: Redrawn) -> list[Inference]:
    """The rows of a model that has any."""
    return rows_of_problems(model, ESTIMATORS[model.estimator].problems(model, data, None), data.study, again)


def rows_of_problems(model: Model, problems: Iterable[Any], study: Study, again: Redrawn) -> list[Inference]:
    """The rows of some problems of a model, whose estimates are its families."""
    if model.estimator == "discrete_hazard":
        return [row for problem in problems for row in _of_hazard(problem, again)]
    rows, members = dict[str, Inference](), list[Member]()
    for problem in problems:
        for row, member in _of_regression(problem, again):
            rows[row.estimate_id] = row
            members += [member] if member is not None else []
    settings = study.inference
    for family in families_of(model, members):
        for member, told in zip(family, judge(family, settings.level, settings.draws, settings.seed), strict=True):
            address = write_address(member.address)
            rows[address] = replace(
                rows[address], stepdown_p=told.stepdown_p, joint_p=told.joint_p, band_p=told.band_p,
                band_low=told.band_low, band_high=told.band_high, family_size=told.size,
            )  # fmt: skip
    return list(rows.values())


def write_address(address: Address) -> str:
    """The estimate_id of an address."""
    week = "" if address.week is None else str(address.week)
    return "/".join([address.model, address.sample, address.outcome, week, address.parameter])


def _of_regression(problem: Regression, again: Redrawn) -> Iterator[tuple[Inference, Member | None]]:
    """The rows of a problem, with what families ask of each; nothing where there is no estimate."""
    try:
        require_persons(problem)
        found = RESAMPLERS[problem.model.estimator](problem, again)
    except NoEstimateError:
        return
    for row, place in enumerate(found.places):
        parameter = problem.design.parameters[place]
        columns = _columns(found, row, problem.study.inference.level)
        columns["without_persons"] = _persons_at_ends(problem, found, row, parameter)
        statistics = found.randomised[row].statistics(-found.estimates[row]) if found.randomised else None
        for j, label in enumerate(problem.labels):
            address = Address(problem.model.name, problem.part.name, label.outcome, label.week, parameter)
            if not np.isfinite(found.errors[row, j]):
                continue
            values, unbounded = limits_known({name: float(column[j]) for name, column in columns.items()})
            note = SEPARATOR.join([*_reasons(problem.model, found, columns), *unbounded])
            yield (
                Inference(estimate_id=write_address(address), inference_note=note, **values),
                None if statistics is None else Member(
                    address, float(found.estimates[row, j]), float(found.errors[row, j]), found.df, statistics[j],
                    found.scores[row, j], found.units,
                ),
            )  # fmt: skip


def _reasons(model: Model, found: Resampled, columns: Mapping[str, FloatArray]) -> list[str]:
    """Why columns are missing of a whole parameter."""
    reasons = dict(found.reasons)
    if "ri" in reasons or model.family is None:
        reasons[FAMILIES] = reasons.get("ri", NO_FAMILY)
    if "without_low" not in columns:
        reasons["without"] = NONE_WITHOUT
    if np.isnan(columns["jackknife_se"]).all():
        reasons["jackknife"] = NONE_WITHOUT
    return [f"{names}: {reason}" for names, reason in reasons.items()]


def _columns(found: Resampled, row: int, level: float) -> dict[str, FloatArray]:
    """The statistics (m,) of a parameter by name."""
    estimates, errors = found.estimates[row], found.errors[row]
    columns: dict[str, FloatArray] = {}
    for name, drawn in (("ri", found.randomised), ("wild", found.wild)):
        if drawn:
            with np.errstate(divide="ignore", invalid="ignore"):
                observed = estimates / errors
            columns[f"{name}_p"] = p_values(drawn[row].statistics(-estimates), observed)
            limits = np.array([interval(drawn[row], j, errors[j], level) for j in range(len(errors))])
            columns[f"{name}_low"], columns[f"{name}_high"] = estimates + limits[:, 0], estimates + limits[:, 1]
    for name, own, df in (("jackknife", found.jackknife, found.df), ("cr2", found.reduced, found.degrees[row])):
        tested = infer(estimates, own[row], float(df), level)
        columns[f"{name}_se"], columns[f"{name}_p"] = own[row], tested.p_values
        columns[f"{name}_low"], columns[f"{name}_high"] = tested.ci_low, tested.ci_high
    columns["cr2_df"] = np.full(len(errors), found.degrees[row])
    without = found.without[row][:, found.exists[row]]
    if without.shape[1]:
        columns["without_low"], columns["without_high"] = without.min(axis=1), without.max(axis=1)
    return columns


def _persons_at_ends(problem: Regression, found: Resampled, row: int, parameter: str) -> FloatArray:
    """The persons (m,) of the effect's group in the smaller of the clusters left out at the ends of the range."""
    design, exists = problem.design, found.exists[row]
    without, (codes, place) = found.without[row], np.unique(design.clusters, return_inverse=True)
    if not exists.any():
        return np.full(len(without), MISSING)
    members = design.members(parameter.partition(":")[2])
    sizes = (
        np.ones(without.shape[1])
        if without.shape[1] != len(codes)
        else np.bincount(place[members], minlength=len(codes))
    )
    return persons_at_ends(without[:, exists], sizes[exists])


def persons_at_ends(without: FloatArray, sizes: FloatArray) -> FloatArray:
    """The fewest persons (m,) of the clusters, of `sizes` (G,), whose estimates without (m, G) are an end of the range.

    Estimates that differ by rounding are one end.
    """
    ends = [sign * (sign * without).min(axis=1, keepdims=True) for sign in (1.0, -1.0)]
    at_end = sum(np.abs(without - end) <= TIE * np.maximum(np.abs(end), 1.0) for end in ends)
    return np.asarray(np.where(at_end, sizes, np.inf).min(axis=1), dtype=float)


def _of_hazard(problem: Spells, again: Redrawn) -> Iterator[Inference]:
    """The row of the effect of treatment on a hazard, and the same beside its clustered error."""
    try:
        found = discrete_hazard.fit(problem)
    except NoEstimateError:
        return
    row = _row_of_hazard(problem, found, again)
    has_clustered = problem.model.cluster != "none" and found.hazard.n_clusters >= MINIMUM_CLUSTERS
    for end in ("", discrete_hazard.CLUSTERED) if has_clustered else ("",):
        address = Address(
            problem.model.name, problem.sample, problem.label.outcome, None, problem.model.treatment + end
        )
        yield replace(row, estimate_id=write_address(address))


def _row_of_hazard(problem: Spells, found: discrete_hazard.Fit, again: Redrawn) -> Inference:
    """What resampling says of the effect on a hazard, its address left open; with one cluster nothing."""
    if found.hazard.n_clusters < MINIMUM_CLUSTERS:
        return Inference(estimate_id="", inference_note=OF_ONE_CLUSTER)
    link, hazard = problem.model.link or "logit", found.hazard
    cells, clusters = discrete_hazard.cells_of_persons(problem, found)
    test = redraw_score(cells, link, clusters, again.of(problem.persons))
    place = hazard.place("treated")
    error, without, exists = linearised_jackknife(hazard, link, place)
    sizes = np.unique(found.used.clusters, return_counts=True)[1]
    estimate = float(hazard.coefficients[place])
    tested = infer(estimate, error, float(hazard.n_clusters - 1), problem.study.inference.level)
    ends = {
        "without_low": float(without[exists].min()),
        "without_high": float(without[exists].max()),
        "without_persons": float(persons_at_ends(without[None, exists], sizes[exists].astype(float))[0]),
    } if exists.any() else {}  # fmt: skip
    return Inference(
        estimate_id="",
        ri_p=float(p_values(np.abs(test.statistics)[None], np.array([test.observed]))[0]),
        jackknife_se=error,
        jackknife_p=float(tested.p_values),
        jackknife_low=float(tested.ci_low),
        jackknife_high=float(tested.ci_high),
        inference_note=OF_HAZARD if ends else SEPARATOR.join([f"jackknife, without: {NONE_WITHOUT}", OF_HAZARD]),
        **ends,
    )


def inference_table(rows: list[Inference]) -> pd.DataFrame:
    """The rows as a data frame, sorted by estimate_id."""
    import pandas as pd

    table = pd.DataFrame([asdict(row) for row in rows], columns=[field.name for field in fields(Inference)])
    kinds = {field.name: "float64" if field.type == "float" else "object" for field in fields(Inference)}
    return table.astype(kinds).sort_values("estimate_id", ignore_index=True)
