"""The problem of bounds under non-response: groups of persons, who of them answered, the lot's weights, and strata.

What makes arms comparable is the lot, whose probability differed from one of its blocks to the next: a person weighs
one over the probability of the own arm, the share of the arm among the analysed persons of the block. Covariates are
not held fixed: they say only which persons are compared, the same as in the model that is bounded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.estimate.designs import Design, Part, lot_block_of, parts_of
from pipeline.estimate.outcomes import labels_of, outcome_values
from pipeline.estimate.problem import (
    NOBODY_IN_SAMPLE,
    NOBODY_KNOWN,
    BoolArray,
    Data,
    FloatArray,
    Label,
    left_out,
    wanted,
)
from pipeline.estimate.regression import outsiders
from pipeline.estimate.table import Address
from pipeline.people.samples import select_sample
from pipeline.people.splits import NEITHER, split_people
from pipeline.settings.models import Model
from pipeline.settings.study import Study
from pipeline.stats.bounds import Bound, LeeBounds, TightBounds, lee_bounds, tight_bounds
from pipeline.stats.errors import NoEstimateError

TIGHT = "tight_"  # how the name of a bound within strata begins
NO_STRATUM, AND = -1, " and "


@dataclass(frozen=True)
class Bounding:
    """Outcomes (n, m), one column per label and NaN of who did not answer, of the n persons of a part.

    lot: (n,), one over the probability of the own arm; strata: (n,) numbers into strata_names, -1 of who is in none.
    """

    model: Model
    part: Part
    labels: tuple[Label, ...]
    outcomes: FloatArray
    lot: FloatArray
    strata: npt.NDArray[np.intp]
    strata_names: tuple[str, ...]
    notes: tuple[str, ...]
    spec_hash: str
    study: Study

    @property
    def design(self) -> Design:
        """The persons of the part."""
        return self.part.design


@dataclass(frozen=True)
class Found:
    """The bounds of one outcome in one group: those of `members` (n,), of whom `used` are in the tightened ones."""

    members: BoolArray
    used: BoolArray
    plain: LeeBounds | None
    tight: TightBounds | None
    reasons: tuple[str, str]

    def bound(self, name: str) -> Bound | None:
        """The bound of a name, by whether it is tightened."""
        own = self.tight if name.startswith(TIGHT) else self.plain
        return None if own is None else getattr(own, name.removeprefix(TIGHT))

    def whose(self, name: str) -> BoolArray:
        """The persons (n,) behind a name."""
        return self.used if name.startswith(TIGHT) else self.members


def problems(model: Model, data: Data, address: Address | None = None) -> Iterator[Bounding]:
    """The problems of a model: each sample or split, with every outcome or the one at the address."""
    labels = tuple(wanted(labels_of(model, data), address))
    if not labels:
        return
    values, lot, note = outcome_values(model, labels, data), lot_weights(data), outsiders(model, data)
    block = data.study.design.lot_group
    lone = f"of whose {block.singular_en} all are of one arm" if block else "of one arm"
    spec_hash = model.spec_hash
    for part in parts_of(model, data, address.sample if address else None):
        strata, names = _strata(model, part, data)
        own = lot[part.rows]
        alone = left_out(int(np.isnan(own).sum()), lone)
        notes = (part.design.note, note, alone)
        yield Bounding(
            model, part, labels, values[part.rows], np.nan_to_num(own), strata, names, notes, spec_hash, data.study
        )


def lot_weights(data: Data) -> FloatArray:
    """One over the probability of the own arm, (n,) of all analysed persons: the arm's share in the block of the lot.

    NaN of who is in a block with one arm, where nobody compares.
    """
    treated = data.people["treated"].to_numpy(dtype=float)
    codes = np.unique(lot_block_of(data.people, data), return_inverse=True)[1]
    share = (np.bincount(codes, treated) / np.bincount(codes))[codes]
    has_both = (share > 0.0) & (share < 1.0)
    own = np.where(treated == 1.0, share, 1.0 - share)
    return np.divide(1.0, own, out=np.full(len(own), np.nan), where=has_both)


def _strata(model: Model, part: Part, data: Data) -> tuple[npt.NDArray[np.intp], tuple[str, ...]]:
    """The stratum (n,) of each person of a part, the sides of all splits together, and the names of those there are."""
    chosen = select_sample(data.people, model.samples[0] if model.splits else part.name, data.study)
    sides = [split_people(chosen, split, data.study) for split in model.strata]
    known = np.all([side != NEITHER for side in sides], axis=0) if sides else np.zeros(len(chosen), dtype=bool)
    names = [
        AND.join(f"{split}_{side}" for split, side in zip(model.strata, own, strict=True))
        for own in zip(*sides, strict=True)
    ] or [""] * len(chosen)
    at = np.searchsorted(chosen.index.to_numpy(), part.rows)
    own_names, is_known = np.array(names, dtype=str)[at], known[at]
    levels = np.unique(own_names[is_known])
    return np.where(is_known, np.searchsorted(levels, own_names), NO_STRATUM), tuple(levels.tolist())


def find(problem: Bounding, place: int) -> Iterator[tuple[str, Found]]:
    """The bounds of one outcome in each group, by its name."""
    y, design = problem.outcomes[:, place], problem.design
    for group in design.group_names:
        members = design.members(group) & (problem.lot > 0.0)
        used = members & (problem.strata != NO_STRATUM)
        reasons = ["", ""]
        plain = tight = None
        try:
            _require_somebody(problem, np.isfinite(y) & members)
            plain = lee_bounds(y, design.treated, np.where(members, problem.lot, 0.0))
        except NoEstimateError as error:
            reasons = [str(error), str(error)]
        try:
            if problem.model.strata and plain is not None:
                tight = _tighten(problem, y, used)
        except NoEstimateError as error:
            reasons[1] = str(error)
        yield group, Found(members, used, plain, tight, (reasons[0], reasons[1]))


def _require_somebody(problem: Bounding, answered: BoolArray) -> None:
    if not answered.any():
        raise NoEstimateError(NOBODY_KNOWN if problem.part.size else NOBODY_IN_SAMPLE)


def _tighten(problem: Bounding, y: FloatArray, used: BoolArray) -> TightBounds:
    """The bounds within strata; a stratum is one of those that the group has."""
    levels, codes = np.unique(problem.strata[used], return_inverse=True)
    if not len(levels):
        raise NoEstimateError(NOBODY_KNOWN)
    treated, lot = problem.design.treated[used], problem.lot[used]
    found = tight_bounds(y[used], treated, lot, codes)

    def everybody(own: FloatArray) -> FloatArray:
        whole = np.zeros(len(used))
        whole[used] = own
        return whole

    lower, upper = (Bound(b.estimate, everybody(b.weights), everybody(b.scores)) for b in (found.lower, found.upper))
    return TightBounds(lower, upper, everybody(found.trimmed), found.signs)
