"""Kaplan-Meier survival curves of each arm: report section 3.1, Figures 3.1 and 3.4."""

from __future__ import annotations

import numpy as np

from pipeline.errors import InputError
from pipeline.estimate.problem import (
    NO_ESTIMATE,
    NOBODY,
    NOBODY_IN_SAMPLE,
    Estimator,
    Label,
    Words,
    missing_rows,
)
from pipeline.estimate.spells import Spells, spells
from pipeline.estimate.table import Address, Estimate, hash_persons
from pipeline.estimate.terms import Evidence, Terms
from pipeline.stats.survival import kaplan_meier

NOBODY_AT_RISK = f"{NOBODY} is at risk"
ARMS = ("control", "treated")


def rows(problem: Spells) -> list[Estimate]:
    """One row for each arm and week 0..horizon; n is the number at risk in the week."""
    return [row for arm in ARMS for row in _curve(problem, arm)]


def _arm(problem: Spells, arm: str) -> Spells:
    return problem.take(problem.treated == (arm == "treated"))


def _curve(problem: Spells, arm: str) -> list[Estimate]:
    own, model = _arm(problem, arm), problem.model
    if not len(own.persons):
        labels = [Label(problem.label.outcome, week) for week in range(problem.horizon + 1)]
        reason = NOBODY_AT_RISK if problem.size else NOBODY_IN_SAMPLE
        return missing_rows(model, problem.sample, labels, [arm], reason, problem.notes)
    curve = kaplan_meier(own.weeks, own.exited, problem.horizon, problem.study.inference.level)
    sample_hash, spec_hash, unknown = hash_persons(own.persons), model.spec_hash, NO_ESTIMATE + NOBODY_AT_RISK
    return [
        Estimate(
            model=model.name,
            sample=problem.sample,
            outcome=problem.label.outcome,
            week=int(week),
            parameter=arm,
            estimate=float(curve.survival[week]),
            se=float(curve.standard_errors[week]),
            ci_low=float(curve.ci_low[week]),
            ci_high=float(curve.ci_high[week]),
            n=int(curve.at_risk[week]),
            n_treated=int(curve.at_risk[week]) if arm == "treated" else 0,
            n_control=int(curve.at_risk[week]) if arm == "control" else 0,
            converged=bool(np.isfinite(curve.survival[week])),
            note="; ".join(filter(None, ["" if np.isfinite(curve.survival[week]) else unknown, *own.notes])),
            sample_hash=sample_hash,
            spec_hash=spec_hash,
        )
        for week in curve.weeks
    ]


def terms(problem: Spells, address: Address) -> Terms:
    """One less the mass that each exit up to the week takes from the curve."""
    import pandas as pd

    own, week = _arm(problem, address.parameter), address.week or 0
    left = own.exited & (own.weeks <= week)
    survival, masses = 1.0, {}
    for exit_week in np.unique(own.weeks[left]):
        number = int((own.weeks >= exit_week).sum())
        masses[exit_week] = -survival / number
        survival *= 1 - int((own.weeks[left] == exit_week).sum()) / number
    weights = np.array([masses[exit_week] for exit_week in own.weeks[left]], dtype=float)
    persons, weeks = own.persons[left], own.weeks[left]
    return Terms(
        "S(t) = 1 - sum over those who left by week t of S(just before) / number at risk",
        pd.DataFrame({"person": persons, "week": weeks, "weight": weights, "outcome": 1.0}),
        (Evidence("weeks", persons, address.outcome, direct=weights, weeks=weeks),),
        constant=1.0,
    )


def counted(problem: Spells, address: Address, statistic: str) -> Terms:
    """Everybody of the arm who has not left before the week, each by the weeks up to it in equal parts."""
    import pandas as pd

    if statistic not in ("n", "at_risk", f"n_{address.parameter}"):
        raise InputError(f"trace: a survival curve of the {address.parameter} arm has no {statistic}.")
    own, week = _arm(problem, address.parameter), max(address.week or 0, 1)
    persons = own.persons[own.weeks >= week]
    ones = np.ones(len(persons))
    return Terms(
        f"at risk = sum of one for all who have not left before week {week}, in equal parts over weeks 1 to {week}",
        pd.DataFrame({"person": persons, "weight": ones, "outcome": 1.0}),
        (Evidence("outcome", persons, address.outcome, week, evenly=ones),),
    )


ESTIMATOR = Estimator(
    possible={
        "link": (None,), "grid": (None,), "limits": (None,), "printed": ((),), "splits": ((),), "peers": ("none",),
        "cluster": ("none",), "fixed_effects": ("none",), "covariates": ([],), "outcome_source": (None,),
        "treatment": ("treated",), "weeks": ("all",),
    },
    words=Words(
        r"\hat V(\hat S(t)) = \hat S(t)^2 \sum_{s \le t} \frac{d_s}{r_s (r_s - d_s)}, \quad "
        r"\hat S(t)^{\exp\left(\pm z \sqrt{\hat V} / (\hat S(t) \log \hat S(t))\right)}",
        "normal, on the scale log(−log S)",
        "d(s) leave in week s of r(s) at risk.",
    ),
    problems=spells,
    held=lambda _: "durations",
    rows=rows,
    terms=terms,
    counted=counted,
)  # fmt: skip
