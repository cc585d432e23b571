"""The lot drawn again: who might have been treated, with as many treated of every block as there were."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import combinations, product
from math import comb

import numpy as np
import numpy.typing as npt

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Lot:
    """Draws of the lot (n, draws), the one that was drawn not among them; is_whole: whether they are all the others."""

    draws: BoolArray
    is_whole: bool


def generator(seed: int, *names: str) -> np.random.Generator:
    """The random numbers of a name: a counter-based generator (Philox; Salmon et al. 2011) keyed by seed and names.

    What is drawn by one name does not depend on what other names drew before, in which order, or in how many processes.
    """
    key = hashlib.sha256("\0".join([str(seed), *names]).encode()).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(key[:16], "little")))


def draw_lot(treated: npt.ArrayLike, blocks: npt.ArrayLike, draws: int, seed: int) -> Lot:
    """Draw `treated` (n,) again within `blocks` (n,), names, each with as many treated as it has: all equally likely.

    Where there are no more than `draws` other ways to draw, these are all of them. Else each block has random numbers
    of its own, and the persons with the smallest are treated: more draws begin with the same ones. Persons are told
    apart by their order within a block.
    """
    is_treated, names = np.asarray(treated, dtype=bool), np.asarray(blocks).astype(str)
    levels, codes = np.unique(names, return_inverse=True)
    members = [np.flatnonzero(codes == number) for number in range(len(levels))]
    ways = 1
    for own in members:
        ways *= comb(len(own), int(is_treated[own].sum()))
    if ways - 1 <= draws:
        return Lot(np.ascontiguousarray(_every_way(is_treated, members).T), True)
    drawn = np.zeros((len(is_treated), draws), dtype=bool)
    for name, own in zip(levels.tolist(), members, strict=True):
        count = int(is_treated[own].sum())
        if 0 < count < len(own):
            numbers = generator(seed, "lot", name).random((draws, len(own)))
            drawn[own] = (numbers <= np.partition(numbers, count - 1, axis=1)[:, count - 1 : count]).T
        else:
            drawn[own] = count > 0
    return Lot(drawn, False)


def _every_way(treated: BoolArray, members: list[npt.NDArray[np.intp]]) -> BoolArray:
    """Every way to draw but the one that was drawn: (ways - 1, n)."""
    each = [combinations(own.tolist(), int(treated[own].sum())) for own in members]
    found = []
    for chosen in product(*each):
        row = np.zeros(len(treated), dtype=bool)
        row[[person for block in chosen for person in block]] = True
        if not np.array_equal(row, treated):
            found.append(row)
    return np.array(found, dtype=bool).reshape(len(found), len(treated))
