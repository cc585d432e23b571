"""From a row of config/models.toml and the derived tables to least-squares problems and their estimates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from pipeline.config import Settings, Study, convert
from pipeline.errors import InputError
from pipeline.estimates import Estimate, hash_persons, hash_settings
from pipeline.samples import join_background, select_sample
from pipeline.stats.distributions import infer
from pipeline.stats.ols import coefficient_weights, fit_cluster_ols

if TYPE_CHECKING:
    import pandas as pd

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
TextArray = npt.NDArray[np.str_]

PERFECT_FIT_NOTE = "the outcome is fitted exactly: no standard error"


class Grid(Settings, frozen=True):
    """Points from first to last, both included, step apart."""

    first: float
    last: float
    step: float


class Model(Settings, frozen=True, omit_defaults=True):
    """One table of config/models.toml: which outcomes, samples, estimator and covariates.

    outcomes is a list of names, or "risk_factors" for the variables that config/variables.csv numbers as such; weeks a
    list, "all" up to the horizon, or "none"; samples a list of samples of config/study.toml, or "teams".
    """

    name: str
    name_en: str
    name_da: str
    report: str
    estimator: Literal["ols", "discrete_hazard", "kaplan_meier", "mean", "density", "count"]
    outcomes: list[str] | Literal["risk_factors"]
    weeks: list[int] | Literal["all", "none"]
    samples: list[str] | Literal["teams"]
    treatment: str
    covariates: list[str]
    fixed_effects: Literal["municipality", "none"]
    cluster: Literal["team", "none"]
    equation: str
    words_en: str
    words_da: str
    link: Literal["logit", "cloglog"] | None = None
    grid: dict[str, Grid] | None = None

    @property
    def spec_hash(self) -> str:
        """The hash of the table as it stands in the file."""
        row = msgspec.to_builtins(self)
        del row["name"]
        return hash_settings(row)


class Label(NamedTuple):
    """What a column of outcomes holds: a share up to a week, or with no week a variable of the person."""

    outcome: str
    week: int | None


@dataclass(frozen=True)
class Design:
    """The right-hand side of a least-squares problem: n persons, k columns.

    persons, clusters, treated: (n,); matrix: (n, k); columns: the k names, 'municipality:<slug>' for a dummy and the
    treatment last.
    """

    persons: npt.NDArray[np.int64]
    matrix: FloatArray
    columns: tuple[str, ...]
    clusters: TextArray
    treated: BoolArray


@dataclass(frozen=True)
class Problem:
    """One least-squares problem as it was estimated: persons, outcome, clusters (n,), design (n, k), names (k,).

    The estimate of a parameter is exactly weights(parameter) @ outcome.
    """

    persons: npt.NDArray[np.int64]
    outcome: FloatArray
    design: FloatArray
    columns: tuple[str, ...]
    clusters: TextArray

    def weights(self, parameter: str = "treated") -> FloatArray:
        """The weight (n,) of each person's outcome in the coefficient of the column `parameter`."""
        return coefficient_weights(self.design, self.columns.index(parameter), columns=self.columns)


def read_models(models: Mapping[str, Any]) -> dict[str, Model]:
    """The tables of config/models.toml as objects; InputError names the table and the key that is unknown or wrong."""
    return {
        name: convert({**row, "name": name}, Model, f"config/models.toml, table [{name}]")
        for name, row in models.items()
    }


def models_of(models: Mapping[str, Any], *estimators: str) -> list[Model]:
    """The models of the file that use one of `estimators`, in the order of the file."""
    return [model for model in read_models(models).values() if model.estimator in estimators]


def outcome_names(model: Model, variables: pd.DataFrame) -> list[str]:
    """The outcomes of a model; "risk_factors" are those numbered in the dictionary, in the order of their numbers."""
    if model.outcomes != "risk_factors":
        return list(model.outcomes)
    numbered = variables[variables["risk_factor"] != ""]
    return numbered["name"].iloc[np.argsort(numbered["risk_factor"].astype(int), kind="stable")].to_list()


def outcome_weeks(model: Model, horizon: int) -> list[int | None]:
    """The follow-up weeks of a model: 1..horizon for "all", [None] for "none"."""
    if model.weeks == "all":
        return list(range(1, horizon + 1))
    return [None] if model.weeks == "none" else list(model.weeks)


def estimation_problem(
    model: Model, sample: str, outcome: str, week: int | None, tables: Mapping[str, pd.DataFrame], study: Study
) -> Problem:
    """The problem behind one estimate of a model with estimator "ols", as the stage solved it.

    `tables` holds 'sample' and 'background', and 'shares' if there is a week. Raises InputError for a sample, variable
    or week that does not exist.
    """
    people = join_background(tables["sample"], tables["background"])
    values = outcome_values([Label(outcome, week)], people, tables)[:, 0]
    chosen = select_sample(people, sample, study)
    cases = chosen[complete_cases(model, chosen) & np.isfinite(values[chosen.index])]
    design = build_design(model, cases)
    return Problem(design.persons, values[cases.index], design.matrix, design.columns, design.clusters)


def estimate_ols(
    model: Model, outcomes: Sequence[str], tables: Mapping[str, pd.DataFrame], study: Study
) -> list[Estimate]:
    """The coefficient of treatment for every sample, outcome and week of a model with estimator "ols".

    Complete cases are taken for each estimate; outcomes and weeks with the same ones share one factorisation. Raises
    InputError, naming table, sample, outcome and column, for a coefficient that the data do not identify.
    """
    people = join_background(tables["sample"], tables["background"])
    weeks = outcome_weeks(model, study.time.horizon_weeks)
    labels = [Label(outcome, week) for outcome in outcomes for week in weeks]
    values = outcome_values(labels, people, tables)
    rows: list[Estimate] = []
    for sample in model.samples:
        chosen = select_sample(people, sample, study)
        usable = np.isfinite(values[chosen.index]) & complete_cases(model, chosen)[:, None]
        for members in _columns_by_pattern(usable):
            cases = chosen[usable[:, members[0]]]
            batch = values[cases.index][:, members]
            rows += _estimate_batch(model, sample, [labels[member] for member in members], cases, batch, study)
    return rows


def complete_cases(model: Model, people: pd.DataFrame) -> BoolArray:
    """Which persons have every covariate of the model."""
    absent = [column for column in [*model.covariates, model.treatment] if column not in people]
    if absent:
        raise InputError(f"config/models.toml, table [{model.name}]: no variable {', '.join(absent)}. Mend the names.")
    return people[model.covariates].notna().all(axis="columns").to_numpy(dtype=bool)


def build_design(model: Model, people: pd.DataFrame) -> Design:
    """The design of complete cases: a dummy for each municipality present (or a constant), covariates, treatment.

    Municipalities come in alphabetical order, with no constant beside them. Design and clusters are taken from the same
    rows of `people`, so they cannot differ in order or length.
    """
    if model.fixed_effects == "municipality":
        municipalities = people["municipality"].to_numpy(dtype=str)
        levels = np.unique(municipalities)
        dummies, names = municipalities[:, None] == levels, [f"municipality:{level}" for level in levels]
    else:
        dummies, names = np.ones((len(people), 1), dtype=bool), ["constant"]
    others = [*model.covariates, model.treatment]
    return Design(
        persons=people["person"].to_numpy(dtype=np.int64),
        matrix=np.column_stack([dummies, people[others].to_numpy(dtype=float)]),
        columns=(*names, *others),
        clusters=people["team"].to_numpy(dtype=str),
        treated=people[model.treatment].to_numpy(dtype=bool),
    )


def outcome_values(labels: Sequence[Label], people: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> FloatArray:
    """The outcomes (n, m) of n people, one column per label, all with a week or all without; missing where unknown.

    Raises InputError for a variable, or an outcome and week, that no table holds.
    """
    keys: list[Any]
    if all(label.week is None for label in labels):
        source, keys = people, [label.outcome for label in labels]
    else:
        wide = tables["shares"].pivot(index="person", columns=["outcome", "week"], values="share")
        source, keys = wide.reindex(people["person"]), [tuple(label) for label in labels]
    absent = [key for key in keys if key not in source.columns]
    if absent:
        raise InputError(
            f"no table holds {len(absent)} of {len(keys)} outcomes, the first of them {absent[0]}. Mend the outcomes "
            "and weeks of config/models.toml, or build background.parquet and shares.parquet again."
        )
    return source[keys].to_numpy(dtype=float)


def _columns_by_pattern(usable: BoolArray) -> list[list[int]]:
    """The columns of `usable` (n, m) in groups that have the same usable persons."""
    groups: dict[bytes, list[int]] = {}
    for column in range(usable.shape[1]):
        groups.setdefault(usable[:, column].tobytes(), []).append(column)
    return list(groups.values())


def _estimate_batch(
    model: Model, sample: str, labels: Sequence[Label], cases: pd.DataFrame, values: FloatArray, study: Study
) -> list[Estimate]:
    """One row per label from one factorisation of the design of `cases`; values: (n, m)."""
    design = build_design(model, cases)
    try:
        fit = fit_cluster_ols(values, design.matrix, design.clusters, design.columns)
    except ValueError as error:
        raise InputError(
            f"config/models.toml, table [{model.name}], sample '{sample}', outcome '{labels[0].outcome}': {error}. "
            "Take the column out of the model, or the sample out of its list."
        ) from error
    coefficients, errors = fit.coefficients[-1], fit.standard_errors[-1]
    inference = infer(coefficients, errors, fit.df, study.inference.level)
    control_means = values[~design.treated].mean(axis=0)
    shared: dict[str, Any] = {
        "model": model.name,
        "sample": sample,
        "parameter": model.treatment,
        "df": float(fit.df),
        "n": fit.n,
        "n_treated": int(design.treated.sum()),
        "n_control": int((~design.treated).sum()),
        "n_clusters": fit.n_clusters,
        "sample_hash": hash_persons(design.persons),
        "spec_hash": model.spec_hash,
    }
    return [
        Estimate(
            outcome=label.outcome,
            week=label.week,
            estimate=float(coefficients[j]),
            se=float(errors[j]),
            p_value=float(inference.p_values[j]),
            ci_low=float(inference.ci_low[j]),
            ci_high=float(inference.ci_high[j]),
            control_mean=float(control_means[j]),
            note=PERFECT_FIT_NOTE if fit.perfect_fit[j] else "",
            **shared,
        )
        for j, label in enumerate(labels)
    ]
