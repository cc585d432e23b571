"""Every number that a figure or table shows, with its address, its estimate and its text."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pipeline.errors import InputError
from pipeline.settings.exhibits import SETTINGS_FILE, Exhibits, Figure, Table
from pipeline.settings.study import Study
from pipeline.show.addresses import Slot, figure_slots, table_slots
from pipeline.show.effect_numbers import effect_slots
from pipeline.show.kinds_of_notes import NO_NUMBER, SEPARATOR, reason_of_missing
from pipeline.show.numbers import as_float, star, write_number

COLUMNS = ["cell_id", "exhibit", "panel", "row", "column", "statistic", "estimate_id", "value", "text", "note", "unit"]
COUNTS = {"n", "n_treated", "n_control", "n_clusters", "at_risk"}
SOURCES = {"x": "control_mean", "at_risk": "n"}  # statistics that lie in a column of another name
ERRORS = ("se", "jackknife_se", "cr2_se")  # stand in brackets
P_VALUES = ("p_value", "ri_p", "wild_p", "jackknife_p", "cr2_p", "stepdown_p", "joint_p", "band_p")
# Of statistics that have a unit of their own, whatever the exhibit's.
UNITS_OF = {
    **dict.fromkeys(("x", "cr2_df"), "coefficient"),
    **dict.fromkeys(P_VALUES, "probability"),
    **dict.fromkeys((*COUNTS, "df", "family_size"), "count"),
}


def find_slots(exhibits: Exhibits, study: Study, estimate_ids: Iterable[str]) -> Iterator[Slot]:
    """Every number of every exhibit, in the order of the file, then those that the main results say beside them.

    The tables list their rows (with_rows).
    """
    slots = list(exhibit_slots(exhibits, study, list(estimate_ids)))
    yield from slots
    yield from effect_slots(exhibits, slots, study.time.horizon_weeks)


def exhibit_slots(exhibits: Exhibits, study: Study, ids: list[str]) -> Iterator[Slot]:
    """Every number of every exhibit, in the order of the file."""

    def known(template: str) -> list[str]:
        start, end = re.split(r"{\w+}", template)
        return [name.removeprefix(start).removesuffix(end) for name in ids if _fits(name, start, end)]

    for name in exhibits.order:
        if name in exhibits.tables:
            yield from table_slots(name, exhibits.tables[name], study.time.horizon_weeks)
        elif name in exhibits.figures:
            yield from figure_slots(name, exhibits.figures[name], study.time.horizon_weeks, known)


def _fits(name: str, start: str, end: str) -> bool:
    return name.startswith(start) and name.endswith(end)


def require_estimates(slots: list[Slot], index: Mapping[str, Any]) -> None:
    """Raise InputError for a number whose estimate no model makes."""
    absent = [slot for slot in slots if slot.estimate_id not in index]
    if absent:
        first = absent[0]
        more = f" ({len(absent) - 1} more are missing)" if len(absent) > 1 else ""
        raise InputError(
            f"{SETTINGS_FILE} [{first.exhibit}]: row {first.row or '-'}, column {first.column or '-'} shows "
            f"the estimate {first.estimate_id}, which no stage has made{more}. Add it to models.toml, or mend "
            "the exhibit."
        )


def require_complete(exhibits: Exhibits, slots: list[Slot], index: Mapping[str, Any], horizon: int) -> None:
    """Raise InputError for an estimate that belongs to a complete table, or to a flow, and has no place there."""
    shown = {slot.estimate_id for slot in slots}
    complete = {name: _fits_table(table, horizon) for name, table in exhibits.tables.items() if table.is_complete}
    flows = {name: _fits_flow(figure) for name, figure in exhibits.figures.items() if figure.kind == "flow"}
    for name, pattern in {**complete, **flows}.items():
        left_out = sorted(each for each in index if re.fullmatch(pattern, each) and each not in shown)
        if left_out:
            raise InputError(
                f"{SETTINGS_FILE} [{name}]: {len(left_out)} estimates that belong to it have no row or box, the first "
                f"{left_out[0]}. Add it."
            )


def _fits_table(table: Table, horizon: int) -> str:
    """Every estimate that a row of the table, listed or not, could show in one of its columns."""
    templates = [
        _pattern(table.estimate, {"column": column.key, "last_week": str(horizon), **column.values})
        for column in table.columns
    ]
    return "|".join(dict.fromkeys(templates))


def _fits_flow(figure: Figure) -> str:
    """Every estimate that a box of an arm could show."""
    return "|".join(_pattern(figure.estimate, {"series": series.key}) for series in figure.series[1:])


def _pattern(template: str, places: Mapping[str, str]) -> str:
    """What fits a template, with some of its placeholders known and any word in the others."""
    parts = re.split(r"{(\w+)}", template)
    words = [re.escape(places[part]) if part in places else "[^/]*" for part in parts[1::2]]
    return "".join(text for pair in zip(map(re.escape, parts[::2]), [*words, ""], strict=True) for text in pair)


def show_number(
    slot: Slot, estimate: Mapping[str, Any], levels: Mapping[str, float], language: str
) -> tuple[object, ...]:
    """One row of shown.parquet, in the order of COLUMNS: what is shown of a row of the estimates."""
    value = value_of(estimate, slot.statistic)
    unit = UNITS_OF.get(slot.statistic, slot.unit)
    text = write_number(value, unit, language, slot.decimals if unit == slot.unit else None)
    if slot.statistic in ERRORS and not math.isnan(value):
        text = f"({text})"
    if slot.statistic == "estimate":
        text += star(as_float(estimate["p_value"]), levels, slot.marks)
    place = (slot.cell_id, slot.exhibit, slot.panel, slot.row, slot.column, slot.statistic, slot.estimate_id)
    return (*place, value, text, note_of(estimate, slot.statistic), unit)


def note_of(estimate: Mapping[Any, Any], statistic: str) -> str:
    """The note of a row of the estimates; of a statistic of resampling that is missing, also why."""
    note, beside = str(estimate["note"]), estimate.get("inference_note")
    is_missing = isinstance(beside, str) and math.isnan(value_of(estimate, statistic))
    reason = reason_of_missing(statistic, str(beside)) if is_missing else ""
    return SEPARATOR.join(filter(None, [note, NO_NUMBER + reason if reason else ""]))


def value_of(estimate: Mapping[Any, Any], statistic: str) -> float:
    """A statistic of a row of the estimates; `relative` is the estimate as a share of the control group's mean.

    What is not finite is no number that could be shown: it is missing.
    """
    value = as_float(estimate[SOURCES.get(statistic, "estimate" if statistic == "relative" else statistic)])
    if statistic == "relative":
        level = as_float(estimate["control_mean"])
        value = value / level if level else math.nan
    return value if math.isfinite(value) else math.nan
