"""The numbers that the main results say of an effect beyond those of its exhibit, each with an address of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from pipeline.errors import InputError
from pipeline.settings.exhibits import SETTINGS_FILE, Exhibits, fill
from pipeline.show.addresses import Slot

LIMITS = ("ci_low", "ci_high")
SIZES = ("n", "n_treated", "n_control")
LEVELS = {"percentage_points": "share"}  # the unit of the control group's level, where the effect is in another


def number_address(effect: str, statistic: str, unit: str = "") -> str:
    """The address of a statistic of the effect at an address, or of the effect itself in another `unit`.

    'figure_3_2/all/employment/81' has '.../81/p_value'; 'table_3_3/low_7/employment/estimate' in percentage points is
    'table_3_3/low_7/employment/percentage_points', with '.../percentage_points/ci_low'.
    """
    if statistic == "estimate" and not unit:
        return effect
    parts = (effect.removesuffix("/estimate"), unit, "" if statistic == "estimate" else statistic)
    return "/".join(filter(None, parts))


def unit_of(exhibits: Exhibits, effect: str, unit: str) -> str:
    """In which unit the effect at an address is said: in `unit` if it is given, else in that of its exhibit."""
    name = effect.split("/")[0]
    exhibit = exhibits.figures.get(name) or exhibits.tables.get(name)
    return unit or (exhibit.unit if exhibit else "") or "coefficient"


def effect_slots(exhibits: Exhibits, slots: Sequence[Slot], horizon: int) -> Iterator[Slot]:
    """What findings and comparisons say of the effects that `slots` show: those numbers that no exhibit shows itself.

    InputError for one that is not of a number shown.
    """
    known = {slot.cell_id: slot for slot in slots}
    for slot in _every_slot(exhibits, known, {"horizon": str(horizon)}):
        if slot.cell_id not in known:
            known[slot.cell_id] = slot
            yield slot


def _every_slot(exhibits: Exhibits, known: Mapping[str, Slot], words: Mapping[str, str]) -> Iterator[Slot]:
    for finding in exhibits.page.findings:
        effect = _at(known, fill(finding.effect, words))
        yield from _effect_and_limits(effect, finding.unit)
        level = unit_of(exhibits, effect.cell_id, finding.unit)
        yield _statistic(effect, "control_mean", LEVELS.get(level, level), 1 if level in LEVELS else None)
        yield _statistic(effect, "relative", "share")
        yield _statistic(effect, "p_value", "probability")
        counted = _at(known, fill(finding.size, words)) if finding.size else effect
        yield from (_statistic(counted, size, "count") for size in SIZES)
    for comparison in exhibits.page.comparisons:
        for pair in comparison.pairs:
            for address in (pair.first, pair.second):
                yield from _effect_and_limits(_at(known, fill(address, words)), comparison.unit)
            if pair.difference:
                yield from _effect_and_limits(_at(known, fill(pair.difference, words)), "")


def _at(known: Mapping[str, Slot], address: str) -> Slot:
    if address not in known:
        raise InputError(f"{SETTINGS_FILE} [page]: the finding {address} is not the address of a number. Mend it.")
    return known[address]


def _effect_and_limits(effect: Slot, unit: str) -> Iterator[Slot]:
    if unit:
        yield replace(
            effect, cell_id=number_address(effect.cell_id, "estimate", unit), unit=unit, decimals=None, marks=()
        )
    for limit in LIMITS:
        address = number_address(effect.cell_id, limit, unit)
        yield replace(_statistic(effect, limit, unit or effect.unit), cell_id=address)


def _statistic(effect: Slot, statistic: str, unit: str, decimals: int | None = None) -> Slot:
    address = number_address(effect.cell_id, statistic)
    return replace(effect, cell_id=address, statistic=statistic, unit=unit, decimals=decimals, marks=())
