"""Attacks on what is shown of persons, written without a line of what guards it.

Each reads numbers by address as intervals: what the text that left can have been. An attack tells something if every
number in the interval tells it. The same attacks are tried on the numbers in full digits, where they must succeed.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.optimize import linprog, nnls
from scipy.sparse import csr_array, vstack

MOST_DECIMALS = 5  # that count, of a number that an exhibit shows
FEWEST_POINTS = 5  # of a path that is a curve
FEW = 5  # persons: what tells of fewer tells of single ones
NUMBER = re.compile(r"^\(?([−-]?[\d,]*\.?\d+)\)?\W*$")
DAY = re.compile(r"^\d{1,2} \w+ \d{4}$")


class Between(NamedTuple):
    """The least and the most that a number can be."""

    low: float
    high: float

    def __add__(self, other: Between) -> Between:  # type: ignore[override]
        return Between(self.low + other.low, self.high + other.high)

    def __sub__(self, other: Between) -> Between:
        return Between(self.low - other.high, self.high - other.low)

    def __mul__(self, other: Between) -> Between:  # type: ignore[override]
        products = [one * two for one in self for two in other]
        return Between(min(products), max(products))

    @property
    def width(self) -> float:
        return self.high - self.low

    @property
    def middle(self) -> float:
        return (self.low + self.high) / 2

    def is_few(self) -> bool:
        """Whether it must be somebody, and fewer than FEW."""
        return self.low > 0.5 and self.high < FEW - 0.5


NOTHING = Between(-math.inf, math.inf)
Seen = Mapping[str, Between]


def as_left(text: str, is_count: bool, base: int) -> Between:
    """What a text that left can have been: half a unit of its last digit more or less, a count as it is rounded.

    Shares are read in percent, as they are written.
    """
    found = NUMBER.match(text)
    if not found:
        return NOTHING
    digits = found[1].replace(",", "").replace("−", "-")
    number, decimals = float(digits), len(digits.partition(".")[2])
    half = 0.5 * 10.0**-decimals
    if is_count:
        half = (base - 1) / 2 if number else 0.0
    return Between(number - half, number + half)


def sums(seen: Seen, exhibit: str, row: str, columns: Iterable[str], sizes: Mapping[str, Between]) -> Between:
    """What the persons of columns that are everybody have in all: size times mean, column by column."""
    total = Between(0.0, 0.0)
    for column in columns:
        total = total + sizes[column] * seen.get(f"{exhibit}/{row}/{column}", NOTHING)
    return total


def differencing(seen: Seen, exhibit: str, rows: Iterable[str], every: list[str], some: list[str]) -> dict[str, float]:
    """By row what the persons have together who are in the columns `every` and in none of `some`, where it is told.

    Told is what is known within less than one: most rows are whole numbers.
    """
    sizes = {column: seen.get(f"{exhibit}/observations/{column}", NOTHING) for column in (*every, *some)}
    found = {}
    for row in rows:
        rest = sums(seen, exhibit, row, every, sizes) - sums(seen, exhibit, row, some, sizes)
        if rest.width < 1:
            found[row] = rest.middle
    return found


def single_values(points: np.ndarray, heights: np.ndarray, width: float, n: float, values: np.ndarray) -> list[float]:
    """The values that one person has, with nobody near, as non-negative least squares reads them off a density."""
    kernel = np.exp(-0.5 * ((points[:, None] - values[None, :]) / width) ** 2) / (n * width * math.sqrt(2 * math.pi))
    counts, _ = nnls(kernel, heights)
    near = np.convolve(counts, np.ones(5), mode="same")
    return [float(value) for value, count, around in zip(values, counts, near, strict=True)
            if 0.75 < count < 1.25 and 0.75 < around < 1.25]  # fmt: skip


def small_steps(curve: list[Between], n: Between) -> int:
    """How many steps of a survival curve must be of somebody, and of fewer than FEW."""
    return sum((n * (before - after)).is_few() for before, after in pairwise(curve))


def told_exits(gone: Mapping[str, list[Between]], whole: str, sizes: Mapping[str, Between], enough: int) -> int:
    """How many spans of weeks must hold an exit, and of fewer than FEW: of a group or of the whole that it is part of.

    gone: by group and week how many have left. What the parts and the rest of the whole can have, week by week, is a
    linear programme. Spans begin and end where a number changes, and it stops when there are `enough`.
    """
    parts = [name for name in gone if name != whole]
    weeks, groups = len(gone[whole]), [*parts, "rest"]
    rest = sizes[whole].high - sum(sizes[name].low for name in parts)

    def sums(name: str, begin: int, end: int) -> np.ndarray:
        within = np.zeros((len(groups), weeks))
        within[[name in (whole, group) for group in groups], begin:end] = 1
        return within.ravel()

    known = [(sums(name, 0, week + 1), each) for name, own in gone.items() for week, each in enumerate(own)]
    known.append((sums("rest", 0, weeks), Between(0, max(rest, 0) if parts else sizes[whole].high)))
    rows = csr_array(np.array([row for row, _ in known]))
    limits = np.concatenate([[each.high for _, each in known], [-each.low for _, each in known]])

    def solve(aim: np.ndarray) -> float:
        solved = linprog(aim, A_ub=vstack([rows, -rows]), b_ub=limits + 1e-7, bounds=(0, None))
        assert solved.status == 0, solved.message
        return float(solved.fun)

    changes = {week for own in gone.values() for week in range(1, weeks) if own[week] != own[week - 1]}
    ends, found = sorted(changes | {week + 1 for week in changes}), 0
    for name, begin, end in [(name, *span) for name in gone for span in [*pairwise(ends), *pairwise(ends[::2])]]:
        least, most = solve(sums(name, begin, end)), FEW
        if least > 0.5:
            most = -solve(-sums(name, begin, end))
        found += Between(least, most).is_few()
        if found >= enough:
            break
    return found


def small_counts(counts: Mapping[str, Between]) -> list[str]:
    """The counts that must be of somebody, and of fewer than FEW."""
    return [name for name, count in counts.items() if count.is_few()]


def small_shares(shares: Seen, sizes: Seen) -> list[str]:
    """The percentages that few have, or few lack, of persons of whom there are as many as `sizes` says."""
    found = []
    for name, share in shares.items():
        with_it = sizes[name] * Between(max(share.low, 0.0) / 100, share.high / 100)
        without = sizes[name] * Between((100 - share.high) / 100, (100 - share.low) / 100)
        found += [name] if with_it.is_few() or without.is_few() else []
    return found


def near_pairs(counts: Iterable[Between]) -> int:
    """How many pairs of numbers of persons must differ, and by fewer than FEW."""
    known = sorted({count for count in counts if math.isfinite(count.width)})
    return sum((two - one).is_few() for place, one in enumerate(known) for two in known[place + 1 :])


def days_told(texts: Iterable[str]) -> int:
    """How many texts give the day of a date."""
    return sum(bool(DAY.match(text)) for text in texts)


def few_in_words(text: str) -> bool:
    """Whether a text says a number of persons that is somebody, and fewer than FEW."""
    return any(0 < int(number) < FEW for number in re.findall(r"(?<!<)\b(\d+) persons", text))


def long_numbers(text: str) -> list[str]:
    """The numbers of a text with more decimals that count than an exhibit shows of any; what is nearly 0 is none."""
    found = re.findall(r"(?<![\w.])\d+\.(\d+)(?!\d|e-)", text)
    return [decimals for decimals in found if len(decimals.strip("0")) > MOST_DECIMALS]


def read_curves(svg: str) -> list[tuple[np.ndarray, np.ndarray]]:
    """The curves of the first panel of a figure as x and y, in the unit of its axes, by the points of their paths."""
    axes = re.search(r'<metadata id="axes">(.*?)</metadata>', svg)
    assert axes
    _, left, top, right, bottom, first, last, least, most = json.loads(axes[1])[0]
    found = []
    for path in re.findall(r'<path d="([^"]*)"', svg):
        points = np.array([[float(x), float(y)] for x, y in re.findall(r"[ML] (-?[\d.]+) (-?[\d.]+)", path)])
        if (
            len(points) > FEWEST_POINTS
            and "z" not in path
            and points[:, 1].max() <= bottom
            and points[:, 1].min() >= top
        ):
            x, y = (points - [left, bottom]).T / np.array([[right - left], [top - bottom]])
            found.append((first + x * (last - first), least + y * (most - least)))
    return found
