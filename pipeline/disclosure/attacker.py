"""An attacker who has every number of persons that leaves, and knows which groups lie in which: what that tells.

Persons who are in the same groups are one class. What leaves of a group bounds the sum of its classes, and nothing else
is known of how many persons a class has, so the least and the most that a group can have is a linear programme. A
population that fits everything that leaves is a witness: what it has is possible, for every group at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pipeline.disclosure.groups import Groups
from pipeline.settings.disclosure import Bounds

FloatArray = npt.NDArray[np.float64]
NEARLY = 1e-6  # persons: what a programme may lose in binary arithmetic


@dataclass
class Attack:
    """What leaves, as bounds of sums of classes: low <= sums @ classes <= high, with the groups as rows of `sums`.

    targets: (t, classes) the groups that nobody may tell. most: persons that a class can have.
    low_of, high_of: what is known of each to be possible.
    """

    sums: FloatArray
    low: FloatArray
    high: FloatArray
    targets: FloatArray
    most: int
    bounds: Bounds
    low_of: FloatArray = field(init=False)
    high_of: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        self.low_of, self.high_of = np.full(len(self.targets), np.inf), np.full(len(self.targets), -np.inf)

    def tight(self, tried: npt.NDArray[np.intp]) -> Iterator[tuple[int, FloatArray]]:
        """The targets of those `tried` that are told too closely, each with the weights of what tells it, (groups,)."""
        for target in map(int, tried):
            weights = np.zeros(len(self.sums))
            for sign in (1.0, -1.0):
                if not self._is_open(target):
                    weights += np.abs(self._solve(sign, target))
            if not self._is_open(target):
                yield target, weights

    def _is_open(self, target: int) -> bool:
        """Whether it may be nobody, or several, or is told no closer than the bounds allow."""
        low, high = self.low_of[target], self.high_of[target]
        is_few = low > 1 - NEARLY and high < self.bounds.persons - NEARLY
        return bool(high >= low and (not is_few or high - low >= self.bounds.uncertainty - NEARLY))

    def _solve(self, sign: float, target: int) -> FloatArray:
        """The least (sign 1) or the most (-1) of a target, kept as a witness for all; the weights of the rows."""
        from scipy.optimize import linprog
        from scipy.sparse import csr_array, vstack

        rows = csr_array(self.sums)
        known_low, known_high = np.isfinite(self.low), np.isfinite(self.high)
        result = linprog(
            sign * self.targets[target],
            A_ub=vstack([rows[known_high], -rows[known_low]]),
            b_ub=np.concatenate([self.high[known_high], -self.low[known_low]]),
            bounds=(0, self.most),
            method="highs",
        )
        if result.status != 0:
            raise RuntimeError(f"the linear programme of the attacker ended with: {result.message}")
        had = self.targets @ result.x
        self.low_of, self.high_of = np.minimum(self.low_of, had), np.maximum(self.high_of, had)
        weights = np.zeros(len(self.sums))
        marginals = np.abs(result.ineqlin.marginals)
        weights[known_high] += marginals[: known_high.sum()]
        weights[known_low] += marginals[known_high.sum() :]
        return weights


def prepare(groups: Groups, withheld: frozenset[int], bounds: Bounds) -> Attack:
    """The attack on what leaves of groups but for those `withheld` further.

    Targets are the groups of few persons, and the few persons by which a group is larger than another that lies in it.
    """
    classes, sizes = np.unique(groups.members, axis=1, return_counts=True)
    sums, counts = classes.astype(float), groups.sizes
    low, high = released_bounds(counts, bounds)
    for group in withheld:
        low[group], high[group] = -np.inf, np.inf
    few = [group for group, count in enumerate(counts) if 0 < count < bounds.persons]
    targets = [sums[group] for group in few]
    common = (sums * sizes) @ sums.T
    for inner, outer in np.argwhere(np.isclose(common, counts[:, None]) & (counts[:, None] < counts[None, :])):
        if counts[outer] - counts[inner] < bounds.persons:
            targets.append(sums[outer] - sums[inner])
    distinct = {target.tobytes(): target for target in targets}
    return Attack(sums, low, high, np.array([*distinct.values()]).reshape(-1, sums.shape[1]), int(sizes.sum()), bounds)


def released_bounds(counts: npt.NDArray[np.int64], bounds: Bounds) -> tuple[FloatArray, FloatArray]:
    """The least and the most persons that fit what leaves of a number: few, or the nearest multiple of the base."""
    base = bounds.base
    rounded = np.floor(counts / base + 0.5) * base
    low, high = rounded - base // 2, rounded + (base - 1) // 2
    few = (counts > 0) & (counts < bounds.persons)
    low = np.where(few, 1, np.maximum(low, bounds.persons))
    high = np.where(few, bounds.persons - 1, high)
    return np.where(counts == 0, 0, low).astype(float), np.where(counts == 0, 0, high).astype(float)
