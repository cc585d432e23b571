"""Description of the sample: its flow, teams, means and densities (report sections 2.6 and 2.7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.config import Study
from pipeline.errors import InputError
from pipeline.estimates import MISSING, Estimate, estimates_table, hash_persons
from pipeline.estimation import columns_by_pattern
from pipeline.models import Grid, Model, outcome_names, read_models
from pipeline.samples import join_background, select_sample
from pipeline.stats.density import kernel_density

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

NOBODY = "nobody in the sample has the variable"


def run(
    sample: pd.DataFrame,
    background: pd.DataFrame,
    exclusions: pd.DataFrame,
    variables: pd.DataFrame,
    models: Mapping[str, Any],
    study: Study,
) -> dict[str, pd.DataFrame]:
    """The models 'mean' (Table 2.2), 'density' (Figure 2.3), 'team' (Table 2.1) and 'flow' (Figure 2.2)."""
    people = join_background(sample, background)
    named = read_models(models)
    rows = [
        *_means(named["mean"], people, outcome_names(named["mean"], variables), study),
        *_densities(named["density"], people, study),
        *_teams(named["team"], sample),
        *_flow(named["flow"], exclusions, study),
    ]
    return {"description.parquet": estimates_table(rows)}


def _means(model: Model, people: pd.DataFrame, outcomes: list[str], study: Study) -> list[Estimate]:
    absent = [outcome for outcome in outcomes if outcome not in people]
    if absent:
        raise InputError(
            f"config/variables.csv: {len(absent)} risk factors, the first of them {absent[0]}, are not in "
            "background.parquet. Build it again, or mend the column risk_factor."
        )
    rows = []
    for name in model.samples:
        chosen = select_sample(people, name, study)
        values = chosen[outcomes].to_numpy(dtype=float)
        for members in columns_by_pattern(np.isfinite(values)):
            known = np.isfinite(values[:, members[0]])
            shared = _shared(model, name, chosen[known])
            for place in members:
                mean = float(values[known, place].mean()) if known.any() else MISSING
                note = "" if known.any() else NOBODY
                rows.append(Estimate(outcome=outcomes[place], parameter="mean", estimate=mean, note=note, **shared))
    return rows


def _densities(model: Model, people: pd.DataFrame, study: Study) -> list[Estimate]:
    """Rows numbered by evaluation point; control_mean holds the point itself, and the note the bandwidth."""
    rows: list[Estimate] = []
    for name in model.samples:
        chosen = select_sample(people, name, study)
        for outcome in model.outcomes:
            points = _points((model.grid or {}).get(outcome), outcome)
            known = chosen[chosen[outcome].notna()]
            for treated, arm in known.groupby(model.treatment):
                try:
                    fit = kernel_density(arm[outcome], points)
                except ValueError as error:
                    raise InputError(f"background.parquet, column {outcome}, sample '{name}': {error}.") from error
                shared = _shared(model, name, arm)
                rows += [
                    Estimate(
                        outcome=outcome,
                        week=number,
                        parameter="treated" if treated else "control",
                        estimate=float(height),
                        control_mean=float(point),
                        note=f"bandwidth {fit.bandwidth:.6g}",
                        **shared,
                    )
                    for number, (point, height) in enumerate(zip(fit.grid, fit.density, strict=True))
                ]
    return rows


def _points(grid: Grid | None, outcome: str) -> npt.NDArray[np.float64]:
    if grid is None:
        raise InputError(f"config/models.toml, table [density]: no grid for '{outcome}'. Add first, last and step.")
    return np.linspace(grid.first, grid.last, round((grid.last - grid.first) / grid.step) + 1)


def _teams(model: Model, sample: pd.DataFrame) -> list[Estimate]:
    """First and last allocation of each team in days since 1970-01-01, its size by arm, and the same for all teams."""
    import pandas as pd

    days = (pd.to_datetime(sample["allocation_date"]) - pd.Timestamp("1970-01-01")).dt.days
    dated = sample.assign(day=days, treated=sample[model.treatment].astype(bool))
    rows = []
    for name, members in [*dated.groupby("team"), ("total", dated)]:
        numbers = {
            "recruitment_start": members["day"].min(),
            "recruitment_end": members["day"].max(),
            "control": (~members["treated"]).sum(),
            "treated": members["treated"].sum(),
            "total": len(members),
        }
        shared = _shared(model, str(name), members)
        rows += [Estimate(outcome=key, parameter="n", estimate=float(numbers[key]), **shared) for key in model.outcomes]
    return rows


def _flow(model: Model, exclusions: pd.DataFrame, study: Study) -> list[Estimate]:
    """Persons randomised, excluded for each reason and analysed, in all and by arm."""
    unknown = sorted(set(exclusions["reason"]) - set(model.outcomes))
    if unknown:
        raise InputError(
            f"exclusions.parquet: reasons {', '.join(unknown)} that config/models.toml, table [flow], does not list. "
            "Add them to its outcomes."
        )
    rows = []
    for name in model.samples:
        chosen = select_sample(exclusions, name, study)
        for reason in model.outcomes:
            members = chosen if reason == "randomised" else chosen[chosen["reason"] == reason]
            shared = _shared(model, name, members)
            rows.append(Estimate(outcome=reason, parameter="n", estimate=float(len(members)), **shared))
    return rows


def _shared(model: Model, sample: str, persons: pd.DataFrame) -> dict[str, Any]:
    """The columns that the estimates of one model and sample that rest on `persons` have in common."""
    treated = int(persons["treated"].astype(bool).sum())
    return {
        "model": model.name,
        "sample": sample,
        "n": len(persons),
        "n_treated": treated,
        "n_control": len(persons) - treated,
        "sample_hash": hash_persons(persons["person"]),
        "spec_hash": model.spec_hash,
    }
