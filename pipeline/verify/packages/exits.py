"""Exit rates by statsmodels' GLM and survival by lifelines.

Stata's convention for the hazards: observed information and the normal distribution; clustered, the sandwich times
G/(G-1). statsmodels gives both where it maximises by Newton's method; use_correction=False leaves its own factor out,
which would count cells. Survival is lifelines' Kaplan-Meier with its log-log interval, its error statsmodels'.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from pipeline.verify.packages.least_squares import Row
from pipeline.verify.packages.trial import CONSTANT, Trial

CERTAIN = 1e-8  # of a chance to leave, from none or from one: statsmodels cuts off what is smaller


def _spells(model: Mapping[str, Any], trial: Trial) -> Iterator[tuple[dict[str, Any], pd.DataFrame]]:
    """The persons at risk of each exit in each sample, with weeks, exited, stratum and cluster."""
    durations, horizon = trial.tables["durations"], trial.definitions.horizon
    for sample in model["samples"]:
        people = trial.sample(sample)
        people = people[people[model["covariates"]].notna().all(axis=1)]
        stratum = model["fixed_effects"]
        people = people.assign(
            cluster_=trial.cluster_of(people), stratum_=people[stratum].astype(str) if stratum != "none" else CONSTANT
        )
        for outcome in trial.definitions.outcome_names(model):
            own = durations[durations["outcome"] == outcome].set_index("person")[["weeks", "exited"]]
            spells = people.join(own)
            spells = spells[spells["weeks"] >= 1]
            exited = spells["exited"].astype(bool) & (spells["weeks"] <= horizon)
            spells = spells.assign(exited=exited, weeks=spells["weeks"].clip(upper=horizon))
            yield {"sample": sample, "outcome": outcome, "week": None}, spells


def hazard(model: Mapping[str, Any], trial: Trial) -> Iterator[Row]:
    """The effect and each covariate's, with the error of the observed information and the clustered one."""
    for address, spells in _spells(model, trial):
        long, dropped = _person_weeks(spells, trial)
        used = spells.loc[long["person"].unique()]
        names = ["treated", *model["covariates"]]
        fits = _fits(long, names, model["link"], dropped)
        if not fits:
            continue
        controls = long["treated"] == 0
        for place, name in enumerate(names):
            for ending, (coefficients, errors) in fits.items():
                if ending and model["cluster"] == "none":
                    continue
                yield {
                    **address, "parameter": f"{name}{ending}",
                    **_inference(float(coefficients[place]), float(errors[place]), trial),
                    "n": int(long["at_risk"].sum()), "n_treated": int((used["treated"] == 1).sum()),
                    "n_control": int((used["treated"] == 0).sum()),
                    "n_clusters": int(long["cluster_"].nunique()) if model["cluster"] != "none" else None,
                    "control_mean": long.loc[controls, "exits"].sum() / long.loc[controls, "at_risk"].sum(),
                }  # fmt: skip


def _person_weeks(spells: pd.DataFrame, trial: Trial) -> tuple[pd.DataFrame, int]:
    """A row a person and interval at risk, with the weeks at risk and the exit; less what dummies predict perfectly."""
    horizon, step = trial.definitions.horizon, int(trial.definitions.study["outcomes"]["hazard_interval_weeks"])
    long = spells.loc[spells.index.repeat(spells["weeks"])].rename_axis("person").reset_index()
    week = long.groupby("person").cumcount() + 1
    interval = ((week - 1) // step).clip(upper=max(horizon // step, 1) - 1)
    long = long.assign(interval_=interval, exits=(long["exited"] & (week == long["weeks"])).astype(int))
    before = None
    while before != len(long):
        before = len(long)
        for factor in ("interval_", "stratum_"):
            share = long.groupby(factor)["exits"].transform("mean")
            if long[factor].nunique() > 1:
                long = long[(share > 0) & (share < 1)]
    keys = [name for name in long if name not in ("exits", "exited", "weeks")]
    return long.groupby(keys, dropna=False, sort=False)["exits"].agg(["sum", "size"]).reset_index().rename(
        columns={"sum": "exits", "size": "at_risk"}
    ), before  # fmt: skip


Fits = dict[str, tuple[np.ndarray, np.ndarray]]


def _fits(long: pd.DataFrame, names: list[str], link: str, dropped: int) -> Fits:
    """Coefficients and errors (k,) of statsmodels' fit on cells of equal rows, plain and clustered, with the factor.

    Nothing where the likelihood has no maximum. Where somebody is all but certain to leave or to stay the package cuts
    the chance off, and its errors are made of the derivatives here.
    """
    import statsmodels.api as sm

    keys = ["interval_", "stratum_", "cluster_", *names]
    cells = long.groupby(keys, sort=False)[["exits", "at_risk"]].sum().reset_index()
    dummies = [pd.get_dummies(cells["interval_"], dtype=float)]
    if cells["stratum_"].nunique() > 1:
        dummies.append(pd.get_dummies(cells["stratum_"], drop_first=True, dtype=float))
    design = pd.concat([cells[names].astype(float), *dummies], axis=1).to_numpy()
    counts = np.column_stack([cells["exits"], cells["at_risk"] - cells["exits"]])
    if not len(cells) or not has_maximum(design, counts):
        return {}
    family = sm.families.Binomial({"logit": sm.families.links.Logit, "cloglog": sm.families.links.CLogLog}[link]())
    model, groups = sm.GLM(counts, design, family), cells["cluster_"].to_numpy()
    start = model.fit().params
    options = {"method": "newton", "tol": 1e-14, "maxiter": 200, "start_params": start, "disp": 0}
    plain = model.fit(**options)
    clustered = model.fit(cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}, **options)
    errors = [np.asarray(plain.bse), np.asarray(clustered.bse)]
    chances, g = np.asarray(model.predict(plain.params)), len(np.unique(groups))
    if chances.min() < CERTAIN or chances.max() > 1 - CERTAIN:
        scores, information = derivatives(design @ plain.params, counts[:, 0], counts[:, 1], link)
        inverse = np.linalg.inv(design.T @ (information[:, None] * design))
        sums = pd.DataFrame((scores[:, None] * design) @ inverse).groupby(groups).sum().to_numpy()
        errors = [np.sqrt(np.diag(inverse)), np.sqrt((sums**2).sum(axis=0))]
    factor = np.sqrt(g / (g - 1)) if g > 1 else np.nan
    return {"": (np.asarray(plain.params), errors[0]), "_clustered": (np.asarray(plain.params), factor * errors[1])}


def derivatives(
    predictor: np.ndarray, exits: np.ndarray, stays: np.ndarray, link: str
) -> tuple[np.ndarray, np.ndarray]:
    """Score and observed information (n,) of each row's likelihood in its linear predictor."""
    if link == "logit":
        p = 1 / (1 + np.exp(-predictor))
        return exits * (1 - p) - stays * p, (exits + stays) * p * (1 - p)
    rate = np.exp(predictor)
    leaving = rate / np.expm1(rate)
    return exits * leaving - stays * rate, exits * leaving * (rate / -np.expm1(-rate) - 1) + stays * rate


def has_maximum(design: np.ndarray, counts: np.ndarray) -> bool:
    """Whether no sum of columns (n, k) parts those who leave from those who stay, `counts` (n, 2) of each row.

    A likelihood has a maximum where none is above nothing for some who leave or below it for some who stay, and nowhere
    the other way (Albert and Anderson 1984): by a linear programme, which looks for the farthest parting within bounds.
    """
    from scipy.optimize import linprog

    parts = np.vstack([design[counts[:, 0] > 0], -design[counts[:, 1] > 0]])
    parts = parts / np.where(np.abs(parts).max(axis=0) > 0, np.abs(parts).max(axis=0), 1.0)
    found = linprog(-parts.sum(axis=0), A_ub=-parts, b_ub=np.zeros(len(parts)), bounds=(-1, 1))
    return bool(-found.fun < 1e-7)


def _inference(estimate: float, error: float, trial: Trial) -> Row:
    from scipy.stats import norm

    width = norm.ppf(0.5 + trial.definitions.level / 2) * error
    return {
        "estimate": estimate, "se": error, "p_value": float(2 * norm.sf(abs(estimate / error))),
        "ci_low": estimate - width, "ci_high": estimate + width,
    }  # fmt: skip


def survival(model: Mapping[str, Any], trial: Trial) -> Iterator[Row]:
    """The curve of each arm in weeks 0 to the horizon; n is the number at risk."""
    from lifelines import KaplanMeierFitter
    from statsmodels.duration.survfunc import SurvfuncRight

    weeks = np.arange(trial.definitions.horizon + 1)
    for address, spells in _spells(model, trial):
        for arm, name in ((0, "control"), (1, "treated")):
            own = spells[spells["treated"] == arm]
            if own.empty:
                continue
            curve = KaplanMeierFitter(alpha=1 - trial.definitions.level)
            curve.fit(own["weeks"], own["exited"], timeline=weeks)
            errors = SurvfuncRight(own["weeks"], own["exited"].astype(int))
            error = pd.Series(errors.surv_prob_se, errors.surv_times.astype(int)).reindex(weeks).ffill().fillna(0.0)
            at_risk = (own["weeks"].to_numpy()[:, None] >= weeks).sum(axis=0)
            values, limits = curve.survival_function_.iloc[:, 0].to_numpy(), curve.confidence_interval_.to_numpy()
            unknown = (at_risk == 0) & (values > 0)
            for week in weeks:
                is_known, is_over = not unknown[week], values[week] == 0.0
                yield {
                    **address, "week": int(week), "parameter": name,
                    "estimate": values[week] if is_known else np.nan,
                    "se": error[week] if is_known and not is_over else np.nan,
                    "ci_low": limits[week, 0] if is_known and not is_over else np.nan,
                    "ci_high": limits[week, 1] if is_known and not is_over else np.nan,
                    "n": int(at_risk[week]), "n_treated": int(at_risk[week]) * arm,
                    "n_control": int(at_risk[week]) * (1 - arm),
                }  # fmt: skip
