"""Where the report contradicts itself: which printed numbers an erratum touches, and how they are read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.errors import InputError
from pipeline.published.locations import FIRST_DATA_LINE, Place, Printed, fits_whole, read_place

ERRATA_FILE = "data_raw/published/errata.csv"
KINDS = ("row", "panel", "value", "contradiction", "reading")


@dataclass(frozen=True)
class Erratum:
    """A line of errata.csv.

    kind: row (the label belongs to another row, `used` is the right one), panel (the heading belongs to another panel,
    `printed` is the one it belongs to), value (`used` is most likely meant), contradiction (other numbers of the report
    disagree), reading (how the number or its label is to be understood).
    """

    name: str
    places: Place
    kind: str
    printed: str
    used: str
    reasons: Mapping[str, str]

    def touches(self, place: Place) -> bool:
        """Whether the number at this place falls under the erratum."""
        return all(fits_whole(pattern, value) for pattern, value in zip(self.places, place, strict=True))


def read_errata(records: Iterable[Mapping[Any, str]]) -> list[Erratum]:
    """The errata in the order of the file; a line without a reason takes that of the line of its erratum above it."""
    errata: list[Erratum] = []
    for line, record in enumerate(records, FIRST_DATA_LINE):
        reasons = {language: record[f"reason_{language}"] for language in ("en", "da")}
        above = errata[-1] if errata and errata[-1].name == record["erratum"] else None
        if not any(reasons.values()) and above:
            reasons = dict(above.reasons)
        if record["kind"] not in KINDS or not all(reasons.values()):
            raise InputError(
                f"{ERRATA_FILE}, line {line}: kind {record['kind']!r} must be one of {', '.join(KINDS)}, and the first "
                "line of an erratum needs its reason in both languages. Mend the line."
            )
        errata.append(
            Erratum(record["erratum"], read_place(record), record["kind"], record["printed"], record["used"], reasons)
        )
    return errata


def assign_errata(errata: Sequence[Erratum], numbers: Sequence[Printed]) -> list[tuple[Erratum, ...]]:
    """The errata of every number; InputError for one that touches none, or two that would move one number."""
    assigned = [tuple(erratum for erratum in errata if erratum.touches(number.place)) for number in numbers]
    used = {id(erratum) for touching in assigned for erratum in touching}
    for line, erratum in enumerate(errata, FIRST_DATA_LINE):
        if id(erratum) not in used:
            raise InputError(f"{ERRATA_FILE}, line {line}: {erratum.name} touches no printed number. Mend the line.")
    for number, touching in zip(numbers, assigned, strict=True):
        if sum(erratum.kind in ("row", "panel") for erratum in touching) > 1:
            names = ", ".join(erratum.name for erratum in touching)
            raise InputError(f"{ERRATA_FILE}: {names} each give {number.place} another label. Keep one of them.")
    return assigned
