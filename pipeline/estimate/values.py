"""The values of variables among the persons of a sample: the problem of a description."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pipeline.estimate.designs import TextArray, cluster_of
from pipeline.estimate.outcomes import outcome_values
from pipeline.estimate.problem import BoolArray, Data, FloatArray, Label
from pipeline.estimate.table import Address
from pipeline.people.samples import select_sample
from pipeline.people.splits import HIGH, LOW, split_people
from pipeline.settings.models import Model, outcome_names

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Values:
    """Variables (n, m), one column per label, missing where unknown, of the n persons of a sample.

    group: of a split the side that they are of, and then `sample` is the split.
    """

    model: Model
    sample: str
    labels: tuple[Label, ...]
    persons: npt.NDArray[np.int64]
    values: FloatArray
    treated: BoolArray
    clusters: TextArray
    group: str = ""

    def take(self, rows: BoolArray) -> Values:
        """The persons in `rows` (n,)."""
        own = ("persons", "values", "treated", "clusters")
        return replace(self, **{name: getattr(self, name)[rows] for name in own})


def values(model: Model, data: Data, address: Address | None = None) -> Iterator[Values]:
    """The problems of a model: each sample, or side of a split of one, with every variable or that of the address."""
    names = [address.outcome] if address else outcome_names(model, data.variables)
    labels = tuple(Label(name, None) for name in names)
    held = outcome_values(model, labels, data)
    asked = None if address is None else (address.sample, address.parameter.partition(":")[2])
    for name, group, chosen in _groups(model, data):
        if asked in (None, (name, group)):
            yield Values(
                model=model,
                sample=name,
                labels=labels,
                persons=chosen["person"].to_numpy(dtype=np.int64),
                values=held[chosen.index],
                treated=chosen["treated"].to_numpy(dtype=bool),
                clusters=cluster_of(chosen, data),
                group=group,
            )


def _groups(model: Model, data: Data) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Each sample, or each split of one with each of its sides, and the persons."""
    for sample in model.samples:
        chosen = select_sample(data.people, sample, data.study)
        if not model.splits:
            yield sample, "", chosen
        for split in model.splits:
            sides = split_people(chosen, split, data.study)
            yield from ((split, side, chosen[sides == side]) for side in (LOW, HIGH))
