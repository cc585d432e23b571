"""The right-hand side of a regression: persons, strata, clusters, covariates, and an effect for each group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pipeline.errors import InputError
from pipeline.estimate.problem import (
    ATTENDED,
    WITHOUT_ATTENDANCE,
    WITHOUT_COVARIATE,
    WITHOUT_SPLIT,
    BoolArray,
    Data,
    FloatArray,
    left_out,
)
from pipeline.people.samples import select_sample
from pipeline.people.splits import HIGH, HIGH_PEERS, LOW, LOW_PEERS, NEITHER, classify_peers, split_people
from pipeline.settings.models import Model

if TYPE_CHECKING:
    import pandas as pd

IntArray = npt.NDArray[np.int64]
TextArray = npt.NDArray[np.str_]
AGAINST = "-"  # between two groups in the name of the difference of their effects
EVERYBODY = "all"  # the one group, stratum or level where there are no others
GROUPS_BY_PEERS = {
    "none": (LOW, HIGH),
    "separate": tuple(f"{side}:{peers}" for side in (LOW, HIGH) for peers in (LOW_PEERS, HIGH_PEERS)),
    "pooled": (f"{LOW}:{LOW_PEERS}", f"{LOW}:{HIGH_PEERS}", HIGH),
}


def names_of_effects(treatment: str, groups: Sequence[str]) -> tuple[str, ...]:
    """The names of the effects in some groups, then those of their differences."""
    effects = [f"{treatment}:{name}" for name in groups] if len(groups) > 1 else [treatment]
    return (*effects, *(f"{treatment}:{AGAINST.join(pair)}" for pair in combinations(groups, 2)))


@dataclass(frozen=True)
class Design:
    """The right-hand side of a regression: n persons, q covariates, a dummy for each stratum, an effect for each group.

    persons, treated: (n,); covariates: (n, q), with their names; strata: (n,) numbers into strata_names,
    '<stratum>:<address>', with ':<group>' in a split, or 'constant'; clusters: (n,) numbers into cluster_names; groups:
    (n,) numbers into group_names, the group that a person's effect is of; treatment: the name of the effect; note: what
    was left out.
    """

    persons: IntArray
    covariates: FloatArray
    names: tuple[str, ...]
    strata: npt.NDArray[np.intp]
    strata_names: tuple[str, ...]
    clusters: npt.NDArray[np.intp]
    cluster_names: tuple[str, ...]
    treated: BoolArray
    groups: npt.NDArray[np.intp]
    group_names: tuple[str, ...]
    treatment: str
    note: str = ""

    def take(self, rows: BoolArray) -> Design:
        """The design of the persons in `rows` (n,)."""
        if rows.all():
            return self
        own = ("persons", "covariates", "strata", "clusters", "treated", "groups")
        return replace(self, **{name: getattr(self, name)[rows] for name in own})

    @property
    def effects(self) -> tuple[str, ...]:
        """The names of the effects, one a group."""
        return names_of_effects(self.treatment, self.group_names)[: len(self.group_names)]

    @property
    def differences(self) -> tuple[tuple[str, str], ...]:
        """Each two groups, whose effects are compared as a difference."""
        return tuple(combinations(self.group_names, 2))

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the effects, then those of their differences."""
        return names_of_effects(self.treatment, self.group_names)

    @property
    def contrasts(self) -> FloatArray:
        """Each parameter as a sum of effects: (r, p)."""
        places = [[self.group_names.index(group) for group in pair] for pair in self.differences]
        one = np.eye(len(self.group_names))
        return np.array([*one, *(one[first] - one[second] for first, second in places)])

    def members(self, group: str) -> BoolArray:
        """Which persons (n,) an effect, or a difference of two, is of; everybody where there are no groups."""
        if len(self.group_names) == 1:
            return np.ones(len(self.persons), dtype=bool)
        return np.isin(self.groups, [self.group_names.index(name) for name in group.split(AGAINST)])

    def strata_with_one_arm(self) -> list[tuple[str, int]]:
        """Address, and group, of the strata in which everybody or nobody is treated; none where there are no strata."""
        if self.strata_names == ("constant",) or not len(self.persons):
            return []
        count = len(self.group_names)
        total = np.bincount(self.strata, minlength=len(self.strata_names))
        treated = np.bincount(self.strata, weights=self.treated, minlength=len(self.strata_names))
        single = (total > 0) & ((treated == 0) | (treated == total))
        cells = np.unique((self.strata * count + self.groups)[single[self.strata]])
        return [(self.strata_names[cell // count].split(":")[1], int(cell % count)) for cell in cells]


@dataclass(frozen=True)
class Part:
    """A sample, or a split of one, of a model: its name in addresses, its complete cases as a design, where they stand.

    rows: (n,) places in the analysed persons; size: the persons of the sample, complete or not; variable: that of the
    split, '' without one.
    """

    name: str
    design: Design
    rows: npt.NDArray[np.intp]
    size: int
    variable: str = ""


def parts_of(model: Model, data: Data, only: str | None = None) -> Iterator[Part]:
    """The samples of a model, or the splits of its one sample, with the complete cases of each."""
    splits: tuple[str | None, ...] = model.splits or (None,)
    for sample, split in product(model.samples, splits):
        name = split or sample
        if only in (None, name):
            yield _part(model, data, sample, split)


def _part(model: Model, data: Data, sample: str, split: str | None) -> Part:
    chosen = select_sample(data.people, sample, data.study)
    groups = _find_groups(model, chosen, split, data)
    grouped, has_all = groups.effects != NEITHER, complete_cases(model, chosen)
    groups = replace(groups, notes=(*groups.notes, *_incomplete(model, chosen[grouped & ~has_all])))
    complete = grouped & has_all
    variable = data.study.splits[split].variable if split else ""
    design = _build_design(model, chosen, groups, complete, variable, data)
    return Part(split or sample, design, chosen.index.to_numpy()[complete], len(chosen), variable)


def _incomplete(model: Model, people: pd.DataFrame) -> tuple[str, str]:
    """What notes say of `people` who are no complete cases: attendance unknown, where it is asked for, or another."""
    untold = int(people[ATTENDED].isna().sum()) if ATTENDED in model.covariates else 0
    return left_out(untold, WITHOUT_ATTENDANCE), left_out(len(people) - untold, WITHOUT_COVARIATE)


@dataclass(frozen=True)
class _Groups:
    """The groups of n people that a model compares, by stratum and by effect, '' for none; names of effects.

    notes: who is in none, and why.
    """

    strata: TextArray
    effects: TextArray
    names: tuple[str, ...]
    notes: tuple[str, ...] = ()


def _find_groups(model: Model, people: pd.DataFrame, split: str | None, data: Data) -> _Groups:
    """The groups of `people` by a split, and further by their peers among all analysed persons."""
    if split is None:
        one = np.full(len(people), EVERYBODY)
        return _Groups(one, one, (EVERYBODY,))
    sides, names = split_people(people, split, data.study), GROUPS_BY_PEERS[model.peers]
    unsided = left_out(int((sides == NEITHER).sum()), WITHOUT_SPLIT)
    if model.peers == "none":
        return _Groups(sides, sides, names, (unsided,))
    rule, cluster = data.study.peers, data.study.design.cluster
    if rule is None or cluster is None:
        raise InputError(
            f"models.toml, table [{model.name}]: peers = '{model.peers}' needs a table [peers] and a cluster of the "
            "design in study.toml."
        )
    everybody = data.people
    of_everybody = classify_peers(everybody, rule, cluster.name, model.peers_among == "treated")
    peers = of_everybody[np.searchsorted(everybody["person"], people["person"])]
    detailed = np.char.add(np.char.add(sides, ":"), peers)
    if model.peers == "pooled":
        detailed = np.where(sides == HIGH, sides, detailed)
    known = (sides != NEITHER) & (peers != NEITHER)
    alone = int(((sides != NEITHER) & (peers == NEITHER)).sum())
    without_peers = left_out(alone, f"of whose {cluster.singular_en} nobody else has the variable")
    notes = (unsided, without_peers)
    return _Groups(np.where(known, sides, NEITHER), np.where(known, detailed, NEITHER), names, notes)


def complete_cases(model: Model, people: pd.DataFrame) -> BoolArray:
    """Which persons have every covariate of the model and of its response; InputError for one that does not exist."""
    treatment = [] if model.treatment == "none" else [model.treatment]
    needed = [*model.covariates, *model.response]
    absent = [column for column in (*needed, *treatment) if column not in people]
    if absent:
        raise InputError(f"models.toml, table [{model.name}]: no variable {', '.join(absent)}. Mend the names.")
    return np.isfinite(people[needed].to_numpy(dtype=float)).all(axis=1)


def _build_design(
    model: Model, people: pd.DataFrame, groups: _Groups, rows: BoolArray, split_variable: str, data: Data
) -> Design:
    """The design of the complete cases `rows` of `people`: strata, covariates, and an effect for each group.

    A stratum is that of the design, or all, in each group. A covariate that is the variable of the split and does not
    vary within its sides is left out, and the note says so. Everything is taken from the same rows, so nothing can
    differ in order or length.
    """
    covariates, notes = list(model.covariates), list(groups.notes)
    if split_variable in covariates and _is_given(people[split_variable][rows], groups.strata[rows]):
        covariates.remove(split_variable)
        notes.append(f"left out the covariate {split_variable}, which the split determines")
    own = people[rows]
    strata_names, strata = _number(_strata(model, own, groups.strata[rows], data))
    cluster_names, clusters = _number(cluster_of(own, data, model.cluster))
    members = groups.effects[rows][:, None] == np.array(groups.names)
    return Design(
        persons=own["person"].to_numpy(dtype=np.int64),
        covariates=own[covariates].to_numpy(dtype=float),
        names=tuple(covariates),
        strata=strata,
        strata_names=strata_names,
        clusters=clusters,
        cluster_names=cluster_names,
        treated=own[model.treatment].to_numpy(dtype=float).astype(bool),
        groups=members.argmax(axis=1),
        group_names=groups.names,
        treatment=model.treatment,
        note="; ".join(filter(None, notes)),
    )


def _is_given(values: pd.Series, sides: TextArray) -> bool:
    """Whether a variable has one value on each side."""
    return len(values) > 0 and bool(values.groupby(sides).nunique().max() < 2)


def _strata(model: Model, people: pd.DataFrame, sides: TextArray, data: Data) -> TextArray:
    names = np.full(len(people), "constant")
    if model.fixed_effects != "none":
        names = np.char.add(f"{model.fixed_effects}:", people[model.fixed_effects].to_numpy(dtype=str))
    if model.splits:
        names = np.char.add(np.char.add(names, ":"), sides)
    return names


def cluster_of(people: pd.DataFrame, data: Data, errors: str = "") -> TextArray:
    """The cluster of each person by name, or the stratum if `errors` are clustered on it; else every person is one."""
    cluster, stratum = data.study.design.cluster, data.study.design.stratum
    if stratum is not None and errors == stratum.name:
        cluster = stratum
    return people["person" if cluster is None else cluster.name].to_numpy(dtype=str)


def lot_block_of(people: pd.DataFrame, data: Data) -> TextArray:
    """The block within which the lot was drawn of each person by name; everybody is in one where it was among all."""
    block = data.study.design.lot_group
    return np.full(len(people), "") if block is None else people[block.name].to_numpy(dtype=str)


def _number(names: TextArray) -> tuple[tuple[str, ...], npt.NDArray[np.intp]]:
    levels, codes = np.unique(names, return_inverse=True)
    return tuple(levels.tolist()), codes
