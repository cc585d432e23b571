"""Which numbers shown are missing, and why: what a build ends with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from pipeline.settings.exhibits import exhibit_number, fill
from pipeline.show.numbers import write_number
from pipeline.show.places import NAMES_FILE
from pipeline.show.remarks import reason_of
from pipeline.show.words import INTERFACE

if TYPE_CHECKING:
    import pandas as pd


def write_missing(shown: pd.DataFrame, unplaced: Mapping[str, Sequence[str]]) -> str:
    """missing.txt: how many of the numbers shown are missing, then a line for each exhibit and kind of reason.

    `unplaced` are the names, by the map, for which no place is known.
    """
    missing = shown[shown["value"].isna()]
    first = f"nothing is missing: all {len(shown):,} numbers shown are estimated"
    if len(missing):
        first = f"{len(missing):,} of {len(shown):,} numbers shown are missing:"
    return "\n".join([first, *_reasons(missing), *_places(unplaced)]) + "\n"


def tell_missing(shown: pd.DataFrame, language: str) -> str:
    """How many of the numbers shown are missing, and in which exhibits, as a reader is told."""
    missing = shown[shown["value"].isna()]
    counts = {"shown": write_number(len(shown), "count", language), "exhibits": ""}
    if missing.empty:
        return fill(INTERFACE[language]["missing_none"], counts)
    by_exhibit = missing.groupby("exhibit", sort=False).size().items()
    counts |= {
        "missing": write_number(len(missing), "count", language),
        "exhibits": ", ".join(f"{exhibit_number(str(name), language)} ({count})" for name, count in by_exhibit),
    }
    return fill(INTERFACE[language]["missing_some"], counts)


def _reasons(missing: pd.DataFrame) -> Iterator[str]:
    for exhibit, own in missing.groupby("exhibit", sort=False):
        kinds: dict[str, list[str]] = {}
        for note in own["note"]:
            kind, reason = reason_of(note)
            kinds.setdefault(kind, []).append(reason)
        for reasons in kinds.values():
            others = len(set(reasons)) - 1
            alike = f", and {others} more like it" if others else ""
            yield f"  {exhibit_number(str(exhibit), 'en')}: {len(reasons):,}, {reasons[0]}{alike}"


def _places(unplaced: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for exhibit, names in unplaced.items():
        if names:
            yield (
                f"  {exhibit_number(exhibit, 'en')}: no place on the map is known for {', '.join(names)}. Add the "
                f"spelling to other_names in {NAMES_FILE}"
            )
