"""The persons of the twin: their numbers, birth dates and addresses, and their answers item by item."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from pipeline.twin.frame import DATA, Frame
from pipeline.twin.randomness import generator
from pipeline.twin.scores import Scale, read_scales
from pipeline.twin.stored import read_rows

Integers = npt.NDArray[np.int64]
Answers = dict[str, int | None]
YEARS = range(2012, 2018)  # years with a municipality number in the register
MONTH_SHIFT = 12  # added to the month of a person number, so that no number can be anybody's
MOVER_PERCENT = 6
SKIPPED_PERCENT = 4  # of complete scales, one item left out where the score stays the same
BLANK_PERCENT = 60  # of scales without a score, no item answered at all
SHUFFLES = 3  # random shifts between items, for each item of a sum


@dataclass(frozen=True)
class People:
    """What the register knows of the 657: ten-digit number, woman or not, birth date, municipality numbers (657, 6)."""

    number: list[str]
    female: npt.NDArray[np.bool_]
    born: npt.NDArray[np.datetime64]
    municipality_number: Integers


def build_people(frame: Frame, scores: dict[str, Integers]) -> People:
    """The persons, of the sex and age that the survey says; those without a survey are drawn."""
    source = generator("people/unsurveyed")
    female = np.where(scores["female"] < 0, source.integers(0, 4, size=len(frame)) > 0, scores["female"] == 2)
    age = np.where(scores["age"] < 0, source.integers(25, 62, size=len(frame)), scores["age"] // 2)
    born = birth_dates(frame.allocation_date, age)
    return People(person_numbers(born, female), female, born, _addresses(frame))


def birth_dates(at: npt.NDArray[np.datetime64], age: Integers) -> npt.NDArray[np.datetime64]:
    """Birth dates (n,) of persons who have completed `age` years on the day `at`."""
    month = at.astype("datetime64[M]")
    day = (at - month.astype("datetime64[D]")).astype(np.int64)
    latest = (month - 12 * age).astype("datetime64[D]") + np.minimum(day, 27)
    return latest - generator("people/birthdays").integers(0, 360, size=len(age))


def person_numbers(born: npt.NDArray[np.datetime64], female: npt.NDArray[np.bool_]) -> list[str]:
    """Different ten-digit numbers: day, month plus 12, year of birth, and four digits of which the last is odd for men.

    The months 13 to 24 occur in no person number of the CPR register.
    """
    source = generator("people/numbers")
    taken: set[str] = set()
    numbers = []
    for date, is_female in zip(born, female, strict=True):
        year, month, day = (int(part) for part in str(date).split("-"))
        number = ""
        while not number or number in taken:
            last = 2 * int(source.integers(0, 5)) + (0 if is_female else 1)
            serial = 10 * int(source.integers(0, 400)) + last  # a seventh digit 0 to 3 is that of the 1900s
            number = f"{day:02d}{month + MONTH_SHIFT:02d}{year % 100:02d}{serial:04d}"
        taken.add(number)
        numbers.append(number)
    return numbers


def _addresses(frame: Frame) -> Integers:
    """Municipality numbers (657, 6), 2012 to 2017; a few live elsewhere before or after the year of allocation."""
    known: dict[str, list[int]] = {}
    for row in read_rows(DATA / "municipality_numbers.csv"):
        known.setdefault(row["municipality_name"], []).append(int(row["number"]))
    everywhere = sorted(number for numbers in known.values() for number in numbers)
    source = generator("people/addresses")
    table = np.zeros((len(frame), len(YEARS)), dtype=np.int64)
    for i, name in enumerate(frame.municipality_name):
        table[i] = known[str(name)][source.integers(0, len(known[str(name)]))]
        year = int(str(frame.allocation_date[i])[:4]) - YEARS[0]
        other = everywhere[source.integers(0, len(everywhere))]
        if source.integers(0, 100) < MOVER_PERCENT:
            before = source.integers(0, 2) == 0
            split = int(source.integers(1, year + 1) if before else source.integers(year + 1, len(YEARS)))
            table[i, slice(0, split) if before else slice(split, None)] = other
    return table


def build_items(scores: dict[str, Integers], answered: npt.NDArray[np.bool_], survey: str) -> list[tuple[int, Answers]]:
    """Answers (position in the frame, item -> answer or None) of those who answered, for the scales in `scores`.

    The scoring rules of data/scales.csv give the scores back. `survey` names the generators.
    """
    rows = [(int(i), Answers()) for i in np.flatnonzero(answered)]
    weights = _category_weights()
    for scale in read_scales():
        if scale.variable not in scores:
            continue
        source = generator(f"items/{survey}/{scale.variable}")
        for i, answers in rows:
            half_points = int(scores[scale.variable][i])
            score = None if half_points < 0 else Fraction(half_points, 2)
            answers.update(zip(scale.items, _answer(scale, score, weights, source), strict=True))
    return rows


def _answer(
    scale: Scale, score: Fraction | None, weights: dict[str, list[tuple[int, int]]], source: np.random.Generator
) -> list[int | None]:
    if scale.scoring == "sum":
        return _answer_sum(scale, score, source)
    if score is None:
        return [None]
    if scale.scoring == "value":
        return [int(score)]
    wanted = [one for one in weights[scale.items[0]] if (one[0] in scale.indicator_values) == (score == 1)]
    drawn = int(source.integers(0, sum(weight for _, weight in wanted)))
    for value, weight in wanted:
        drawn -= weight
        if drawn < 0:
            return [value]
    raise AssertionError("weights are positive")


def _category_weights() -> dict[str, list[tuple[int, int]]]:
    weights: dict[str, list[tuple[int, int]]] = {}
    for row in read_rows(DATA / "categories.csv"):
        weights.setdefault(row["item"], []).append((int(row["value"]), int(row["weight"])))
    return weights


def _answer_sum(scale: Scale, score: Fraction | None, source: np.random.Generator) -> list[int | None]:
    """Items that sum, prorated if some are missing, to the score; fewer than the rule asks for if there is none."""
    size = len(scale.items)
    missing = 0
    if score is None:
        blank = source.integers(0, 100) < BLANK_PERCENT
        missing = size if blank else size - int(source.integers(0, scale.minimum_answered))
        middle = (scale.minimum + scale.maximum) // 2
        values = [max(scale.minimum, min(scale.maximum, middle + int(source.integers(-1, 2)))) for _ in range(size)]
    elif score.denominator != 1:
        missing = next(k for k in range(1, size) if (score * (size - k) / size).denominator == 1)
        values = _compose(scale, int(score * (size - missing) / size), size - missing, source) + [0] * missing
    elif score % size == 0 and source.integers(0, 100) < SKIPPED_PERCENT:
        missing = 1
        values = [*_compose(scale, int(score) - int(score) // size, size - 1, source), 0]
    else:
        values = _compose(scale, int(score), size, source)
    answers: list[int | None] = [*values[: size - missing], *([None] * missing)]
    return [answers[k] for k in source.permutation(size)]


def _compose(scale: Scale, total: int, size: int, source: np.random.Generator) -> list[int]:
    """`size` items of the scale that sum to `total`: as even as can be, then shifted at random."""
    values = [total // size + (k < total % size) for k in range(size)]
    for _ in range(SHUFFLES * size):
        up, down = (int(k) for k in source.integers(0, size, size=2))
        if up != down and values[up] < scale.maximum and values[down] > scale.minimum:
            values[up] += 1
            values[down] -= 1
    return values
