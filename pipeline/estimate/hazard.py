"""Effect on the exit rates by discrete-time hazard models (report section 3.1, Tables 3.1 and 3.2)."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import InputError
from pipeline.estimate.table import Estimate, estimates_table, hash_persons
from pipeline.people.samples import join_background, select_sample, spells
from pipeline.settings.models import Model, models_of
from pipeline.settings.study import Study
from pipeline.stats.distributions import infer
from pipeline.stats.hazard import HazardFit, fit_hazard
from pipeline.stats.person_weeks import Drop, collapse, persons_used

if TYPE_CHECKING:
    import pandas as pd

NOT_CONVERGED = "did not converge: no estimate"


def run(
    sample: pd.DataFrame, durations: pd.DataFrame, background: pd.DataFrame, models: Mapping[str, Any], study: Study
) -> dict[str, pd.DataFrame]:
    """Estimate the models of the stage, discrete-time hazards.

    Parameter 'treated' has the standard error from the observed information, 'treated_clustered' the same estimate with
    the one clustered on team. n counts person-weeks after the drops, n_treated and n_control the persons they belong
    to; control_mean is the control group's exits per person-week.
    """
    people = join_background(sample, background)
    at_risk: dict[tuple[str, str], pd.DataFrame] = {}
    rows: list[Estimate] = []
    for model in models_of(models, "hazard"):
        for key in product(model.samples, model.outcomes):
            if key not in at_risk:
                chosen = select_sample(people, key[0], study)
                at_risk[key] = spells(chosen, durations, key[1], study.time.horizon_weeks)
            rows += _estimate(model, *key, at_risk[key], study)
    return {"hazard.parquet": estimates_table(rows)}


def _estimate(model: Model, sample: str, outcome: str, at_risk: pd.DataFrame, study: Study) -> list[Estimate]:
    fit, persons = _fit(model, sample, outcome, at_risk, study)
    treated = persons[model.treatment].astype(bool)
    rows = []
    errors = {"": fit.standard_error, "_clustered": fit.clustered_standard_error}
    for suffix, error in errors.items():
        inference = infer(fit.coefficient, error, None, study.inference.level)
        rows.append(
            Estimate(
                model=model.name,
                sample=sample,
                outcome=outcome,
                parameter=f"{model.treatment}{suffix}",
                estimate=fit.coefficient,
                se=error,
                p_value=float(inference.p_values),
                ci_low=float(inference.ci_low),
                ci_high=float(inference.ci_high),
                n=fit.n,
                n_treated=int(treated.sum()),
                n_control=int((~treated).sum()),
                n_clusters=fit.n_clusters,
                control_mean=fit.control_hazard,
                converged=fit.converged,
                note=_note(fit),
                sample_hash=hash_persons(persons["person"]),
                spec_hash=model.spec_hash,
            )
        )
    return rows


def _fit(
    model: Model, sample: str, outcome: str, at_risk: pd.DataFrame, study: Study
) -> tuple[HazardFit, pd.DataFrame]:
    """The fit, and the persons whose person-weeks it rests on."""
    place = f"models.toml, table [{model.name}], sample '{sample}', outcome '{outcome}'"
    if model.link is None or model.covariates:
        raise InputError(f"{place}: a discrete_hazard has a link and no covariates. Mend the table.")
    has_dummies = model.fixed_effects == "municipality"
    municipality = at_risk["municipality"].to_numpy(dtype=str) if has_dummies else np.full(len(at_risk), "all")
    steps = (study.time.horizon_weeks, study.outcomes.hazard_interval_weeks)
    try:
        cells = collapse(
            at_risk["weeks"], at_risk["exited"], at_risk[model.treatment], municipality, at_risk["team"], *steps
        )
        fit = fit_hazard(cells, model.link)
    except ValueError as error:
        raise InputError(f"{place}: {error}. Take the sample out of the model's list, or widen it.") from error
    return fit, at_risk[persons_used(at_risk["weeks"], municipality, fit.drops, *steps)]


def _note(fit: HazardFit) -> str:
    """What was dropped because it predicts perfectly, in the order of the drops, and whether the fit converged."""
    parts = [_describe(drop) for drop in fit.drops]
    return "; ".join([*parts, *([] if fit.converged else [NOT_CONVERGED])])


def _describe(drop: Drop) -> str:
    return f"dropped {drop.factor} {drop.level} (person-weeks: {drop.person_weeks}, teams: {drop.teams})"
