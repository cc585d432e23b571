"""Least squares by statsmodels; by linearmodels the first sample of a model without covariates and splits, of a curve
its end.

Stata's convention: the sandwich times G/(G-1) (N-1)/(N-K), t with G-1 degrees of freedom. statsmodels gives it with
cov_type="cluster" and use_t=True; linearmodels gives the same error when debiased, and its test is made again with
t(G-1). Without clusters statsmodels' HC1 and linearmodels' robust error are the same, with t(N-K).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from pipeline.verify.packages.trial import CONSTANT, Trial, labels_of

Row = dict[str, Any]
NOISE = 1e-20  # of the sum of squares: less is rounding


@dataclass(frozen=True)
class Case:
    """The complete cases of one part of a model: stratum, effect, covariates, cluster and outcomes of n persons.

    everybody: those of the part whether or not they have the outcomes.
    """

    model: Mapping[str, Any]
    name: str
    people: pd.DataFrame
    outcomes: pd.DataFrame
    covariates: list[str]
    groups: list[str]
    everybody: pd.DataFrame


def cases(model: Mapping[str, Any], trial: Trial) -> Iterator[Case]:
    """Each sample, or each split of the one sample, and of it the outcomes that the same persons have."""
    outcomes = trial.outcomes(model)
    for sample in model["samples"]:
        for split in model.get("splits") or [None]:
            people = trial.sample(sample)
            people = people[people[[*model["covariates"], *model.get("response", [])]].notna().all(axis=1)]
            people, covariates, groups = _grouped(people, model, split, trial)
            own = outcomes.reindex(people.index)
            patterns = dict[bytes, list[int]]()
            for column, known in enumerate(own.notna().to_numpy().T):
                patterns.setdefault(known.tobytes(), []).append(column)
            for pattern, columns in patterns.items() if len(own) else ():
                rows = np.frombuffer(pattern, dtype=bool)
                yield Case(model, split or sample, people[rows], own[rows].iloc[:, columns], covariates, groups, people)


def _grouped(
    people: pd.DataFrame, model: Mapping[str, Any], split: str | None, trial: Trial
) -> tuple[pd.DataFrame, list[str], list[str]]:
    """The people with their stratum, effect and cluster; the covariates that are left; the names of the groups."""
    covariates, stratum = list(model["covariates"]), model["fixed_effects"]
    strata = people[stratum].astype(str) if stratum != "none" else pd.Series(CONSTANT, people.index)
    people = people.assign(stratum_=strata, group_="", cluster_=trial.cluster_of(people, model["cluster"]))
    if split is None:
        return people, covariates, [""]
    made = trial.groups(trial.sample(model["samples"][0]), model, split).reindex(people.index)
    kept = made["group"].notna()
    people, made = people[kept], made[kept]
    variable = trial.definitions.study["splits"][split]["variable"]
    if variable in covariates and people[variable].groupby(made["side"]).nunique().max() < 2:
        covariates.remove(variable)
    people = people.assign(stratum_=people["stratum_"] + ":" + made["side"], group_=made["group"])
    return people, covariates, names_of_groups(model)


def names_of_groups(model: Mapping[str, Any]) -> list[str]:
    """The groups whose effects a model with splits compares."""
    low, high = (["low:low_peers", "low:high_peers"], ["high:low_peers", "high:high_peers"])
    return {"none": ["low", "high"], "separate": [*low, *high], "pooled": [*low, "high"]}[model.get("peers", "none")]


class Regression(NamedTuple):
    """A regression written out: its columns (n, k), without those that others determine, and a row (k,) a test by name.

    The tests are the effects that it tells of, and their differences.
    """

    design: pd.DataFrame
    tests: pd.DataFrame


def regression_of(rows: pd.DataFrame, covariates: list[str], groups: list[str]) -> Regression:
    """Dummies of the strata, covariates and an effect for each group; no tests where there are too few rows.

    An effect is told of if a stratum has both arms of its group, and if some sum of outcomes moves with it alone.
    """
    dummies = pd.get_dummies(rows["stratum_"], dtype=float)
    treated = rows["treated"] == 1
    effects = pd.DataFrame({effect_name(g): (treated & (rows["group_"] == g)).astype(float) for g in groups})
    whole = pd.concat([dummies, rows[covariates].astype(float), effects], axis=1)
    kept = independent(whole.to_numpy())
    design = whole.loc[:, kept]
    told = list[str]()
    if len(design) > design.shape[1]:
        arms = [set(rows.loc[rows["group_"] == g].groupby("stratum_")["treated"].nunique()) for g in groups]
        told = [effect_name(g) for g, of_strata in zip(groups, arms, strict=True) if 2 in of_strata]
        told = [name for name in told if kept.all() or moves_alone(whole.to_numpy(), whole.columns == name)]
    tests = pd.DataFrame(np.eye(design.shape[1]), design.columns, design.columns).loc[told]
    for one, other in differences(groups):
        if {effect_name(one), effect_name(other)} <= set(told):
            tests.loc[f"treated:{one}-{other}"] = tests.loc[effect_name(one)] - tests.loc[effect_name(other)]
    return Regression(design, tests)


def moves_alone(columns: np.ndarray, test: np.ndarray) -> bool:
    """Whether a sum of outcomes moves with coefficients of `columns` (n, k) as the `test` (k,) does: it is known."""
    scale = np.linalg.norm(columns, axis=0)
    scaled, wanted = columns / np.where(scale > 0, scale, 1.0), test / np.where(scale > 0, scale, 1.0)
    moved = wanted @ np.linalg.pinv(scaled, rcond=1e-8) @ scaled
    return bool(np.abs(moved - wanted).max() <= 1e-6 * np.abs(wanted).max()) and bool((scale[test != 0] > 0).all())


def effect_name(group: str) -> str:
    """How the effect of a group is addressed."""
    return f"treated:{group}" if group else "treated"


def differences(groups: list[str]) -> list[tuple[str, str]]:
    """Each two groups, whose effects are compared."""
    return list(combinations(groups, 2))


def independent(matrix: np.ndarray) -> np.ndarray:
    """Which columns (k,) the ones before them do not determine."""
    kept: list[int] = []
    scaled = matrix / np.where(np.linalg.norm(matrix, axis=0) > 0, np.linalg.norm(matrix, axis=0), 1.0)
    if len(matrix) and np.linalg.matrix_rank(scaled, tol=1e-8) == matrix.shape[1]:
        return np.ones(matrix.shape[1], dtype=bool)
    for column in range(matrix.shape[1]):
        if len(matrix) and np.linalg.matrix_rank(scaled[:, [*kept, column]], tol=1e-8) > len(kept):
            kept.append(column)
    return np.isin(np.arange(matrix.shape[1]), kept)


def ordinary(model: Mapping[str, Any], trial: Trial) -> Iterator[Row]:
    """Effects of the least-squares models, and the control mean and size of the groups of a split."""
    for case in cases(model, trial):
        regression = regression_of(case.people, case.covariates, case.groups)
        clusters = case.people["cluster_"].to_numpy() if model["cluster"] != "none" else None
        yield from _effects(case, regression, case.outcomes, case.people, clusters, trial)
        if model.get("splits"):
            yield from group_rows(case)


def means(model: Mapping[str, Any], trial: Trial) -> Iterator[Row]:
    """The same on the means of each arm of a cluster, every mean counting alike."""
    for case in cases(model, trial):
        keys = [case.people[name] for name in ("cluster_", "stratum_", "treated")]
        own = case.people[case.covariates].astype(float).groupby(keys).mean().reset_index()
        averaged = case.outcomes.groupby(keys).mean().reset_index(drop=True)
        regression = regression_of(own.assign(group_=""), case.covariates, case.groups)
        clusters = own["cluster_"].to_numpy() if model["cluster"] != "none" else None
        yield from _effects(case, regression, averaged, own, clusters, trial)


def _effects(
    case: Case, regression: Regression, outcomes: pd.DataFrame, rows: pd.DataFrame, clusters: Any, trial: Trial
) -> Iterator[Row]:
    is_plain = not case.covariates and not case.model.get("splits") and case.name == case.model["samples"][0]
    treated = rows["treated"].to_numpy() == 1
    groups = rows["group_"].to_numpy() if "group_" in rows else np.full(len(rows), "")
    design, tests = regression
    if tests.empty:
        return
    weights = tests.to_numpy() @ np.linalg.pinv(design.to_numpy())
    for outcome, week in labels_of(outcomes):
        values, is_end = outcomes[(outcome, week)], week in (None, trial.definitions.horizon)
        fit, route = _OTHER if is_plain and is_end else _USUAL
        of_errors = None if is_one(clusters) else clusters
        found, left = fit(values.to_numpy(), design, tests.to_numpy(), of_errors, trial.definitions.level)
        nothing = is_noise(found["se"], weights, values.to_numpy())
        nothing |= is_exact(left, values.to_numpy()) or is_one(clusters)
        found |= {name: np.where(nothing, np.nan, found[name]) for name in ("se", "p_value", "ci_low", "ci_high")}
        if is_one(clusters):
            found["df"] = np.zeros(len(tests))
        for place, name in enumerate(tests.index):
            own = np.isin(groups, name.partition(":")[2].split("-"))
            yield {
                "sample": case.name, "outcome": outcome, "week": week, "parameter": name, "route": route,
                **{statistic: column[place] for statistic, column in found.items()},
                "n": len(rows), "n_treated": int(treated.sum()), "n_control": int((~treated).sum()),
                "n_clusters": None if clusters is None else len(np.unique(clusters)),
                "control_mean": values.to_numpy()[~treated & own].mean(),
            }  # fmt: skip


def is_one(clusters: Any) -> bool:
    """Whether all are in one cluster (n,), which packages have no error of; not where there are no clusters."""
    return clusters is not None and len(np.unique(clusters)) == 1


def is_exact(left: float, y: np.ndarray) -> bool:
    """Whether the squares left of y (n,) are rounding noise, of which packages make an error and a test."""
    return bool(left <= NOISE * float((y**2).sum()))


def is_noise(errors: np.ndarray, weights: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Which errors (r,) of sums, `weights` (r, n) of y (n,), are rounding: the scores of every cluster cancel."""
    return np.asarray(errors**2 <= NOISE * (weights**2).sum(axis=1) * (y**2).max())


Columns = dict[str, np.ndarray]


def _statsmodels(
    y: np.ndarray, design: pd.DataFrame, tests: np.ndarray, clusters: Any, level: float
) -> tuple[Columns, float]:
    """The statistics (r,) of linear `tests` (r, k) of the columns, and the sum of squares that is left."""
    import statsmodels.api as sm

    options: dict[str, Any] = {"cov_type": "HC1"}
    if clusters is not None:
        options = {"cov_type": "cluster", "cov_kwds": {"groups": clusters}}
    fit = sm.OLS(y, design.to_numpy()).fit(use_t=True, **options)
    test, df = fit.t_test(tests), fit.df_resid if clusters is None else len(np.unique(clusters)) - 1
    limits = test.conf_int(alpha=1 - level)
    return {
        "estimate": test.effect, "se": test.sd.ravel(), "df": np.full(len(tests), float(df)),
        "p_value": np.atleast_1d(test.pvalue), "ci_low": limits[:, 0], "ci_high": limits[:, 1],
    }, float(fit.ssr)  # fmt: skip


def _linearmodels(
    y: np.ndarray, design: pd.DataFrame, tests: np.ndarray, clusters: Any, level: float
) -> tuple[Columns, float]:
    from linearmodels.iv import IV2SLS
    from scipy.stats import t

    options: dict[str, Any] = {"cov_type": "robust"}
    if clusters is not None:
        options = {"cov_type": "clustered", "clusters": clusters}
    fit = IV2SLS(y, design, None, None).fit(debiased=True, **options)
    df = len(y) - design.shape[1] if clusters is None else len(np.unique(clusters)) - 1
    estimates, errors = tests @ fit.params.to_numpy(), np.sqrt(np.diag(tests @ fit.cov.to_numpy() @ tests.T))
    width = t.ppf(0.5 + level / 2, df) * errors
    return {
        "estimate": estimates, "se": errors, "df": np.full(len(tests), float(df)),
        "p_value": 2 * t.sf(np.abs(estimates / errors), df), "ci_low": estimates - width, "ci_high": estimates + width,
    }, float(fit.resid_ss)  # fmt: skip


# A second package for some, since a slip in the options of one would be one in all; it takes ten times as long.
_USUAL, _OTHER = (_statsmodels, "statsmodels OLS"), (_linearmodels, "linearmodels IV2SLS")


def group_rows(case: Case) -> Iterator[Row]:
    """The control mean and the size of each group of a split."""
    treated = case.people["treated"] == 1
    for group in case.groups:
        members = case.people["group_"] == group
        for outcome, week in labels_of(case.outcomes):
            address = {"sample": case.name, "outcome": outcome, "week": week}
            mean = case.outcomes.loc[members & ~treated, (outcome, week)].mean()
            for name, value, counted in (
                (f"control_mean:{group}", mean, members & ~treated),
                (f"size:{group}", members.mean(), members),
            ):
                yield {
                    **address, "parameter": name, "route": "pandas mean", "estimate": value, "n": int(counted.sum()),
                    "n_treated": int((counted & treated).sum()), "n_control": int((counted & ~treated).sum()),
                }  # fmt: skip


def interacted(case: Case) -> tuple[pd.DataFrame, np.ndarray] | None:
    """Dummies of the strata and of the treated of each that has both arms, covariates; the average effect of them.

    None where no stratum has both arms, rows are too few, or the average is not told of.
    """
    strata, treated = case.people["stratum_"], case.people["treated"] == 1
    both = strata.map(treated.groupby(strata).nunique()) == 2
    effects = pd.get_dummies(strata[both], dtype=float).reindex(case.people.index, fill_value=0.0)
    effects = effects.mul(treated, axis=0).add_prefix("effect ")
    dummies = pd.get_dummies(strata, dtype=float)
    whole = pd.concat([dummies, effects, case.people[case.covariates].astype(float)], axis=1)
    kept = independent(whole.to_numpy())
    design = whole.loc[:, kept]
    sizes = strata[both].value_counts(normalize=True).add_prefix("effect ")
    average = sizes.reindex(whole.columns, fill_value=0.0).to_numpy()
    if not both.any() or len(design) <= design.shape[1] or not moves_alone(whole.to_numpy(), average):
        return None
    return design, average[kept]


def by_stratum(model: Mapping[str, Any], trial: Trial) -> Iterator[Row]:
    """The average of the strata's effects as a contrast of statsmodels' interacted regression with HC2, t(N-K)."""
    import statsmodels.api as sm

    for case in cases(model, trial):
        known = interacted(case)
        if known is None:
            continue
        (design, contrast), treated = known, case.people["treated"] == 1
        inverse = np.linalg.pinv(design.to_numpy())
        weights, leverage = contrast @ inverse, (design.to_numpy().T * inverse).sum(axis=0)
        # With leverage one HC2 is 0/0, which is nothing for those who weigh nothing: the package is not asked of them.
        alone, weighs = leverage > 1 - 1e-10, np.abs(weights) > 1e-10
        rows = ~alone | weighs
        columns = independent(design[rows].to_numpy())
        for outcome, week in labels_of(case.outcomes):
            values = case.outcomes[(outcome, week)].to_numpy()
            fit = sm.OLS(values[rows], design.loc[rows, columns].to_numpy()).fit(cov_type="HC2", use_t=True)
            test = fit.t_test(contrast[columns])
            low, high = test.conf_int(alpha=1 - trial.definitions.level)[0]
            error, p_value = test.sd.item(), test.pvalue.item()
            if (
                (alone & weighs).any()
                or is_exact(fit.ssr, values)
                or is_noise(test.sd.ravel(), weights[None], values).any()
            ):
                error, p_value, low, high = np.nan, np.nan, np.nan, np.nan
            yield {
                "sample": case.name, "outcome": outcome, "week": week, "parameter": "treated",
                "estimate": test.effect[0], "se": error, "df": fit.df_resid, "p_value": p_value,
                "ci_low": low, "ci_high": high, "n": len(values), "n_treated": int(treated.sum()),
                "n_control": int((~treated).sum()), "control_mean": values[~treated.to_numpy()].mean(),
            }  # fmt: skip
