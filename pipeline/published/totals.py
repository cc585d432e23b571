"""What the comparisons add up to: how many are met, and how far the others are."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from pipeline.published.comparison import Comparison
from pipeline.published.errata import Erratum
from pipeline.published.targets import STEERED, TARGET

SIZES = ("n", "count")  # numbers of observations, of persons and of person-weeks
SE_TOLERANCE = 0.01  # or one unit of the last printed digit, where that is larger
SE_ALLOWANCE = 1e-9  # what the subtraction of two standard errors may lose in binary arithmetic
UNIT_BANDS = (0.5, 1.0, 2.0, 5.0, 10.0, math.inf)
SE_BANDS = (0.1, 0.25, 0.5, 1.0, 2.0, math.inf)


@dataclass(frozen=True)
class Count:
    """How many of some numbers have a property."""

    met: int
    of: int

    @property
    def share(self) -> float:
        """The share that has it; NaN of none."""
        return self.met / self.of if self.of else math.nan


@dataclass(frozen=True)
class Totals:
    """The sums over some comparisons.

    Targets and other numbers apart; standard errors near the printed ones and the largest ratio of the two, either way
    (NaN if there is none); coefficients with the mark of significance that is printed; numbers not rebuilt,
    without a counterpart, and under an erratum. What was not rebuilt or has no counterpart counts as neither met, near
    nor equal, and is never left out.
    """

    all: Count
    targets: Count
    others: Count
    errors: Count
    steered: int
    ratio: float
    stars: Count
    unknown: int
    absent: int
    errata: int


def add_up(rows: Sequence[Comparison]) -> Totals:
    """The totals of some comparisons."""
    errors = [row for row in rows if row.number.place.statistic == "se"]
    estimates = [row for row in rows if row.is_estimate]
    return Totals(
        all=_count(rows, is_met),
        targets=_count([row for row in rows if row.role == TARGET], is_met),
        others=_count([row for row in rows if row.role != TARGET], is_met),
        errors=_count(errors, is_near),
        steered=sum(row.role == STEERED for row in errors),
        ratio=max((_ratio(row) for row in errors if row.value > 0 and row.is_known), default=math.nan),
        stars=_count(estimates, lambda row: row.is_known and not has_other_mark(row)),
        unknown=sum(row.has_counterpart and not row.is_known for row in rows),
        absent=sum(not row.has_counterpart for row in rows),
        errata=sum(bool(row.errata) for row in rows),
    )


def is_met(row: Comparison) -> bool:
    """Whether the rebuilt number is as printed."""
    return row.is_met


def is_near(row: Comparison) -> bool:
    """Whether a standard error is within 0.01, or one unit of the last printed digit, of the printed one."""
    return abs(row.rebuilt - row.value) <= max(SE_TOLERANCE, row.unit) + SE_ALLOWANCE


def has_other_mark(row: Comparison) -> bool:
    """Whether a coefficient bears another mark of significance than the printed one."""
    return row.is_estimate and row.is_known and row.mark != row.number.stars


def has_changed_sign(row: Comparison) -> bool:
    """Whether a coefficient, not printed as zero, has the other sign."""
    return row.is_estimate and row.is_known and row.rebuilt * row.value < 0


def is_size(row: Comparison) -> bool:
    """Whether the number counts persons, person-weeks or observations."""
    return row.number.place.statistic in SIZES


def band_counts(distances: Iterable[float], bands: Sequence[float]) -> list[int]:
    """How many of the distances, whatever their sign, lie up to each bound and above the one before."""
    counts = [0] * len(bands)
    for distance in distances:
        counts[next(place for place, bound in enumerate(bands) if abs(distance) <= bound)] += 1
    return counts


def unit_bands(rows: Iterable[Comparison]) -> list[int]:
    """Numbers by their distance in printed units: those met first, whatever their bound, then by UNIT_BANDS."""
    known = [row for row in rows if row.is_known]
    met = sum(row.is_met for row in known)
    return [met, *band_counts((row.distance_units for row in known if not row.is_met), UNIT_BANDS[1:])]


def se_bands(rows: Iterable[Comparison]) -> list[int]:
    """Estimates by their distance in standard errors, by SE_BANDS; those without a standard error are not counted."""
    return band_counts((row.distance_se for row in rows if math.isfinite(row.distance_se)), SE_BANDS)


def middle_distance(rows: Iterable[Comparison], distance: Callable[[Comparison], float]) -> float:
    """The median size of a distance over those that have it; NaN if none has."""
    sizes = [abs(distance(row)) for row in rows if math.isfinite(distance(row))]
    return median(sizes) if sizes else math.nan


def farthest(rows: Iterable[Comparison], distance: Callable[[Comparison], float], number: int) -> list[Comparison]:
    """The numbers that are farthest from the printed ones and are not met, the largest distance first."""
    missed = [row for row in rows if math.isfinite(distance(row)) and not row.is_met]
    return sorted(missed, key=lambda row: -abs(distance(row)))[:number]


@dataclass(frozen=True)
class ErratumTotals:
    """What an erratum touches: the numbers met as they are read here, and as they would be read otherwise."""

    lines: tuple[Erratum, ...]
    rows: tuple[Comparison, ...]
    read: Count
    otherwise: Count | None


def errata_totals(errata: Iterable[Erratum], rows: Sequence[Comparison]) -> list[ErratumTotals]:
    """The totals of every erratum and kind, in the order of the file.

    Read here: under the right label, or with the digits that must be meant. Otherwise: as printed. An erratum that only
    says how a number is to be understood has no other reading.
    """
    groups: dict[tuple[str, str], list[Erratum]] = {}
    for erratum in errata:
        groups.setdefault((erratum.name, erratum.kind), []).append(erratum)
    return [_erratum_totals(lines, rows) for lines in groups.values()]


def _erratum_totals(lines: list[Erratum], rows: Sequence[Comparison]) -> ErratumTotals:
    touched = [row for row in rows if any(erratum in lines for erratum in row.errata)]
    as_compared = _count(touched, is_met)
    kind = lines[0].kind
    as_other = _count(touched, lambda row: row.is_met_otherwise and row.other is not None and row.other.kind == kind)
    if kind == "value":
        return ErratumTotals(tuple(lines), tuple(touched), as_other, as_compared)
    return ErratumTotals(tuple(lines), tuple(touched), as_compared, as_other if kind in ("row", "panel") else None)


def _count(rows: Sequence[Comparison], has: Callable[[Comparison], bool]) -> Count:
    return Count(sum(has(row) for row in rows), len(rows))


def _ratio(row: Comparison) -> float:
    return max(row.rebuilt / row.value, row.value / row.rebuilt) if row.rebuilt > 0 else math.inf
