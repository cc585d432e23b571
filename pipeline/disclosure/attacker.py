"""An attacker who has every number of persons that leaves, and knows which groups lie in which: what that tells.

Persons who are in the same groups are one class. What leaves of a group bounds the sum of its classes, or their part of
the sum of a whole, and nothing else is known of how many persons a class has, so the least and the most that a group
can have is a linear programme. A population that fits everything that leaves is a witness: what it has is possible, for
every group at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.disclosure.groups import ALONE, OF_PERSONS, FloatArray, Groups
from pipeline.settings.disclosure import Bounds

NEARLY = 1e-6  # persons: what a programme may lose in binary arithmetic


class Rows(NamedTuple):
    """What leaves as rows of a programme: at_most @ classes <= limits; numbers: which of what is told each is."""

    at_most: FloatArray
    limits: FloatArray
    numbers: npt.NDArray[np.intp]


@dataclass
class Attack:
    """targets: (t, classes) the groups that nobody may tell; may_be_nobody: those that are open where it may be nobody.

    most: persons that a class can have. low_of, high_of: what is known of each target to be possible.
    """

    rows: Rows
    targets: FloatArray
    may_be_nobody: npt.NDArray[np.bool_]
    most: int
    bounds: Bounds
    low_of: FloatArray
    high_of: FloatArray

    def tight(self, tried: npt.NDArray[np.intp]) -> Iterator[tuple[int, frozenset[int]]]:
        """The targets of those `tried` that are told too closely, each with the numbers of what tells it.

        Populations that have much or little of many targets at once leave few to be tried one by one.
        """
        shut, before = [target for target in map(int, tried) if not self._is_open(target)], len(tried) + 1
        while 1 < len(shut) < before:
            before = len(shut)
            for sign in (1.0, -1.0):
                self._solve(sign * self.targets[shut].sum(axis=0))
            shut = [target for target in shut if not self._is_open(target)]
        for target in shut:
            telling = frozenset[int]()
            for sign in (1.0, -1.0):
                if not self._is_open(target):
                    telling |= self._solve(sign * self.targets[target])
            if not self._is_open(target):
                yield target, telling

    def _is_open(self, target: int) -> bool:
        """Whether it may be nobody, if that says nothing, or several, or is told no closer than the bounds allow."""
        low, high = self.low_of[target], self.high_of[target]
        is_few = high < self.bounds.persons - NEARLY and not (self.may_be_nobody[target] and low <= 1 - NEARLY)
        return bool(not is_few or high - low >= self.bounds.uncertainty - NEARLY)

    def _solve(self, objective: FloatArray) -> frozenset[int]:
        """The least of an objective, its population kept as a witness for all; the numbers that keep it from less."""
        from scipy.optimize import linprog
        from scipy.sparse import csr_array

        # What is looked for is near what holds at the start: to simplify the programme first takes longer.
        result = linprog(
            objective,
            A_ub=csr_array(self.rows.at_most),
            b_ub=self.rows.limits,
            bounds=(0, self.most),
            method="highs-ds",
            options={"presolve": False},
        )
        if result.status != 0:
            raise RuntimeError(f"the linear programme of the attacker ended with: {result.message}")
        had = self.targets @ result.x
        self.low_of, self.high_of = np.minimum(self.low_of, had), np.maximum(self.high_of, had)
        return frozenset(self.rows.numbers[np.abs(result.ineqlin.marginals) > NEARLY].tolist())


def prepare(groups: Groups, withheld: frozenset[int], bounds: Bounds) -> Attack:
    """The attack on what leaves of groups but for those numbers of what is told that are `withheld` further.

    Targets are the groups of few persons, and the few persons by which a group is larger than another of its kind that
    lies in it. The persons that there are fit everything: they are the first witness.
    """
    classes, sizes = np.unique(groups.members, axis=1, return_counts=True)
    sums = classes.astype(float)
    targets, may_be_nobody = _find_targets(groups, sums, sizes, bounds)
    had = targets @ sizes
    return Attack(_rows(groups, sums, withheld), targets, may_be_nobody, int(sizes.sum()), bounds, had, had)


def _rows(groups: Groups, sums: FloatArray, withheld: frozenset[int]) -> Rows:
    at_most, limits, numbers = [np.zeros((0, sums.shape[1]))], list[float](), list[int]()
    for number, told in enumerate(groups.told):
        for sign, bound in ((1.0, told.high), (-1.0, told.low)):
            if number in withheld or not np.isfinite(bound):
                continue
            own = sums[told.group] - (bound * sums[told.whole] if told.whole != ALONE else 0.0)
            at_most.append(sign * own[None])
            limits.append(0.0 if told.whole != ALONE else sign * bound)
            numbers.append(number)
    return Rows(np.concatenate(at_most), np.array(limits), np.array(numbers, dtype=np.intp))


def _find_targets(
    groups: Groups, sums: FloatArray, sizes: npt.NDArray[np.intp], bounds: Bounds
) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    """Each target once, (t, classes), and whether it is open where it may be nobody.

    Of a property that a percentage would tell of, nobody is few too.
    """
    counts, common = sums @ sizes, (sums * sizes) @ sums.T
    found = dict[bytes, tuple[FloatArray, bool]]()
    for group in np.flatnonzero((counts > 0) & (counts < bounds.persons)):
        own, is_count = sums[group], groups.kinds[group] == OF_PERSONS
        found[own.tobytes()] = own, is_count and found.get(own.tobytes(), (own, True))[1]
    for inner, outer in np.argwhere(np.isclose(common, counts[:, None]) & (counts[:, None] < counts[None, :])):
        if counts[outer] - counts[inner] < bounds.persons and groups.kinds[inner] == groups.kinds[outer]:
            more = sums[outer] - sums[inner]
            found.setdefault(more.tobytes(), (more, True))
    targets = np.array([target for target, _ in found.values()]).reshape(-1, sums.shape[1])
    return targets, np.array([nobody for _, nobody in found.values()], dtype=bool)
