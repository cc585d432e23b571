"""The numbers shown as they leave: text and value that say the same, no digit more, and why one is not as it was."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipeline.disclosure.curves import nearest
from pipeline.disclosure.primary import Judged
from pipeline.settings.disclosure import STATUS, Disclosure
from pipeline.show.kinds_of_notes import FEW, NO_ERROR, NO_ESTIMATE, NO_NUMBER, SEPARATOR, kind_of
from pipeline.show.numbers import EPOCH, UNITS, read_number, write_month, write_number

if TYPE_CHECKING:
    import pandas as pd

Row = Mapping[Any, Any]
ADDED = ["status", "rule", "reason"]


def release(
    shown: pd.DataFrame, judged: Sequence[Judged], settings: Disclosure, language: str, is_applied: bool
) -> pd.DataFrame:
    """The numbers `shown` with text and value as released, and of each status, rule and reason.

    The value is the number that the text shows. status is that of the rule that decided, 'pass' where none did. reason
    is what an exhibit says of a number that leaves otherwise than it is; '' where everything leaves as it is.
    """
    rows = shown.to_dict("records")
    leaves = [
        _as_released(row, own, settings, language) if is_applied else row["text"]
        for row, own in zip(rows, judged, strict=True)
    ]
    statuses = {"": "pass"} | {own.rule: STATUS[own.rule] for own in judged if own.rule}
    reasons = {own.rule: settings.says(own.rule, language) if own.rule and is_applied else "" for own in judged}
    return shown.assign(
        value=[shown_value(text, row["unit"], language) for row, text in zip(rows, leaves, strict=True)],
        text=leaves,
        note=[released_note(row["note"], settings) if is_applied else row["note"] for row in rows],
        status=[statuses[own.rule] for own in judged],
        rule=[own.rule for own in judged],
        reason=[reasons[own.rule] for own in judged],
    )


def _as_released(row: Row, own: Judged, settings: Disclosure, language: str) -> str:
    """The text of a number as it leaves."""
    if not own.rule:
        return str(row["text"])
    if STATUS[own.rule] == "fail":
        return settings.mark
    if own.rule == "rounded":
        return write_number(round_count(row["value"], settings), "count", language)
    if own.rule == "day_of_one":
        return write_month(row["value"], language)
    if own.rule == "coarse_curve":
        return write_number(own.value, row["unit"], language)
    return write_number(row["value"], row["unit"], language, settings.bounds.density_decimals)


def round_count(count: float, settings: Disclosure) -> int:
    """A number of persons as it leaves: the nearest multiple of the base."""
    return nearest(count, settings.bounds.base)


def shown_value(text: str, unit: str, language: str) -> float:
    """The number that a text shows, in the unit in which it is kept; NaN where it shows none."""
    number = read_number(text, language)
    if number is None:
        return math.nan
    if isinstance(number, datetime.date):
        return float((number - EPOCH).days)
    return float(number.scaleb(-UNITS[unit].shift))


def released_note(note: str, settings: Disclosure) -> str:
    """What an estimate notes, each part as its kind leaves; one of few, or of no known kind, says no more than FEW."""
    return SEPARATOR.join(dict.fromkeys(_released_part(part, settings) for part in note.split(SEPARATOR)))


def _released_part(part: str, settings: Disclosure) -> str:
    begins = next((begin for begin in (NO_ESTIMATE, NO_NUMBER) if part.startswith(begin)), "")
    bare = part.removeprefix(begins)
    kind = kind_of(bare)
    if bare and (kind is None or kind.leaves == "few"):
        few = FEW.format(persons=settings.bounds.persons)
        return f"{begins}{few}{NO_ERROR if bare.endswith(NO_ERROR) else ''}"
    return _rounded_numbers(part, settings) if kind and kind.leaves == "rounded" else part


def _rounded_numbers(part: str, settings: Disclosure) -> str:
    """A part of a note, its numbers of persons rounded, and few of them as '<5'; a bandwidth to two digits."""
    import re

    def count(found: re.Match[str]) -> str:
        number, bounds = float(found[0]), settings.bounds
        return f"<{bounds.persons}" if 0 < number < bounds.persons else str(round_count(number, settings))

    part = re.sub(r"\b\d+(?= (?:persons|of \d+ are treated))|(?<= of )\d+(?= are treated)|(?<= gives )\S+", count, part)
    return re.sub(r"(?<=bandwidth )[\d.e+-]+", lambda found: f"{float(found[0]):.2g}", part)
