"""Outcomes and right-hand sides of least squares, from the derived tables and a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.errors import InputError
from pipeline.people.samples import join_background, select_sample
from pipeline.people.splits import HIGH, HIGH_PEERS, LOW, LOW_PEERS, NEITHER, classify_peers, split_people
from pipeline.settings.models import Model, Source
from pipeline.settings.study import Study

if TYPE_CHECKING:
    import pandas as pd

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]
TextArray = npt.NDArray[np.str_]


class Label(NamedTuple):
    """What a column of outcomes holds: a share up to a week, or with no week a variable of the person."""

    outcome: str
    week: int | None


@dataclass(frozen=True)
class Design:
    """The right-hand side of a least-squares problem: n persons, q columns beside a dummy for each stratum.

    persons, treated: (n,); clusters: (n,) numbers of the teams; matrix: (n, q); columns: the q names, those of the
    effects last; strata: (n,) numbers into strata_names, 'municipality:<slug>', with ':<group>' in a split, or
    'constant'; groups: (n,) numbers into group_names, the group that a person's effect is of; note: what was left out.
    """

    persons: IntArray
    matrix: FloatArray
    columns: tuple[str, ...]
    strata: npt.NDArray[np.intp]
    strata_names: tuple[str, ...]
    clusters: npt.NDArray[np.intp]
    treated: BoolArray
    groups: npt.NDArray[np.intp]
    group_names: tuple[str, ...]
    note: str = ""

    def take(self, rows: BoolArray) -> Design:
        """The design of the persons in `rows` (n,)."""
        if rows.all():
            return self
        cut = {name: getattr(self, name)[rows] for name in ("persons", "matrix", "strata", "clusters", "treated",
                                                            "groups")}  # fmt: skip
        return replace(self, **cut)

    @property
    def effects(self) -> tuple[str, ...]:
        """The names of the columns of the effects, one a group."""
        return self.columns[-len(self.group_names) :]

    def written_out(self) -> tuple[FloatArray, tuple[str, ...]]:
        """The matrix with the dummies of the strata present in front, and the names of all its columns."""
        present = np.unique(self.strata)
        dummies = self.strata[:, None] == present
        names = tuple(self.strata_names[number] for number in present)
        return np.column_stack([dummies, self.matrix]), (*names, *self.columns)


@dataclass(frozen=True)
class Groups:
    """The groups of n people that a model compares, by stratum and by effect, '' for who is in none; names of effects.

    The names are those of everybody in the sample: a group that loses its last person later is not forgotten.
    """

    strata: TextArray
    effects: TextArray
    note: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The groups that have an effect, in alphabetical order reversed: low before high, low peers before high."""
        return tuple(sorted(set(self.effects.tolist()) - {NEITHER}, reverse=True))


def find_groups(model: Model, people: pd.DataFrame, split: str | None, everybody: pd.DataFrame, study: Study) -> Groups:
    """The groups of `people` by a split, and further by the peers of the analysed persons `everybody`.

    Without a split there is one group, 'all'; the effects of a model of municipality effects are by municipality.
    """
    if model.estimator == "municipality_effects":
        places = people["municipality"].to_numpy(dtype=str)
        return Groups(np.full(len(people), "all"), places)
    if split is None:
        return Groups(np.full(len(people), "all"), np.full(len(people), "all"))
    sides = split_people(people, split, study)
    if model.peers == "none":
        return Groups(sides, sides)
    if study.peers is None:
        raise InputError(f"models.toml, table [{model.name}]: peers without a table [peers] in study.toml. Add it.")
    peers = classify_peers(everybody, study.peers)[np.searchsorted(everybody["person"], people["person"])]
    counts = [
        int(((sides == side) & (peers == peer)).sum()) for side in (LOW, HIGH) for peer in (LOW_PEERS, HIGH_PEERS)
    ]
    if not all(counts):
        raise InputError(
            f"study.toml, table [peers]: in splits.{split} {counts[0]} low and {counts[2]} high persons have "
            f"low peers, {counts[1]} and {counts[3]} high peers. Move `below` or `exceeds`, or the bound of the split."
        )
    detailed = np.char.add(np.char.add(sides, ":"), peers)
    if model.peers == "pooled":
        detailed = np.where(sides == HIGH, sides, detailed)
    known = (sides != NEITHER) & (peers != NEITHER)
    alone = int(((sides != NEITHER) & (peers == NEITHER)).sum())
    note = f"left out {alone} persons of whose team nobody else has the variable" if alone else ""
    return Groups(np.where(known, sides, NEITHER), np.where(known, detailed, NEITHER), note)


def complete_cases(model: Model, people: pd.DataFrame) -> BoolArray:
    """Which persons have every covariate of the model."""
    wanted = list(model.covariates) if model.treatment == "none" else [*model.covariates, model.treatment]
    absent = [column for column in wanted if column not in people]
    if absent:
        raise InputError(f"models.toml, table [{model.name}]: no variable {', '.join(absent)}. Mend the names.")
    return np.isfinite(people[model.covariates].to_numpy(dtype=float)).all(axis=1)


def build_design(
    model: Model, people: pd.DataFrame, groups: Groups, rows: BoolArray, split_variable: str | None = None
) -> Design:
    """The design of the complete cases `rows` of `people`: strata, covariates, and an effect for each group.

    A stratum is a municipality, or all, in each group. A covariate that is the variable of the split and does not vary
    within its sides is left out, and the note says so. Everything is taken from the same rows, so nothing can differ in
    order or length.
    """
    covariates, notes = list(model.covariates), [groups.note]
    if split_variable in covariates and people[split_variable][rows].groupby(groups.strata[rows]).nunique().max() < 2:
        covariates.remove(split_variable)
        notes.append(f"left out the covariate {split_variable}, which the split determines")
    values, texts = people[[*covariates, model.treatment]].to_numpy(dtype=float)[rows], people[["municipality", "team"]]
    places, teams = texts.to_numpy(dtype=str)[rows].T
    treated, group_names = values[:, -1], groups.names
    names = np.full(len(values), "constant")
    if model.fixed_effects == "municipality":
        names = np.char.add("municipality:", places)
    if len(set(groups.strata.tolist()) - {NEITHER}) > 1:
        names = np.char.add(np.char.add(names, ":"), groups.strata[rows])
    strata_names, strata = np.unique(names, return_inverse=True)
    members = groups.effects[rows][:, None] == np.array(group_names)
    labels = [f"{model.treatment}:{name}" for name in group_names]
    return Design(
        persons=people["person"].to_numpy(dtype=np.int64)[rows],
        matrix=np.column_stack([values[:, :-1], treated[:, None] * members]),
        columns=(*covariates, *(labels if len(labels) > 1 else [model.treatment])),
        strata=strata,
        strata_names=tuple(strata_names.tolist()),
        clusters=np.unique(teams, return_inverse=True)[1],
        treated=treated.astype(bool),
        groups=members.argmax(axis=1),
        group_names=group_names,
        note="; ".join(filter(None, notes)),
    )


@dataclass(frozen=True)
class PrognosisCases:
    """The complete cases of a regression without treatment: n persons, outcome (n,), design (n, k), constant first."""

    persons: IntArray
    outcome: FloatArray
    design: FloatArray
    columns: tuple[str, ...]
    treated: BoolArray


def prognosis_cases(
    model: Model, sample: str, label: Label, tables: Mapping[str, pd.DataFrame], study: Study
) -> PrognosisCases:
    """The persons of a sample who have the outcome and every covariate of the model."""
    people = join_background(tables["sample"], tables["background"])
    chosen = select_sample(people, sample, study)
    values = outcome_values([label], people, tables, model.source)[chosen.index, 0]
    usable = complete_cases(model, chosen) & np.isfinite(values)
    cases = chosen[usable]
    return PrognosisCases(
        persons=cases["person"].to_numpy(dtype=np.int64),
        outcome=values[usable],
        design=np.column_stack([np.ones(len(cases)), cases[model.covariates].to_numpy(dtype=float)]),
        columns=("constant", *model.covariates),
        treated=cases["treated"].to_numpy(dtype=bool),
    )


def outcome_values(
    labels: Sequence[Label], people: pd.DataFrame, tables: Mapping[str, pd.DataFrame], source: Source | None = None
) -> FloatArray:
    """The outcomes (n, m) of n people, one column per label, all with a week or all without; missing where unknown.

    `source` names the table of `tables` that holds them: the shares for weeks and else `people` themselves, unless
    given. Raises InputError for a variable, or an outcome and week, that no table holds.
    """
    weekly = any(label.week is not None for label in labels)
    held = source or ("shares" if weekly else "background")
    if held == "shares":
        found = _share_values(labels, people, tables["shares"])
    elif held == "weekly":
        found = _state_values(labels, people, tables["weekly"])
    else:
        table = people if held == "background" else tables[held].set_index("person").reindex(people["person"])
        found = [table[label.outcome].to_numpy(dtype=float) if label.outcome in table else None for label in labels]
    absent = [label for label, values in zip(labels, found, strict=True) if values is None]
    if absent:
        first: Any = tuple(absent[0]) if weekly else absent[0].outcome
        raise InputError(
            f"no table holds {len(absent)} of {len(labels)} outcomes, the first of them {first}. Mend the outcomes "
            f"and weeks of models.toml, or build {held}.parquet again."
        )
    return np.stack([values for values in found if values is not None], axis=1)


def _share_values(labels: Sequence[Label], people: pd.DataFrame, shares: pd.DataFrame) -> list[FloatArray | None]:
    """One array (n,) per label from the long table of shares."""
    found: dict[Label, FloatArray | None] = {}
    weeks = sorted({label.week for label in labels if label.week is not None})
    table = shares[shares["week"].isin(weeks)] if len(weeks) < shares["week"].nunique() else shares
    for outcome in dict.fromkeys(label.outcome for label in labels):
        rows = table[table["outcome"] == outcome]
        found |= _spread(outcome, rows["person"], rows["week"], rows["share"], weeks, people)
    return [found.get(label) for label in labels]


def _state_values(labels: Sequence[Label], people: pd.DataFrame, weekly: pd.DataFrame) -> list[FloatArray | None]:
    """One array (n,) per label, a week's state: 1 or 0, missing if unknown."""
    found: dict[Label, FloatArray | None] = {}
    weeks = sorted({label.week for label in labels if label.week is not None})
    rows = weekly[weekly["week"].isin(weeks)]
    for outcome in dict.fromkeys(label.outcome for label in labels):
        if outcome in rows:
            state = rows[outcome].astype("Float64")
            found |= _spread(outcome, rows["person"], rows["week"], state, weeks, people)
    return [found.get(label) for label in labels]


def _spread(
    outcome: str, persons: pd.Series, weeks: pd.Series, values: pd.Series, wanted: Sequence[int], people: pd.DataFrame
) -> dict[Label, FloatArray | None]:
    """The values of one outcome by week, each (n,) in the order of `people`."""
    import pandas as pd

    row = pd.Index(people["person"]).get_indexer(persons)
    column = np.searchsorted(wanted, weeks)
    grid = np.full((len(people), len(wanted)), np.nan)
    inside = row >= 0
    grid[row[inside], column[inside]] = values.to_numpy(dtype=float, na_value=np.nan)[inside]
    present = set(np.unique(column).tolist())
    return {Label(outcome, week): grid[:, place] if place in present else None for place, week in enumerate(wanted)}
