"""Description of the sample: its flow, teams, means and densities (report sections 2.6 and 2.7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import InputError
from pipeline.estimate.estimation import columns_by_pattern
from pipeline.estimate.table import MISSING, Estimate, estimates_table, hash_persons
from pipeline.names import slug
from pipeline.people.samples import join_background, select_sample
from pipeline.settings.models import Grid, Model, models_of, outcome_names
from pipeline.settings.study import Study
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
    """Estimate the models of the stage: means (Table 2.2), densities (Figure 2.3), and counts.

    Counts are by team (Table 2.1) or municipality (Figure 2.1) if these are the samples, and else of the flow of
    persons (Figure 2.2).
    """
    people = join_background(sample, background)
    rows: list[Estimate] = []
    for model in models_of(models, "description"):
        outcomes = outcome_names(model, variables)
        if model.estimator == "mean":
            rows += _means(model, people, outcomes, study)
        elif model.estimator == "density":
            rows += _densities(model, people, outcomes, study)
        elif model.unit == "team":
            rows += _teams(model, sample, outcomes)
        elif model.unit == "municipality":
            rows += _municipalities(model, sample, exclusions, outcomes)
        else:
            rows += _flow(model, exclusions, outcomes, study)
    return {"description.parquet": estimates_table(rows)}


def _means(model: Model, people: pd.DataFrame, outcomes: list[str], study: Study) -> list[Estimate]:
    absent = [outcome for outcome in outcomes if outcome not in people]
    if absent:
        raise InputError(
            f"models.toml, table [{model.name}]: {len(absent)} outcomes, the first of them {absent[0]}, are not "
            "in background.parquet. Build it again, mend the outcomes, or the column risk_factor of the dictionary."
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


def _densities(model: Model, people: pd.DataFrame, outcomes: list[str], study: Study) -> list[Estimate]:
    """Rows numbered by evaluation point; control_mean holds the point itself, and the note the bandwidth."""
    rows: list[Estimate] = []
    for name in model.samples:
        chosen = select_sample(people, name, study)
        for outcome in outcomes:
            points = _points((model.grid or {}).get(outcome), model, outcome)
            if outcome not in chosen:
                raise InputError(
                    f"models.toml, table [{model.name}]: no variable '{outcome}' in background.parquet. Mend its name."
                )
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


def _points(grid: Grid | None, model: Model, outcome: str) -> npt.NDArray[np.float64]:
    if grid is None:
        place = f"models.toml, table [{model.name}]"
        raise InputError(f"{place}: no grid for '{outcome}'. Add first, last and step.")
    return np.linspace(grid.first, grid.last, round((grid.last - grid.first) / grid.step) + 1)


def _teams(model: Model, sample: pd.DataFrame, outcomes: list[str]) -> list[Estimate]:
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
        rows += _counts(model, str(name), outcomes, numbers, members)
    return rows


def _municipalities(
    model: Model, sample: pd.DataFrame, exclusions: pd.DataFrame, outcomes: list[str]
) -> list[Estimate]:
    """Teams and analysed persons of each municipality where persons were randomised, zero where nobody is analysed."""
    units = sorted(set(exclusions["municipality_name"].map(slug)) | set(sample["municipality"]))
    rows = []
    for name in [*units, "total"]:
        members = sample if name == "total" else sample[sample["municipality"] == name]
        numbers = {"teams": members["team"].nunique(), "persons": len(members)}
        rows += _counts(model, name, outcomes, numbers, members)
    return rows


def _counts(
    model: Model, name: str, outcomes: list[str], numbers: Mapping[str, Any], members: pd.DataFrame
) -> list[Estimate]:
    """Those of the numbers of a team or municipality that are the outcomes; InputError for one it does not have."""
    unknown = [key for key in outcomes if key not in numbers]
    if unknown:
        raise InputError(
            f"models.toml, table [{model.name}]: a {model.unit} has no {', '.join(unknown)}. It has "
            f"{', '.join(numbers)}."
        )
    shared = _shared(model, name, members)
    return [Estimate(outcome=key, parameter="n", estimate=float(numbers[key]), **shared) for key in outcomes]


def _flow(model: Model, exclusions: pd.DataFrame, outcomes: list[str], study: Study) -> list[Estimate]:
    """Persons randomised, excluded for each reason and analysed, in all and by arm."""
    unknown = sorted(set(exclusions["reason"]) - set(outcomes))
    if unknown:
        raise InputError(
            f"exclusions.parquet: reasons {', '.join(unknown)} that models.toml, table [{model.name}], does not "
            "list. Add them to its outcomes."
        )
    rows = []
    for name in model.samples:
        chosen = select_sample(exclusions, name, study)
        for reason in outcomes:
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
