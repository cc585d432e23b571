"""The report's 162 regressions as resampling takes them, and as other packages read them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.runner.inputs import load_input
from pipeline.settings.models import read_models
from pipeline.settings.reading import read_settings
from pipeline.stats.linear import Linear, Solved, solve
from pipeline.stats.lot import draw_lot
from pipeline.stats.ols import FloatArray
from pipeline.stats.wild import draw_signs

DERIVED, SETTINGS = Path("data_derived/twin"), Path("config")
MODEL = "itt"
FEW = 40  # draws that other packages are given, to compare them one by one


@dataclass(frozen=True)
class Batch:
    """A problem of m outcomes of the synthetic trial, and B draws of the lot (N, B) and of signs (G, B)."""

    linear: Linear
    draws: npt.NDArray[np.bool_]
    signs: FloatArray

    @cached_property
    def solved(self) -> Solved:
        """Least squares as it was drawn."""
        return solve(self.linear)

    @property
    def rows(self) -> npt.NDArray[np.intp]:
        """The places of the persons of the problem among those of the draws."""
        return np.arange(len(self.linear.treated))


def read_batch() -> Batch:
    """The main curves of the synthetic trial: two shares of 81 weeks, with the covariates of the report's model (2)."""
    study, model = read_settings(SETTINGS / "study.toml"), read_models(load_input(SETTINGS / "models.toml"))[MODEL]
    people = load_input(DERIVED / "sample.parquet").merge(
        load_input(DERIVED / "background.parquet").drop(columns="wait_days"), on="person"
    )
    shares = load_input(DERIVED / "shares.parquet")
    shares = shares[shares["outcome"].isin(model.outcomes)]
    people = people.dropna(subset=list(model.covariates)).sort_values("team", kind="stable")
    wide = shares.pivot(index="person", columns=["outcome", "week"], values="share").loc[people["person"]]
    treated = people["treated"].to_numpy(dtype=bool)
    linear = Linear(
        outcomes=wide.to_numpy(dtype=float),
        covariates=people[list(model.covariates)].to_numpy(dtype=float),
        members=np.ones((len(people), 1), dtype=bool),
        treated=treated,
        strata=np.unique(people["municipality"], return_inverse=True)[1],
        clusters=np.unique(people["team"], return_inverse=True)[1],
        contrasts=np.ones((1, 1)),
    )
    lot = draw_lot(treated, linear.clusters, study.inference.draws, study.inference.seed)
    return Batch(linear, lot.draws, draw_signs(len(linear.starts), study.inference.draws, study.inference.seed))


def enlarged(batch: Batch, times: int, draws: int) -> Batch:
    """The problem with every person `times` times, each time in teams of their own, in the same municipalities."""
    own, teams = batch.linear, len(batch.linear.starts)
    clusters = np.concatenate([own.clusters + number * teams for number in range(times)])
    linear = Linear(
        outcomes=np.tile(own.outcomes, (times, 1)),
        covariates=np.tile(own.covariates, (times, 1)),
        members=np.tile(own.members, (times, 1)),
        treated=np.tile(own.treated, times),
        strata=np.tile(own.strata, times),
        clusters=clusters,
        contrasts=own.contrasts,
    )
    lot = draw_lot(linear.treated, clusters, draws, 1)
    return Batch(linear, lot.draws, draw_signs(teams * times, draws, 1))


def write_for_others(batch: Batch, folder: Path) -> None:
    """The persons as a table, outcomes y0, y1, ..., covariates x0, x1, ..., and FEW draws of the lot, a column each."""
    own = batch.linear
    table = {f"y{place}": column for place, column in enumerate(own.outcomes.T)}
    table |= {f"x{place}": column for place, column in enumerate(own.covariates.T)}
    table |= {"treated": own.treated.astype(float), "team": own.clusters, "place": own.strata}
    pd.DataFrame(table).to_csv(folder / "persons.csv", index=False)
    pd.DataFrame(batch.draws[:, :FEW].astype(int)).to_csv(folder / "draws.csv", index=False)
