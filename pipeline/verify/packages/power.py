"""What the trial could see: errors by statsmodels, power by scipy's noncentral t or normal, inverted by `brentq`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.stats import nct, norm, t

from pipeline.verify.packages import exits
from pipeline.verify.packages.least_squares import Case, Row, cases, is_exact, is_noise, is_one, regression_of
from pipeline.verify.packages.trial import Trial, labels_of

FAR = 12.0  # standard errors: an effect that tests of some clusters find


def shares(model: Mapping[str, Any], trial: Trial) -> Iterator[Row]:
    """Of the least-squares models: each group's effect, and the differences of two."""
    for case in cases(model, trial):
        design, tests = regression_of(case.people, case.covariates, case.groups)
        for outcome, week in labels_of(case.outcomes):
            values = case.outcomes[(outcome, week)].to_numpy()
            address = {"sample": case.name, "outcome": outcome, "week": week}
            for name, test in tests.iterrows():
                group = str(name).partition(":")[2]
                found = _errors(values, design, test.to_numpy(), case)
                if found is not None:
                    yield from _of_effect(address, group, found, _counts(case, group, values), trial, model)


def _errors(values: np.ndarray, design: pd.DataFrame, contrast: np.ndarray, case: Case) -> tuple[float, ...] | None:
    """The clustered error of a contrast, the one without clusters, and the degrees of freedom; None without any."""
    import statsmodels.api as sm

    fit, clusters = sm.OLS(values, design.to_numpy()), case.people["cluster_"].to_numpy()
    plain = fit.fit(cov_type="HC1", use_t=True)
    is_clustered = case.model["cluster"] != "none"
    if is_exact(float(plain.ssr), values) or (is_clustered and is_one(clusters)):
        return None
    if not is_clustered:
        return plain.t_test(contrast).sd.item(), plain.t_test(contrast).sd.item(), float(plain.df_resid)
    clustered = fit.fit(cov_type="cluster", cov_kwds={"groups": clusters}, use_t=True)
    errors = clustered.t_test(contrast).sd.item(), plain.t_test(contrast).sd.item()
    if is_noise(np.array(errors[:1]), contrast[None] @ np.linalg.pinv(design.to_numpy()), values).any():
        return None
    return *errors, float(len(np.unique(clusters)) - 1)


def _counts(case: Case, group: str, values: np.ndarray) -> Row:
    treated, own = case.people["treated"] == 1, case.people["group_"] == group
    is_difference = group not in case.groups
    own = case.people["group_"].isin(group.split("-")) if is_difference else own
    level = np.nan if is_difference else values[own & ~treated].mean()
    return {
        "n": int(own.sum()), "n_treated": int((own & treated).sum()), "n_control": int((own & ~treated).sum()),
        "n_clusters": None if case.model["cluster"] == "none" else case.people["cluster_"].nunique(),
        "control_mean": level,
    }  # fmt: skip


def _of_effect(
    address: Row, group: str, found: tuple[float, ...], counts: Row, trial: Trial, model: Mapping[str, Any]
) -> Iterator[Row]:
    (error, plain, df), targets, level = found, model["power"], counts["control_mean"]
    chance = partial(_chance, df=df, size=1.0 - trial.definitions.level)
    numbers = {"design_effect": error**2 / plain**2}
    numbers |= {f"mde_{round(100 * each, 9):g}": error * _where(chance, each) for each in targets["chances"]}
    numbers |= {f"power_{each:g}": chance(each / error) for each in targets.get("effects", ())}
    if "-" not in group:
        level = level if level > 0 else np.nan
        for each in targets["chances"]:
            numbers[f"ratio_{round(100 * each, 9):g}"] = (level + error * _where(chance, each)) / level
        for ratio in targets.get("ratios", ()):
            numbers[f"power_ratio_{ratio:g}"] = chance((ratio * level - level) / error)
    for name, value in numbers.items():
        yield {**address, "parameter": f"{name}:{group}" if group else name, "estimate": value, "df": df, **counts}


def _chance(distance: float, df: float, size: float) -> float:
    """That an effect of so many standard errors is found; without degrees of freedom by the normal distribution."""
    if np.isnan(df):
        critical = norm.isf(size / 2)
        return float(norm.sf(critical - distance) + norm.cdf(-critical - distance))
    critical = t.isf(size / 2, df)
    lower = np.nan_to_num(nct.cdf(-critical, df, distance))  # far away it is zero, and scipy does not know it
    return float(nct.sf(critical, df, distance) + lower)


def _where(chance: Any, wanted: float) -> float:
    far = FAR
    while chance(far) < wanted:
        far *= 2
    return float(brentq(lambda distance: chance(distance) - wanted, 0.0, far, xtol=1e-14, rtol=1e-14))


def exit_rates(model: Mapping[str, Any], trial: Trial) -> Iterator[Row]:
    """Of the hazard models, as ratios of odds or hazards."""
    rows = list(exits.hazard(model, trial))
    by_parameter = {(row["sample"], row["outcome"], row["parameter"]): row for row in rows}
    size, targets = 1.0 - trial.definitions.level, model["power"]
    for (sample, outcome, parameter), plain in by_parameter.items():
        if parameter != "treated":
            continue
        row = by_parameter[sample, outcome, "treated" if model["cluster"] == "none" else "treated_clustered"]
        chance = partial(_chance, df=np.nan, size=size)
        numbers = {"design_effect": row["se"] ** 2 / plain["se"] ** 2}
        for each in targets["chances"]:
            smallest = row["se"] * _where(chance, each)
            numbers |= {f"mde_{round(100 * each, 9):g}": smallest, f"ratio_{round(100 * each, 9):g}": np.exp(smallest)}
        numbers |= {f"power_{each:g}": chance(each / row["se"]) for each in targets.get("effects", ())}
        numbers |= {f"power_ratio_{each:g}": chance(np.log(each) / row["se"]) for each in targets.get("ratios", ())}
        kept = {name: row.get(name) for name in ("sample", "outcome", "week", "n", "n_treated", "n_control",
                                                 "n_clusters", "control_mean")}  # fmt: skip
        for name, value in numbers.items():
            yield {**kept, "parameter": name, "estimate": value}
