"""Person-weeks at risk of one exit, added up in cells, and the dummies that predict perfectly taken out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Factor:
    """A categorical variable of the cells: the names of its levels, and the level of each cell (c,)."""

    name: str
    levels: tuple[str, ...]
    codes: IntArray


@dataclass(frozen=True)
class Cells:
    """Person-weeks added up over all that tells them apart; arrays are (c,), covariates (c, q) with their q names.

    Without covariates these are arm, interval, stratum and cluster; with them nearly every person has cells of their
    own. A binomial fit on the cells has the same likelihood, up to a constant, as a binary fit on the person-weeks.
    """

    at_risk: IntArray
    exits: IntArray
    treated: BoolArray
    cluster: IntArray
    interval: Factor
    stratum: Factor
    covariates: FloatArray
    names: tuple[str, ...]

    @property
    def factors(self) -> tuple[Factor, Factor]:
        """The two sets of dummies, in the order in which they are searched for perfect prediction."""
        return self.interval, self.stratum


@dataclass(frozen=True)
class Drop:
    """A level whose dummy predicts the outcome perfectly, with the person-weeks and whole clusters that left."""

    factor: str
    level: str
    code: int
    person_weeks: int
    clusters: int


def interval_of(weeks: npt.ArrayLike, horizon: int, interval_weeks: int) -> IntArray:
    """The interval, from 0, of each week 1..horizon; a remainder shorter than an interval joins the last one."""
    last = max(horizon // interval_weeks, 1) - 1
    return np.asarray(np.minimum((np.asarray(weeks) - 1) // interval_weeks, last), dtype=np.int64)


def interval_names(horizon: int, interval_weeks: int) -> tuple[str, ...]:
    """The intervals by their weeks: '1-4', or '1' where it is one week."""
    intervals = interval_of(np.arange(1, horizon + 1), horizon, interval_weeks)
    weeks = [np.flatnonzero(intervals == number) + 1 for number in np.unique(intervals)]
    return tuple(f"{own[0]}-{own[-1]}" if len(own) > 1 else f"{own[0]}" for own in weeks)


def require_spells(weeks: npt.ArrayLike, horizon: int) -> IntArray:
    """The lengths of spells (n,) as integers; ValueError unless there is one and all lie in 1..horizon."""
    duration = np.asarray(weeks, dtype=np.int64)
    if not duration.size or duration.min() < 1 or duration.max() > horizon:
        raise ValueError(f"spells must be at least one and last 1 to {horizon} weeks")
    return duration


def collapse(
    weeks: npt.ArrayLike,
    exited: npt.ArrayLike,
    treated: npt.ArrayLike,
    stratum: npt.ArrayLike,
    cluster: npt.ArrayLike,
    horizon: int,
    interval_weeks: int,
    covariates: npt.ArrayLike | None = None,
    names: tuple[str, ...] = (),
    stratum_name: str = "stratum",
) -> Cells:
    """Add up the person-weeks of n persons at risk in the weeks 1..weeks[i], who leave in the last one if exited[i].

    All arrays are (n,), covariates (n, q) with their q names; the dummies of the strata bear `stratum_name`. Intervals
    of `interval_weeks`: report section 3.1. ValueError for a spell outside 1..horizon.
    """
    duration = require_spells(weeks, horizon)
    strata, stratum_codes = np.unique(np.asarray(stratum), return_inverse=True)
    _, cluster_codes = np.unique(np.asarray(cluster), return_inverse=True)
    values = np.zeros((len(duration), 0)) if covariates is None else np.asarray(covariates, dtype=float)
    labels = np.column_stack([np.asarray(treated, dtype=bool), stratum_codes, cluster_codes, values])
    groups, group_codes = np.unique(labels, axis=0, return_inverse=True)
    intervals = interval_of(np.arange(1, horizon + 1), horizon, interval_weeks)
    lengths = np.bincount(intervals)
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    at_risk = np.zeros((len(groups), len(lengths)), dtype=np.int64)
    np.add.at(at_risk, group_codes, np.clip(duration[:, None] - starts, 0, lengths))
    exits = np.zeros_like(at_risk)
    left = np.asarray(exited, dtype=bool)
    np.add.at(exits, (group_codes[left], intervals[duration[left] - 1]), 1)
    group, interval = np.nonzero(at_risk)
    levels = interval_names(horizon, interval_weeks)
    return Cells(
        at_risk=at_risk[group, interval],
        exits=exits[group, interval],
        treated=groups[group, 0].astype(bool),
        cluster=groups[group, 2].astype(np.int64),
        interval=Factor("weeks", levels, interval),
        stratum=Factor(stratum_name, tuple(map(str, strata)), groups[group, 1].astype(np.int64)),
        covariates=groups[group, 3:],
        names=tuple(names),
    )


def drop_perfect_prediction(cells: Cells) -> tuple[Cells, tuple[Drop, ...]]:
    """Leave out every level of the dummies in which nobody or everybody exits, with its person-weeks, until none is.

    Stata's `logit` does so ([R] logit, Remarks: "dropped and obs not used"), except that its reference levels escape
    the check; here all levels are treated alike, so the result does not depend on the choice of reference. The
    coefficients that remain have the values to which the fit on all person-weeks tends.
    """
    drops: list[Drop] = []
    while (found := _first_perfect_level(cells)) is not None:
        factor, level = found
        gone = factor.codes == level
        kept = _subset(cells, ~gone)
        clusters = len(np.unique(cells.cluster)) - len(np.unique(kept.cluster))
        drops.append(Drop(factor.name, factor.levels[level], level, int(cells.at_risk[gone].sum()), clusters))
        cells = kept
    return cells, tuple(drops)


def persons_used(
    weeks: npt.ArrayLike,
    stratum: npt.ArrayLike,
    drops: tuple[Drop, ...],
    horizon: int,
    interval_weeks: int,
) -> BoolArray:
    """Which of n persons, with spells `weeks` (n,), have a person-week left after the drops."""
    gone = {drop.code for drop in drops if drop.factor == "weeks"}
    first_kept = next(code for code in range(len(gone) + 1) if code not in gone)
    names = [drop.level for drop in drops if drop.factor != "weeks"]
    at_risk = interval_of(weeks, horizon, interval_weeks) >= first_kept
    return np.asarray(at_risk & ~np.isin(np.asarray(stratum).astype(str), names))


def _first_perfect_level(cells: Cells) -> tuple[Factor, int] | None:
    for factor in cells.factors:
        at_risk = np.bincount(factor.codes, weights=cells.at_risk)
        exits = np.bincount(factor.codes, weights=cells.exits)
        perfect = np.flatnonzero((at_risk > 0) & ((exits == 0) | (exits == at_risk)))
        if perfect.size:
            return factor, int(perfect[0])
    return None


def _subset(cells: Cells, kept: BoolArray) -> Cells:
    return Cells(
        at_risk=cells.at_risk[kept],
        exits=cells.exits[kept],
        treated=cells.treated[kept],
        cluster=cells.cluster[kept],
        interval=replace(cells.interval, codes=cells.interval.codes[kept]),
        stratum=replace(cells.stratum, codes=cells.stratum.codes[kept]),
        covariates=cells.covariates[kept],
        names=cells.names,
    )
