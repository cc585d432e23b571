"""The values of variables among the persons of a sample: the problem of a description."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.estimate.designs import TextArray, cluster_of
from pipeline.estimate.outcomes import outcome_values
from pipeline.estimate.problem import BoolArray, Data, FloatArray, Label
from pipeline.estimate.table import Address
from pipeline.people.samples import select_sample
from pipeline.settings.models import Model, outcome_names


@dataclass(frozen=True)
class Values:
    """Variables (n, m), one column per label, missing where unknown, of the n persons of a sample."""

    model: Model
    sample: str
    labels: tuple[Label, ...]
    persons: npt.NDArray[np.int64]
    values: FloatArray
    treated: BoolArray
    clusters: TextArray

    def take(self, rows: BoolArray) -> Values:
        """The persons in `rows` (n,)."""
        return Values(
            self.model, self.sample, self.labels, self.persons[rows], self.values[rows], self.treated[rows],
            self.clusters[rows],
        )  # fmt: skip


def values(model: Model, data: Data, address: Address | None = None) -> Iterator[Values]:
    """The problems of a model: each sample, with every variable or the one at the address."""
    names = [address.outcome] if address else outcome_names(model, data.variables)
    labels = tuple(Label(name, None) for name in names)
    held = outcome_values(model, labels, data)
    for sample in model.samples:
        if address is None or address.sample == sample:
            chosen = select_sample(data.people, sample, data.study)
            yield Values(
                model=model,
                sample=sample,
                labels=labels,
                persons=chosen["person"].to_numpy(dtype=np.int64),
                values=held[chosen.index],
                treated=chosen["treated"].to_numpy(dtype=bool),
                clusters=cluster_of(chosen, data),
            )
