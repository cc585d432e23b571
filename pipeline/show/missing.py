"""Which numbers shown are missing, and why: what a build ends with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipeline.settings.exhibits import exhibit_number, fill
from pipeline.show.numbers import write_number
from pipeline.show.places import NAMES_FILE
from pipeline.show.remarks import is_missing, reason_of
from pipeline.show.words import INTERFACE

if TYPE_CHECKING:
    import pandas as pd


def write_missing(shown: pd.DataFrame, unplaced: Mapping[str, Sequence[str]]) -> str:
    """missing.txt: how many of the numbers shown are missing, then a line for each exhibit and kind of reason.

    `unplaced` are the names, by the map, for which no place is known.
    """
    missing, held = shown[is_missing(shown)], shown[(shown["status"] == "fail") & (shown["reason"] != "")]
    first = f"nothing is missing: all {len(shown):,} numbers shown are estimated"
    if len(missing):
        first = f"{len(missing):,} of {len(shown):,} numbers shown are missing:"
    withheld = [f"{len(held):,} of {len(shown):,} are withheld by disclosure control; disclosure.html says which"]
    return "\n".join([first, *_reasons(missing), *(withheld if len(held) else []), *_places(unplaced)]) + "\n"


def tell_missing(shown: pd.DataFrame, language: str) -> str:
    """How many of the numbers shown are missing, and in which exhibits, as a reader is told."""
    missing = shown[is_missing(shown)]
    counts = {"shown": write_number(len(shown), "count", language), "exhibits": ""}
    if missing.empty:
        return fill(INTERFACE[language]["missing_none"], counts)
    by_exhibit = missing.groupby("exhibit", sort=False).size().items()
    counts |= {
        "missing": write_number(len(missing), "count", language),
        "exhibits": ", ".join(f"{exhibit_number(str(name), language)} ({count})" for name, count in by_exhibit),
    }
    return fill(INTERFACE[language]["missing_some"], counts)


def tell_judged(judged: Mapping[str, Any], language: str) -> str:
    """What disclosure control did to the numbers shown, or would do to those of an extract that is not synthetic."""
    counts = {name: write_number(judged[name], "count", language) for name in ("shown", "pass", "review", "fail")}
    return fill(INTERFACE[language]["judged_applied" if judged["applied"] else "judged_marked"], counts)


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
