"""Estimates of the least-squares models, and the problem behind each of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.errors import InputError
from pipeline.estimate.designs import (
    BoolArray,
    Design,
    FloatArray,
    Label,
    build_design,
    complete_cases,
    find_groups,
    outcome_values,
)
from pipeline.estimate.fits import Fit, average_arms, fit_design, group_sizes, strata_with_one_arm
from pipeline.estimate.table import Estimate, estimates_table, hash_persons
from pipeline.people.samples import join_background, select_sample
from pipeline.people.splits import NEITHER
from pipeline.settings.models import Model, models_of, outcome_names, outcome_weeks
from pipeline.settings.study import Study
from pipeline.stats.distributions import infer
from pipeline.stats.ols import combination_weights

if TYPE_CHECKING:
    import pandas as pd

PERFECT_FIT_NOTE = "the outcome is fitted exactly: no standard error"


@dataclass(frozen=True)
class Problem:
    """One least-squares problem as it was estimated: persons, outcome (n,), design (r, k) of r rows, names (k,).

    The rows are the n persons, or with `row_of` (n,) the means of the persons of each row. The estimate of a parameter
    is exactly weights(parameter) @ outcome. clusters: (r,); people: the design of the n persons.
    """

    persons: npt.NDArray[np.int64]
    outcome: FloatArray
    design: FloatArray
    columns: tuple[str, ...]
    clusters: npt.NDArray[np.intp]
    people: Design
    row_of: npt.NDArray[np.intp] | None = None
    combination: FloatArray | None = None

    def weights(self, parameter: str = "treated") -> FloatArray:
        """The weight (n,) of each person's outcome in `parameter`: a column, or the control mean of a group."""
        statistic, _, group = parameter.partition(":")
        if statistic == "control_mean":
            controls = self.members(group) & ~self.people.treated
            return controls / controls.sum()
        combination = self.combination
        if combination is None:
            combination = (np.array(self.columns) == parameter).astype(float)
        weights = combination_weights(self.design, combination, self.columns)
        return weights if self.row_of is None else (weights / np.bincount(self.row_of))[self.row_of]

    def members(self, group: str) -> BoolArray:
        """Which persons (n,) an effect is of."""
        return self.people.groups == self.people.group_names.index(group)


class Comparison(NamedTuple):
    """A part of a model: the name of its split or sample in addresses, its design, and its persons' place in people."""

    name: str
    design: Design
    rows: npt.NDArray[np.intp]


def estimate_stage(
    stage: str,
    tables: Mapping[str, pd.DataFrame],
    models: Mapping[str, Any],
    study: Study,
    variables: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """The table of estimates of every least-squares model that `stage` runs, in all samples or splits.

    `tables` holds 'sample', 'background' and the tables of the outcomes; `variables` is variables.csv, for the
    models that name their outcomes as a group of it. Complete cases are taken for each estimate; outcomes and weeks
    with the same ones share one factorisation. Raises InputError, naming table, sample, outcome and column, for a
    coefficient that the data do not identify.
    """
    people = join_background(tables["sample"], tables["background"])
    found: dict[Any, FloatArray] = {}
    rows: list[Estimate] = []
    for model in models_of(models, stage):
        weeks = outcome_weeks(model, study.time.horizon_weeks)
        labels = tuple(Label(outcome, week) for outcome in outcome_names(model, variables) for week in weeks)
        if (model.source, labels) not in found:
            found[model.source, labels] = outcome_values(labels, people, tables, model.source)
        note = _outsiders(model, tables)
        for part in _comparisons(model, people, study):
            rows += _estimate_part(model, part, labels, found[model.source, labels], note, study)
    return estimates_table(rows)


def _estimate_part(
    model: Model, part: Comparison, labels: Sequence[Label], values: FloatArray, note: str, study: Study
) -> list[Estimate]:
    """The rows of one sample or split; values: (all persons, m)."""
    shared = {"model": model.name, "sample": part.name, "spec_hash": model.spec_hash}
    cases = values[part.rows]
    known = np.isfinite(cases)
    rows: list[Estimate] = []
    for members in columns_by_pattern(known):
        usable = known[:, members[0]]
        batch, design, chosen = [labels[member] for member in members], part.design.take(usable), cases[:, members]
        unknown = int((~usable).sum())
        fit = fit_design(model, part.name, batch[0], design, chosen[usable], unknown, study)
        is_said = unknown and model.source in ("shares", "weekly")
        notes = [note, f"left out {unknown} persons whose outcome is unknown" if is_said else ""]
        rows += _estimate_batch(model, shared, batch, design, chosen[usable], fit, notes, study)
    return rows


def estimation_problem(
    model: Model, sample: str, outcome: str, week: int | None, tables: Mapping[str, pd.DataFrame], study: Study
) -> Problem:
    """The problem behind one estimate of a least-squares model, as the stage solved it; `sample` may be a split.

    Raises InputError for a sample, variable or week that does not exist.
    """
    people = join_background(tables["sample"], tables["background"])
    values = outcome_values([Label(outcome, week)], people, tables, model.source)[:, 0]
    chosen = [part for part in _comparisons(model, people, study, sample) if part.name == sample]
    if not chosen:
        raise InputError(f"models.toml, table [{model.name}]: no sample or split '{sample}'.")
    usable = np.isfinite(values[chosen[0].rows])
    design, outcomes = chosen[0].design.take(usable), values[chosen[0].rows[usable]]
    row_of, combination = None, None
    if model.estimator == "group_ols":
        averaged, row_of = average_arms(design)
        matrix, columns = averaged.written_out()
        return Problem(design.persons, outcomes, matrix, columns, averaged.clusters, design, row_of)
    matrix, columns = design.written_out()
    if model.estimator == "municipality_effects":
        combination = np.zeros(len(columns))
        combination[-len(design.group_names) :] = group_sizes(design) / len(design.persons)
    return Problem(design.persons, outcomes, matrix, columns, design.clusters, design, None, combination)


def _comparisons(model: Model, people: pd.DataFrame, study: Study, only: str | None = None) -> Iterator[Comparison]:
    """The samples, or the splits of the one sample, with the complete cases of each."""
    if model.splits and len(model.samples) != 1:
        raise InputError(f"models.toml, table [{model.name}]: splits compare one sample. Give one in `samples`.")
    splits: tuple[str | None, ...] = model.splits or (None,)
    for sample, split in product(model.samples, splits):
        name = split or sample
        if only not in (None, name):
            continue
        chosen = select_sample(people, sample, study)
        groups = find_groups(model, chosen, split, people, study)
        rows = complete_cases(model, chosen) & (groups.effects != NEITHER)
        design = build_design(model, chosen, groups, rows, study.splits[split].variable if split else None)
        yield Comparison(name, design, chosen.index.to_numpy()[rows])


def columns_by_pattern(usable: BoolArray) -> list[list[int]]:
    """The columns of `usable` (n, m) in groups that have the same usable persons."""
    groups: dict[bytes, list[int]] = {}
    for column, pattern in enumerate(np.ascontiguousarray(usable.T)):
        groups.setdefault(pattern.tobytes(), []).append(column)
    return list(groups.values())


def _estimate_batch(
    model: Model,
    shared: Mapping[str, Any],
    labels: Sequence[Label],
    design: Design,
    values: FloatArray,
    fit: Fit,
    further: Sequence[str],
    study: Study,
) -> list[Estimate]:
    """The rows of each label from one factorisation; values: (n, m); shared: the columns that are the same in all."""
    inference = infer(fit.effects, fit.errors, fit.df, study.inference.level)
    treated, observed = fit.arms or (design.treated, values)
    counts: dict[str, Any] = {
        "df": float(fit.df),
        "n": fit.n,
        "n_treated": int(treated.sum()),
        "n_control": int((~treated).sum()),
        "n_clusters": fit.n_clusters,
        "sample_hash": hash_persons(design.persons),
    }
    in_municipalities = model.fixed_effects == "municipality" and model.estimator != "municipality_effects"
    one_arm = strata_with_one_arm(design) if in_municipalities else []
    rows = []
    for place, parameter in enumerate(fit.parameters):
        members = design.groups == place if len(fit.parameters) > 1 else np.ones(len(treated), dtype=bool)
        means = _control_means(observed, members & ~treated)
        alone = ", ".join(municipality for municipality, group in one_arm if group == place)
        notes = [fit.note, design.note, f"one arm only, so no comparison, in {alone}" if alone else "", *further]
        for j, label in enumerate(labels):
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
                    note="; ".join(filter(None, [PERFECT_FIT_NOTE if fit.perfect_fit[j] else "", *notes])),
                    **shared,
                    **counts,
                )
            )
        if model.splits:
            rows += _describe_group(labels, parameter, design, members, means, shared)
    return rows


def _describe_group(
    labels: Sequence[Label],
    parameter: str,
    design: Design,
    members: BoolArray,
    means: FloatArray,
    shared: Mapping[str, Any],
) -> list[Estimate]:
    """The control mean of a group, and the group's share of the persons of the estimation sample."""
    group, controls = parameter.partition(":")[2], members & ~design.treated
    size, count = float(members.mean()), int(controls.sum())
    rows = []
    for name, counted in (("control_mean", controls), ("size", members)):
        persons = {
            "n": int(counted.sum()),
            "n_treated": int((counted & design.treated).sum()),
            "n_control": count,
            "sample_hash": hash_persons(design.persons[counted]),
        }
        for j, label in enumerate(labels):
            address: dict[str, Any] = {"outcome": label.outcome, "week": label.week, **shared, **persons}
            value = float(means[j]) if name == "control_mean" else size
            rows.append(Estimate(parameter=f"{name}:{group}", estimate=value, **address))
    return rows


def _control_means(values: FloatArray, controls: BoolArray) -> FloatArray:
    return values[controls].mean(axis=0) if controls.any() else np.full(values.shape[1], np.nan)


def _outsiders(model: Model, tables: Mapping[str, pd.DataFrame]) -> str:
    """What a follow-up survey holds of persons who are not analysed: left out, and said so."""
    if model.source != "followup":
        return ""
    outside = int((~tables["followup"]["person"].isin(tables["sample"]["person"])).sum())
    return f"left out the answers of {outside} persons who are not analysed" if outside else ""
