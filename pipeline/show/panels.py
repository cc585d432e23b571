"""What the audit panels of a page say: every number shown with its place and its estimate, as columns.

The page carries it as one compact object and its script puts a panel together when a number is opened. Whatever many
numbers share stands once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.settings.exhibits import Exhibits, Figure, Table, exhibit_number, in_language
from pipeline.show.addresses import Slot
from pipeline.show.numbers import UNITS, read_number, round_half_away
from pipeline.show.remarks import gather_remarks
from pipeline.show.shown import P_VALUES, SOURCES, UNITS_OF
from pipeline.show.tables import PASS, column_labels, row_labels
from pipeline.show.words import fill_words

if TYPE_CHECKING:
    import pandas as pd

# What resampling says of an estimate, by the words of a panel that say what it is.
RESAMPLED = {
    "ri": ("ri_p", "ri_low", "ri_high"),
    "wild": ("wild_p", "wild_low", "wild_high"),
    "jackknife": ("jackknife_se", "jackknife_p", "jackknife_low", "jackknife_high"),
    "cr2": ("cr2_se", "cr2_df", "cr2_p", "cr2_low", "cr2_high"),
    "without": ("without_low", "without_high"),
    "stepdown": ("stepdown_p",),
    "joint": ("joint_p", "family_size"),
    "band": ("band_p", "band_low", "band_high"),
}
ESTIMATED = ("estimate", "se", "df", "p_value", "ci_low", "ci_high", "n", "n_treated", "n_control", "n_clusters",
             "control_mean")  # fmt: skip
STATISTICS = (*ESTIMATED, *(name for names in RESAMPLED.values() for name in names))
OWN = (*ESTIMATED, *SOURCES, "relative")  # those of the estimate itself
ARMS = ("n_treated", "n_control")
PERSONS = ("n", *ARMS)
DIGITS = 9  # significant ones of a statistic: enough to compare by eye; make trace prints them all


@dataclass(frozen=True)
class Numbers:
    """The numbers shown, as rows of released.parquet, their slots in the same order, and the estimates by estimate_id.

    fewest: persons, of fewer of whom a panel is silent unless the page shows the number.
    """

    shown: Sequence[Mapping[Any, Any]]
    slots: Sequence[Slot]
    estimates: Mapping[str, Mapping[Any, Any]]
    language: str
    fewest: int

    @property
    def estimate_ids(self) -> list[str]:
        """Every estimate behind a number, each once, in the order of the numbers."""
        return list(dict.fromkeys(row["estimate_id"] for row in self.shown))


def describe_numbers(numbers: Numbers) -> dict[str, Any]:
    """The numbers and their estimates, column by column; what repeats is an index into a list of its own."""
    ids = numbers.estimate_ids
    place = {name: number for number, name in enumerate(ids)}
    slots = numbers.slots
    cells = {
        "address": shorten([row["cell_id"] for row in numbers.shown]),
        "text": [row["text"] for row in numbers.shown],
        "estimate": [place[row["estimate_id"]] for row in numbers.shown],
        "panel": indexed([slot.panel for slot in slots]),
        "row": indexed([slot.row for slot in slots]),
        "column": indexed([slot.column for slot in slots]),
        "statistic": indexed([slot.statistic for slot in slots]),
        "unit": indexed([UNITS_OF.get(slot.statistic, slot.unit) for slot in slots]),
        "scale": indexed([slot.unit for slot in slots]),
        "status": indexed([row["status"] for row in numbers.shown]),
        "rule": indexed([row["rule"] for row in numbers.shown]),
    }
    rows = [numbers.estimates[name] for name in ids]
    estimates = {
        "address": shorten(ids),
        "values": list(_statistics(rows, numbers)),
        "note": indexed([str(row["note"]) for row in rows]),
        "sample": indexed([str(row.get("sample_hash", "")) for row in rows]),
        "digits": [int(row["digits"]) for row in rows],
    }
    names = {name: in_language(unit, "name", numbers.language) for name, unit in UNITS.items()}
    units = {name: [unit.shift, unit.decimals, names[name]] for name, unit in UNITS.items()}
    return {
        "statistics": STATISTICS,
        "resampled": RESAMPLED,
        "sources": SOURCES,
        "units": units,
        "cells": cells,
        "estimates": estimates,
    }


def _statistics(rows: Iterable[Mapping[Any, Any]], numbers: Numbers) -> Iterable[list[float | int | None]]:
    """The statistics of each estimate; of one of which a number is missing, or was taken out, those shown alone.

    Few persons are nobody's to know but where the page itself says so; nor is the other arm then, which
    would tell them.
    """
    told: dict[str, set[str]] = {}
    partly: set[str] = set()
    for row in numbers.shown:
        if math.isnan(row["value"]) and row["statistic"] not in OWN and row["status"] == PASS:
            continue  # what resampling does not say of an estimate takes nothing of it away
        if math.isnan(row["value"]) or read_number(row["text"], numbers.language) is None:
            partly.add(row["estimate_id"])
        else:
            told.setdefault(row["estimate_id"], set()).add(SOURCES.get(row["statistic"], row["statistic"]))
    for row in rows:
        own, is_whole = told.get(row["estimate_id"], set()), row["estimate_id"] not in partly
        values = {name: round_statistic(row.get(name)) for name in STATISTICS if is_whole or name in own}
        few = {name for name in PERSONS if name not in own and (values.get(name) or 0) < numbers.fewest}
        if few & set(ARMS):
            few |= set(ARMS) - own
        told_of = [None if name in few else values.get(name) for name in STATISTICS]
        while told_of and told_of[-1] is None:
            told_of.pop()
        yield told_of


def round_statistic(value: Any) -> float | int | None:
    """A statistic to nine digits, a count as a whole number, a missing one as nothing."""
    try:
        number = float(value)
    except TypeError:  # pandas' missing count, or a column that this table of estimates does not have
        return None
    if not math.isfinite(number):
        return None
    return int(number) if number.is_integer() and abs(number) < 1e15 else float(f"{number:.{DIGITS}g}")


def decimals_of(statistic: str, digits: int) -> int:
    """The decimals with which a statistic leaves; `digits` are those in the unit of the outcome."""
    if statistic in P_VALUES:
        return UNITS["probability"].decimals
    return 0 if statistic in (*PERSONS, "n_clusters", "df", "cr2_df", "family_size") else digits


def round_to(value: Any, decimals: int) -> float | int | None:
    """A statistic with so many decimals, halves away from zero; nothing where it is missing."""
    number = round_statistic(value)
    return None if number is None else round_statistic(float(round_half_away(float(value), decimals)))


def describe_exhibits(
    exhibits: Exhibits,
    variables: pd.DataFrame,
    groups: pd.DataFrame,
    words: Mapping[str, str],
    language: str,
    specifications: Mapping[str, Mapping[str, str]],
) -> dict[str, Any]:
    """What each exhibit calls itself, its panels, rows and columns, by the keys that its numbers have.

    `specifications` are by exhibit what those of a curve are called.
    """
    places = dict(zip(groups["address"], groups["label"], strict=True)) | {"total": words["total"]}
    found = {}
    for name in exhibits.order:
        exhibit = exhibits.tables.get(name) or exhibits.figures.get(name)
        if exhibit is None:
            continue  # a table of words
        said = fill_words(exhibit, words)
        labels = (
            _table_labels(said, variables, language)
            if isinstance(said, Table)
            else _figure_labels(said, specifications.get(name, places), language)
        )
        title = in_language(said, "title", language)
        found[name] = {"number": exhibit_number(name, language), "title": title, "kind": said.kind, **labels}
    return found


def _table_labels(table: Table, variables: pd.DataFrame, language: str) -> dict[str, Any]:
    return {
        "panels": {panel.key: in_language(panel, "title", language) for panel in table.panels},
        "rows": row_labels(table, variables, language),
        "columns": column_labels(table, language),
    }


def _figure_labels(figure: Figure, places: Mapping[str, str], language: str) -> dict[str, Any]:
    """Rows are weeks, boxes or places; a curve has a name of its own only where there are several."""
    steps = {step.outcome: in_language(step, "label", language) for step in figure.steps}
    several = len(figure.series) > 1
    return {
        "panels": {panel.key: in_language(panel, "title", language) for panel in figure.panels},
        "rows": steps if figure.kind == "flow" else dict(places) if figure.kind in ("map", "specification") else {},
        "columns": {series.key: in_language(series, "label", language) for series in figure.series if several},
        "axes": {panel.key: in_language(panel, "x", language) for panel in figure.panels},
    }


def describe_notes(shown: pd.DataFrame, words: Mapping[str, str], language: str) -> dict[str, str]:
    """What the notes of the estimates say to a reader, by the note, '' of one that says nothing to a reader.

    Without those that are said as they are written.
    """
    first = shown[shown["note"] != ""].drop_duplicates("note").assign(reason="")
    told = {note: gather_remarks(first[first["note"] == note], words, language) for note in first["note"]}
    return {note: said for note, said in told.items() if said != note}


def shorten(names: Sequence[str]) -> dict[str, Any]:
    """Names as what each adds to the one before: `shared` is how many of its first letters stand, `rest` the others."""
    shared = [common_length(before, name) for before, name in zip(["", *names], names, strict=False)]
    return {"shared": shared, "rest": [name[length:] for name, length in zip(names, shared, strict=True)]}


def common_length(before: Sequence[Any], after: Sequence[Any]) -> int:
    """How many parts two sequences begin with alike."""
    for place, (one, other) in enumerate(zip(before, after, strict=False)):
        if one != other:
            return place
    return min(len(before), len(after))


def indexed(values: Sequence[str]) -> dict[str, Any]:
    """Values that repeat as a list of them, `of`, and their places in it, `at`."""
    places: dict[str, int] = {}
    at = [places.setdefault(value, len(places)) for value in values]
    return {"of": list(places), "at": at}
