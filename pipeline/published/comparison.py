"""Every printed number beside the rebuilt one: whether it is met, and how far it is."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from pipeline.errors import InputError
from pipeline.published.errata import Erratum, assign_errata
from pipeline.published.locations import (
    COLUMNS_FILE,
    TABLES_FILE,
    Location,
    Locator,
    Place,
    Printed,
    ShownPlace,
    with_panel,
    with_row,
)
from pipeline.show.numbers import EPOCH, round_half_away, star

HALF = 0.5
ALLOWANCE = 1e-6  # units of the last digit: what a number exactly between two digits may lose in binary arithmetic


@dataclass(frozen=True)
class Rebuilt:
    """A rebuilt number in the unit in which it is shown, with error and p-value of its estimate; NaN if unknown.

    step: one unit of the last digit that is shown of it. exact: the number itself, of an extract that describes nobody.
    """

    cell_id: str
    value: float
    se: float = math.nan
    p_value: float = math.nan
    step: float = 0.0
    exact: float = math.nan

    def beside(self, number: Printed, factor: float) -> float:
        """As shown, in the unit of a printed number; with its digits where they are more and the exact one is known."""
        is_shown_shorter = self.step * factor > float(10**-number.decimals) + ALLOWANCE
        if is_shown_shorter and math.isfinite(self.exact) and not number.is_date:
            return float(round_half_away(self.exact * factor, number.decimals))
        return self.value * factor


@dataclass(frozen=True)
class Reading:
    """A second way to read a printed number: under the label as printed, or with the digits that must be meant."""

    kind: str
    cell_id: str = ""
    rebuilt: float = math.nan
    value: str = ""


@dataclass(frozen=True)
class Comparison:
    """A printed number and the rebuilt one in the printed unit; dates are days since 1970-01-01, NaN is unknown.

    `label` is the place of the rebuilt tables with the row label as printed, `cell_id` the number compared with, ''
    where the extract has no such row.
    """

    number: Printed
    label: ShownPlace
    cell_id: str
    rebuilt: float
    se: float
    mark: str
    role: str
    errata: tuple[Erratum, ...]
    other: Reading | None

    @cached_property
    def value(self) -> float:
        """The printed number."""
        return self._read(self.number.value)

    @property
    def unit(self) -> float:
        """One unit of the last printed digit; a day for a date."""
        return 1.0 if self.number.is_date else float(10**-self.number.decimals)

    @property
    def has_counterpart(self) -> bool:
        """Whether the extract has the row that the number is to be compared with."""
        return self.cell_id != ""

    @property
    def state(self) -> str:
        """absent without a counterpart, unknown if that could not be rebuilt, else met or differs."""
        if not self.has_counterpart:
            return "absent"
        return "met" if self.is_met else "differs" if self.is_known else "unknown"

    @property
    def is_known(self) -> bool:
        """Whether the number could be rebuilt."""
        return math.isfinite(self.rebuilt)

    @cached_property
    def distance_units(self) -> float:
        """Rebuilt less printed in units of the last printed digit; of a date the days, whatever the hour."""
        return self._distance(self.rebuilt, self.value)

    @property
    def distance_se(self) -> float:
        """Rebuilt less printed in standard errors of the rebuilt estimate; NaN where it has none."""
        return self.distance_units * self.unit / self.se if self.se > 0 else math.nan

    @cached_property
    def is_met(self) -> bool:
        """Whether the rebuilt number is printed as it is in the report: within half a unit of the last digit."""
        return self._is_close(self.distance_units)

    @cached_property
    def is_met_otherwise(self) -> bool:
        """Whether the other reading of the number is met: the label as printed, or the digits that must be meant."""
        if self.other is None:
            return False
        if self.other.kind == "value":
            return self._is_close(self._distance(self.rebuilt, self._read(self.other.value)))
        return self._is_close(self._distance(self.other.rebuilt, self.value))

    @property
    def is_estimate(self) -> bool:
        """Whether the number is a coefficient, which may bear a mark of significance."""
        return self.number.place.statistic == "coef"

    def _read(self, text: str) -> float:
        return float((datetime.date.fromisoformat(text) - EPOCH).days) if self.number.is_date else float(text)

    def _distance(self, rebuilt: float, value: float) -> float:
        is_day = self.number.is_date and math.isfinite(rebuilt)
        return ((math.floor(rebuilt) if is_day else rebuilt) - value) / self.unit

    def _is_close(self, units: float) -> bool:
        return abs(units) <= (0 if self.number.is_date else HALF + ALLOWANCE)  # NaN is never close


def compare_all(
    numbers: Sequence[Printed],
    locator: Locator,
    rebuilt: Mapping[ShownPlace, Rebuilt],
    errata: Sequence[Erratum],
    roles: Mapping[Place, str],
    levels: Mapping[str, float],
) -> list[Comparison]:
    """The comparison of every printed number, in their order.

    A number whose label is an erratum is compared under the right label, and keeps that under the label as printed
    as its other reading. One whose printed value is an erratum is compared as printed and is no target: nothing can be
    made to meet it. A number whose row the extract does not have, as a team of another trial, has no counterpart.
    `levels` are those of the marks of significance. InputError for a rule or an erratum that fits no number, and for a
    number of a column that no table shows.
    """
    located = locator.locate_all(numbers)
    assigned = assign_errata(errata, numbers)
    compared = [
        _compare(number, location, touching, locator, rebuilt, levels)
        for number, location, touching in zip(numbers, located, assigned, strict=True)
    ]
    locator.require_all_used()
    return [replace(row, role=_role(row, roles)) for row in compared]


def _compare(
    number: Printed,
    location: Location,
    errata: tuple[Erratum, ...],
    locator: Locator,
    rebuilt: Mapping[ShownPlace, Rebuilt],
    levels: Mapping[str, float],
) -> Comparison:
    other, label = None, location.place
    for erratum in errata:
        if erratum.kind == "row":
            other = _as_reading("row", number, location, rebuilt)
            location = locator.locate(with_row(number, erratum.used))
        elif erratum.kind == "panel":
            other = _under_panel(with_panel(number, erratum.printed), locator, rebuilt)
        elif erratum.kind == "value":
            other = Reading("value", value=erratum.used)
    found = _find(number, location, rebuilt)
    return Comparison(
        number=number,
        label=label,
        cell_id=found.cell_id,
        rebuilt=found.beside(number, location.factor),
        se=found.se * location.factor if location.place.statistic == "estimate" else math.nan,
        mark=star(found.p_value, levels, location.marks),
        role="",
        errata=errata,
        other=other,
    )


def _under_panel(number: Printed, locator: Locator, rebuilt: Mapping[ShownPlace, Rebuilt]) -> Reading:
    """The reading under the heading as printed; without a number if the panel has no such row."""
    if not locator.has_row(number.place):
        return Reading("panel")
    location = locator.locate(number)
    return _as_reading("panel", number, location, rebuilt)


def _as_reading(kind: str, number: Printed, location: Location, rebuilt: Mapping[ShownPlace, Rebuilt]) -> Reading:
    found = _find(number, location, rebuilt)
    return Reading(kind, found.cell_id, found.beside(number, location.factor))


def _find(number: Printed, location: Location, rebuilt: Mapping[ShownPlace, Rebuilt]) -> Rebuilt:
    """The rebuilt number at a location; one without an address if its table has no such row."""
    if location.place in rebuilt:
        return rebuilt[location.place]
    if not any(_column(place) == _column(location.place) for place in rebuilt):
        raise InputError(
            f"{TABLES_FILE}, line {number.line}: {number.place} is compared with {'/'.join(location.place)}, a column "
            f"that no table shows. Mend the rule in {COLUMNS_FILE}, or let exhibits.toml show it."
        )
    return Rebuilt("", math.nan)


def _column(place: ShownPlace) -> tuple[str, str, str]:
    return place.exhibit, place.column, place.statistic


def _role(row: Comparison, roles: Mapping[Place, str]) -> str:
    misprinted = any(erratum.kind == "value" for erratum in row.errata)
    return "" if misprinted else roles.get(row.number.place, "")
