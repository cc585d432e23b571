"""What a comparison found: how many numbers of each kind agree, which do not, and which were not tried and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

What = str | tuple[object, ...]  # what a number is, or the parts of it
NONE = "none"  # what stands where one of the two routes has no such number at all


class Difference(NamedTuple):
    """One number that the two routes do not have alike; parts: those of what it is, where it has any."""

    kind: str
    what: str
    first: object
    second: object
    parts: tuple[object, ...] = ()


@dataclass
class Agreement:
    """The count of a kind of numbers, e.g. a derived table or the estimates of a model.

    tolerance: how far two numbers may lie apart, relative to the larger of the first and 1. largest: how far any do.
    not_tried: how many were not, by the reason. may_be_empty: whether to have compared nothing is no fault.
    is_personal: whether its values are those of persons.
    """

    kind: str
    tolerance: float = 0.0
    agreed: int = 0
    largest: float = 0.0
    not_tried: dict[str, int] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    may_be_empty: bool = False
    is_personal: bool = False

    def count(self, what: What, first: object, second: object) -> bool:
        """Compare one number, or text, of the two routes; None and a missing number are alike."""
        if first == second:  # of a million numbers nearly all
            self.agreed += 1
            return True
        apart = apart_by(first, second)
        same = apart <= self.tolerance
        if apart < float("inf"):
            self.largest = max(self.largest, apart)
        if same:
            self.agreed += 1
        else:
            parts = () if isinstance(what, str) else what
            self.differences.append(Difference(self.kind, _said(what), first, second, parts))
        return same

    def leave(self, reason: str, number: int = 1) -> None:
        """Count what is not tried."""
        if number:
            self.not_tried[reason] = self.not_tried.get(reason, 0) + number

    @property
    def left(self) -> int:
        """How many were not tried."""
        return sum(self.not_tried.values())

    @property
    def is_wrong(self) -> bool:
        """Whether something disagrees, or nothing was compared although nothing says why."""
        return bool(self.differences) or not (self.agreed or self.left or self.may_be_empty)


def _said(what: What) -> str:
    return what if isinstance(what, str) else " ".join(str(part) for part in what if part is not None)


def apart_by(first: object, second: object) -> float:
    """How far two numbers lie apart, relative to the larger of the first and 1; of texts 0 or infinity."""
    if is_nothing(first) or is_nothing(second):
        return 0.0 if is_nothing(first) and is_nothing(second) else float("inf")
    if isinstance(first, str) or isinstance(second, str):
        return 0.0 if str(first) == str(second) else float("inf")
    one, other = float(first), float(second)  # type: ignore[arg-type]
    return abs(one - other) / max(1.0, abs(one))


def is_nothing(value: object) -> bool:
    """Whether a value is None or not a number."""
    return value is None or value != value


def merge(kind: str, parts: Iterable[Agreement]) -> Agreement:
    """The counts of parts of one kind together."""
    whole = Agreement(kind, may_be_empty=True)
    for part in parts:
        whole.agreed += part.agreed
        whole.largest = max(whole.largest, part.largest)
        whole.differences += part.differences
        whole.tolerance = max(whole.tolerance, part.tolerance)
        whole.may_be_empty = whole.may_be_empty and part.may_be_empty
        for reason, number in part.not_tried.items():
            whole.leave(reason, number)
    return whole


def say(found: Iterable[Agreement]) -> list[str]:
    """A line a kind and one of all; below them what was not tried, by the reason, and the first differences."""
    rows = list(found)
    width = max([len(row.kind) for row in rows], default=4)
    lines = [f"{'':{width}}  {'agreed':>9} {'disagreed':>9} {'not tried':>9}  largest difference"]
    lines += [
        _line(row.kind, width, row.agreed, len(row.differences), row.left, f"  {row.largest:.1e}") for row in rows
    ]
    wrong, left = sum(len(row.differences) for row in rows), sum(row.left for row in rows)
    return [*lines, _line("all", width, sum(row.agreed for row in rows), wrong, left)]


def _line(kind: str, width: int, agreed: int, wrong: int, left: int, end: str = "") -> str:
    return f"{kind:{width}}  {agreed:9,} {wrong:9,} {left:9,}{end}"
