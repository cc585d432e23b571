"""Hazards and survival curves as sums over person-weeks."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipeline.errors import InputError
from pipeline.settings.models import Model
from pipeline.settings.study import Study
from pipeline.stats.hazard import derivatives, fit_hazard
from pipeline.stats.person_weeks import collapse, interval_of


def hazard_terms(at_risk: pd.DataFrame, model: Model, study: Study) -> pd.DataFrame:
    """Weight and working response of every person-week in the coefficient of treatment.

    At the maximum beta = (X'HX)^-1 X'H z with H the information of each person-week and z its linear predictor plus
    score over information, since the scores then add up to zero (McCullagh and Nelder 1989, section 2.5). Returns
    person, week, weight and outcome, whose sum of weight x outcome is the estimate; score, the derivative of the
    likelihood times what the estimate moves for it; and spread, the square of which is the person-week's part of the
    variance from the observed information. InputError if the fit did not converge.
    """
    if model.link is None:
        raise InputError(f"models.toml, table [{model.name}]: a hazard without a link. Give it one.")
    horizon, steps = study.time.horizon_weeks, study.outcomes.hazard_interval_weeks
    if model.fixed_effects == "none":
        at_risk = at_risk.assign(municipality="all")
    weeks, exited, treated, municipality, team = (
        at_risk[name] for name in ("weeks", "exited", model.treatment, "municipality", "team")
    )
    fit = fit_hazard(collapse(weeks, exited, treated, municipality, team, horizon, steps), model.link)
    if not fit.converged:
        raise InputError(f"trace: the model [{model.name}] did not converge here, so there is no number to trace.")
    rows = _expand(at_risk, horizon, steps)
    for drop in fit.drops:
        rows = rows[rows[drop.factor] != drop.level]
    design = np.column_stack(
        [
            rows[model.treatment] if name == "treated" else rows[name.partition(":")[0]] == name.partition(":")[2]
            for name in fit.columns
        ]
    ).astype(float)
    predictor = design @ fit.coefficients
    ones, exits = np.ones(len(rows), dtype=np.int64), rows["exit"].to_numpy(dtype=np.int64)
    _, scores, information = derivatives(predictor, ones, exits, model.link)
    inverse = np.linalg.inv(design.T @ (information[:, None] * design))
    move = design @ inverse[-1]
    return rows[["person", "week"]].assign(
        weight=information * move,
        outcome=predictor + scores / information,
        score=scores * move,
        spread=np.sqrt(information) * move,
    )


def survival_terms(at_risk: pd.DataFrame, week: int) -> pd.DataFrame:
    """The mass that each exit up to `week` takes from the curve: weight -S(just before) / at risk, outcome 1."""
    left = at_risk[at_risk["exited"] & (at_risk["weeks"] <= week)]
    survival, masses = 1.0, {}
    for exit_week in sorted(left["weeks"].unique()):
        number = int((at_risk["weeks"] >= exit_week).sum())
        masses[exit_week] = -survival / number
        survival *= 1 - int((left["weeks"] == exit_week).sum()) / number
    return pd.DataFrame(
        {"person": left["person"], "week": left["weeks"], "weight": left["weeks"].map(masses), "outcome": 1.0}
    )


def _expand(at_risk: pd.DataFrame, horizon: int, steps: int) -> pd.DataFrame:
    """One row a person and week at risk, with the level of each set of dummies."""
    rows = at_risk.loc[at_risk.index.repeat(at_risk["weeks"])].reset_index(drop=True)
    rows["week"] = rows.groupby("person").cumcount() + 1
    rows["exit"] = rows["exited"] & (rows["week"] == rows.pop("weeks"))
    intervals = interval_of(np.arange(1, horizon + 1), horizon, steps)
    names = {
        interval: f"{np.flatnonzero(intervals == interval)[0] + 1}-{np.flatnonzero(intervals == interval)[-1] + 1}"
        for interval in np.unique(intervals)
    }
    rows["weeks"] = pd.Series(intervals[rows["week"].to_numpy() - 1]).map(names)
    return rows
