"""The least-squares estimators on a design: persons, means of teams' arms, and effects by municipality."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pipeline.errors import InputError
from pipeline.estimate.designs import BoolArray, Design, FloatArray, Label
from pipeline.settings.models import Model
from pipeline.settings.study import Study
from pipeline.stats.ols import RankDeficiencyError, fit_cluster_ols, fit_combination


@dataclass(frozen=True)
class Fit:
    """Effects and errors (p, m) of p parameters and m outcomes, and what the inference rests on; note for all.

    arms: of a fit on means, which of them are of treated persons (n,), and the means (n, m).
    """

    parameters: tuple[str, ...]
    effects: FloatArray
    errors: FloatArray
    perfect_fit: BoolArray
    df: int
    n: int
    n_clusters: int | None
    note: str = ""
    arms: tuple[BoolArray, FloatArray] | None = None


def _fit_persons(design: Design, values: FloatArray) -> Fit:
    """Model (2) and those of its form: least squares on persons, clustered on team."""
    fit = fit_cluster_ols(values, design.matrix, design.clusters, design.columns, design.strata)
    p = len(design.group_names)
    return Fit(
        design.effects, fit.coefficients[-p:], fit.standard_errors[-p:], fit.perfect_fit, fit.df, fit.n, fit.n_clusters
    )


def _fit_group_means(design: Design, values: FloatArray) -> Fit:
    """Model (7): the same on means by team and arm, every mean counting alike (report chapter 4)."""
    averaged, row_of = average_arms(design)
    single = int((np.unique(averaged.clusters, return_counts=True)[1] == 1).sum())
    note = f"one arm only, so one mean, in {single} teams" if single else ""
    means = _means(values, row_of)
    return replace(_fit_persons(averaged, means), note=note, arms=(averaged.treated, means))


def _fit_municipalities(design: Design, values: FloatArray) -> Fit:
    """Model (6): effects by municipality, averaged by their number of persons (Imbens and Rubin 2015, p. 205).

    The error is HC2, without covariates Neyman's of a stratified trial. Clustering on team is not valid here: a
    municipality with one team would add nothing to the variance.
    """
    sizes = group_sizes(design)
    empty = sorted(name for name, size in zip(design.group_names, sizes, strict=True) if not size)
    if empty:
        raise ValueError(f"nobody in {', '.join(empty)} has a known outcome and every covariate, so no effect there")
    one_arm = sorted({design.group_names[group] for _, group in strata_with_one_arm(design)})
    if one_arm:
        raise ValueError(f"only one arm in {', '.join(one_arm)}, so no effect there")
    combination = np.zeros(len(design.columns))
    combination[-len(sizes) :] = sizes / len(design.persons)
    fit = fit_combination(values, design.matrix, combination, design.columns, design.strata)
    alone = sorted({design.group_names[group] for group in design.groups[fit.leverage_one]})
    note = f"a single person in an arm of {', '.join(alone)}: no standard error" if alone else ""
    parameter = design.columns[-1].partition(":")[0]
    return Fit((parameter,), fit.estimates[None], fit.standard_errors[None], fit.perfect_fit, fit.df, fit.n, None, note)


FITS = {"ols": _fit_persons, "group_ols": _fit_group_means, "municipality_effects": _fit_municipalities}


def fit_design(
    model: Model, part: str, label: Label, design: Design, values: FloatArray, unknown: int, study: Study
) -> Fit:
    """The fit of outcomes (n, m), of which `label` is the first; InputError that says where, why and what to do.

    `unknown` persons of the part are not in the design because their outcome is not known.
    """
    try:
        _require_persons(model, design)
        return FITS[model.estimator](design, values)
    except ValueError as error:
        week = "" if label.week is None else f", week {label.week}"
        missing = f"; {unknown} of {unknown + len(design.persons)} persons have no known outcome there"
        raise InputError(
            f"models.toml, table [{model.name}], sample '{part}', outcome '{label.outcome}'{week}: {error}"
            f"{missing if unknown else ''}. {_remedy(model, error, unknown, not len(design.persons), study)}"
        ) from error


def _require_persons(model: Model, design: Design) -> None:
    """Raise ValueError if nobody has the outcome and the covariates, or a group of a split cannot be compared."""
    if not len(design.persons):
        raise ValueError("nobody has a known outcome and every covariate: 0 observations are too few")
    if model.splits:
        _require_comparison(design)


def _remedy(model: Model, error: ValueError, unknown: int, is_empty: bool, study: Study) -> str:
    if unknown and model.source in ("shares", "weekly"):
        return (
            f"If the extract ends before week {study.time.horizon_weeks} of these persons, set a shorter horizon_weeks "
            "in study.toml."
        )
    if unknown and model.source == "followup":
        return (
            "Get the answers to the survey after the course, or take the models and exhibits of "
            "outcome_source = 'followup' out."
        )
    if isinstance(error, RankDeficiencyError):
        return "Take the column out of the model, or the sample out of its list."
    if model.splits and not is_empty:
        return "Move the bound of the split in study.toml, or take it out of the model."
    return "Take the outcome, its week or the sample out of the model, or set horizon_weeks in study.toml."


def _require_comparison(design: Design) -> None:
    """Raise ValueError naming the first group of a split without a person, an arm, or a stratum with both arms."""
    if len(design.group_names) < 2:
        return
    for number, name in enumerate(design.group_names):
        members = design.groups == number
        treated, strata = design.treated & members, design.strata
        both = np.intersect1d(strata[treated], strata[members & ~design.treated])
        if not both.size:
            raise ValueError(
                f"of the group '{name}' {int(treated.sum())} persons are treated and "
                f"{int((members & ~design.treated).sum())} controls, and no municipality has both"
            )


def group_sizes(design: Design) -> FloatArray:
    """The persons of each group."""
    return np.bincount(design.groups, minlength=len(design.group_names)).astype(float)


def average_arms(design: Design) -> tuple[Design, npt.NDArray[np.intp]]:
    """The design of the means by team and arm, and for each person the row of their mean."""
    _, first, row_of = np.unique(2 * design.clusters + design.treated, return_index=True, return_inverse=True)
    cut = {name: getattr(design, name)[first] for name in ("persons", "strata", "clusters", "treated", "groups")}
    return Design(
        matrix=_means(design.matrix, row_of), columns=design.columns, strata_names=design.strata_names,
        group_names=design.group_names, **cut,
    ), row_of  # fmt: skip


def _means(values: FloatArray, row_of: npt.NDArray[np.intp]) -> FloatArray:
    indicators = (np.arange(row_of.max(initial=-1) + 1)[:, None] == row_of).astype(float)
    return np.asarray((indicators @ values) / indicators.sum(axis=1, keepdims=True), dtype=float)


def strata_with_one_arm(design: Design) -> list[tuple[str, int]]:
    """Municipality, and group, of the strata in which everybody or nobody is treated; none without municipalities."""
    count = len(design.group_names)
    cell = design.strata * count + design.groups
    total = np.bincount(design.strata, minlength=len(design.strata_names))
    treated = np.bincount(design.strata, weights=design.treated, minlength=len(design.strata_names))
    single = (total > 0) & ((treated == 0) | (treated == total))
    found = np.unique(cell[single[design.strata]])
    return [(design.strata_names[number // count].split(":")[1], int(number % count)) for number in found]
