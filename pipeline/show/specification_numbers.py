"""The numbers of a curve of specifications as a figure needs them, sorted by effect, and as a table of words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pipeline.errors import InputError
from pipeline.settings.curves import BETWEEN
from pipeline.settings.exhibits import SETTINGS_FILE, Figure, fill, in_language
from pipeline.show.addresses import specification_address
from pipeline.show.curve_words import CurveWords
from pipeline.show.numbers import UNITS
from pipeline.show.words import INTERFACE

if TYPE_CHECKING:
    import pandas as pd

TOGETHER = ("significant_p", "median_p")  # keys of the numbers of the whole curve that are said above its picture
DIGITS = 9  # significant; specifications whose numbers agree in so many differ in name alone
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SpecificationCurve:
    """The specifications that have a number, by size of their effect: names, and effect and limits (k,) as shown.

    said: the numbers of the whole curve in a sentence; together: those said above its picture, by key, as printed;
    distinct: how many specifications differ in their numbers, not in name alone.
    """

    words: CurveWords
    names: tuple[str, ...]
    effects: FloatArray
    low: FloatArray
    high: FloatArray
    said: str
    together: dict[str, str]
    distinct: int

    @property
    def is_reported(self) -> npt.NDArray[np.bool_]:
        """Which (k,) is the report's."""
        return np.array(self.names, dtype=object) == self.words.reference

    @property
    def sides(self) -> npt.NDArray[np.int64]:
        """(k,): 1 where the interval lies above zero, -1 below, else 0."""
        return (self.low > 0).astype(np.int64) - (self.high < 0)

    def options(self, place: int) -> list[str]:
        """The option of the choice at a place, of each specification."""
        return [name.split(BETWEEN)[place] for name in self.names]

    def counts(self, language: str) -> str:
        """How many intervals lie above and below zero with the p-value of that, the median's, and how many differ."""
        sides = self.sides
        counts = {"above": (sides > 0).sum(), "below": (sides < 0).sum(), "all": len(sides), "distinct": self.distinct}
        words = {name: str(count) for name, count in counts.items()} | self.together
        return fill(INTERFACE[language]["curve_counts"], words)


def specification_curve(
    name: str,
    figure: Figure,
    shown: pd.DataFrame,
    curves: Mapping[str, CurveWords],
    words: Mapping[str, str],
    language: str,
) -> SpecificationCurve:
    """The curve of one figure, from its numbers `shown`; InputError if its template begins with no curve."""
    model = figure.estimate.partition("/")[0]
    if model not in curves:
        raise InputError(f"{SETTINGS_FILE} [{name}]: {model} is no curve of models.toml. Mend the estimate.")
    points = shown[shown["row"] != ""]
    table = points.pivot(index="row", columns="statistic", values="value") * 10.0 ** UNITS[figure.unit].shift
    table = table.dropna(subset=["estimate"]).sort_values("estimate", kind="stable")
    sizes = {row["column"]: row["text"] for row in shown[shown["row"] == ""].to_dict("records")}
    effects, low, high = (table[each].to_numpy(dtype=float) for each in ("estimate", "ci_low", "ci_high"))
    together = {key: sizes[key] for key in TOGETHER}
    distinct = count_distinct(np.column_stack([effects, low, high]))
    said = fill(in_language(figure, "size", language), {**words, **sizes, "distinct": str(distinct)})
    return SpecificationCurve(curves[model], tuple(map(str, table.index)), effects, low, high, said, together, distinct)


def count_distinct(numbers: FloatArray) -> int:
    """How many rows (k, m) differ in some number, as printed to nine digits; missing numbers are alike."""
    return len({tuple(f"{number:.{DIGITS - 1}e}" for number in row) for row in numbers})


def specification_rows(name: str, figure: Figure, curve: SpecificationCurve) -> Iterator[tuple[str, str, list[str]]]:
    """Each specification, the smallest effect first: its name, what it is in words, the addresses of its numbers."""
    for each in curve.names:
        addresses = [specification_address(name, figure, each, statistic) for statistic in figure.statistics]
        yield each, curve.words.label(each), addresses
