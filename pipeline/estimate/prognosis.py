"""Which risk factors foretell the outcomes of the control group (report appendix 6.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError
from pipeline.estimate.designs import Label, prognosis_cases
from pipeline.estimate.table import Estimate, estimates_table, hash_persons
from pipeline.settings.models import Model, models_of, outcome_weeks
from pipeline.settings.study import Study
from pipeline.stats.distributions import infer
from pipeline.stats.tobit import fit_tobit

if TYPE_CHECKING:
    import pandas as pd

NOT_CONVERGED = "did not converge: no estimate"


def run(
    sample: pd.DataFrame, background: pd.DataFrame, shares: pd.DataFrame, models: Mapping[str, Any], study: Study
) -> dict[str, pd.DataFrame]:
    """Estimate the models of the stage, Tobit regressions (Table 6.3): one parameter for each covariate.

    n counts the complete cases; control_mean is the mean of the outcome among the controls of them.
    """
    tables = {"sample": sample, "background": background, "shares": shares}
    rows: list[Estimate] = []
    for model in models_of(models, "prognosis"):
        labels = [Label(o, w) for o in model.outcomes for w in outcome_weeks(model, study.time.horizon_weeks)]
        for name in model.samples:
            for label in labels:
                rows += _estimate(model, name, label, tables, study)
    return {"prognosis.parquet": estimates_table(rows)}


def _estimate(
    model: Model, sample: str, label: Label, tables: Mapping[str, pd.DataFrame], study: Study
) -> list[Estimate]:
    cases = prognosis_cases(model, sample, label, tables, study)
    place = f"models.toml, table [{model.name}], sample '{sample}', outcome '{label.outcome}'"
    if model.limits is None:
        raise InputError(f"{place}: a tobit has limits. Give the least and the greatest outcome.")
    try:
        fit = fit_tobit(cases.outcome, cases.design, model.limits, cases.columns)
    except ValueError as error:
        raise InputError(f"{place}: {error}. Take the column or the outcome out of the model.") from error
    inference = infer(fit.coefficients, fit.standard_errors, fit.df, study.inference.level)
    controls = ~cases.treated
    shared: dict[str, Any] = {
        "model": model.name,
        "sample": sample,
        "outcome": label.outcome,
        "week": label.week,
        "df": float(fit.df),
        "n": fit.n,
        "n_treated": int(cases.treated.sum()),
        "n_control": int(controls.sum()),
        "control_mean": float(cases.outcome[controls].mean()) if controls.any() else float("nan"),
        "converged": fit.converged,
        "note": "" if fit.converged else NOT_CONVERGED,
        "sample_hash": hash_persons(cases.persons),
        "spec_hash": model.spec_hash,
    }
    return [
        Estimate(
            parameter=column,
            estimate=float(fit.coefficients[j]),
            se=float(fit.standard_errors[j]),
            p_value=float(inference.p_values[j]),
            ci_low=float(inference.ci_low[j]),
            ci_high=float(inference.ci_high[j]),
            **shared,
        )
        for j, column in enumerate(cases.columns)
        if column != "constant"
    ]
