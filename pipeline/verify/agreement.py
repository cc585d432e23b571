"""What a comparison found: how many numbers of each kind agree, which do not, and which were not tried and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple


class Difference(NamedTuple):
    """One number that the two routes do not have alike."""

    kind: str
    what: str
    stored: object
    second: object


@dataclass
class Agreement:
    """The count of a kind of numbers, e.g. a derived table or the estimates of a model.

    tolerance: how far two numbers may lie apart, relative to the larger of the stored one and 1. largest: how far any
    do. why: the reason for which some were not tried.
    """

    kind: str
    tolerance: float
    agreed: int = 0
    largest: float = 0.0
    not_tried: int = 0
    why: str = ""
    differences: list[Difference] = field(default_factory=list)

    def count(self, what: str, stored: object, second: object) -> None:
        """Compare one number, or text, of the two routes; None and a missing number are alike."""
        if _is_nothing(stored) or _is_nothing(second):
            same, apart = _is_nothing(stored) and _is_nothing(second), 0.0
        elif isinstance(stored, str) or isinstance(second, str):
            same, apart = str(stored) == str(second), 0.0
        else:
            one, other = float(stored), float(second)  # type: ignore[arg-type]
            apart = abs(one - other) / max(1.0, abs(one))
            same = apart <= self.tolerance
        self.largest = max(self.largest, apart)
        if same:
            self.agreed += 1
        else:
            self.differences.append(Difference(self.kind, what, stored, second))


def _is_nothing(value: object) -> bool:
    return value is None or value != value


def say(found: Iterable[Agreement]) -> list[str]:
    """A line a kind, and one of all."""
    rows = list(found)
    width = max([len(row.kind) for row in rows], default=4)
    lines = [f"{'':{width}}  {'agreed':>9} {'disagreed':>9} {'not tried':>9}  largest difference"]
    for row in rows:
        lines.append(
            f"{row.kind:{width}}  {row.agreed:9,} {len(row.differences):9,} {row.not_tried:9,}  {row.largest:.1e}  {row.why}".rstrip()
        )
    agreed, wrong, left = (
        sum(row.agreed for row in rows), sum(len(row.differences) for row in rows), sum(row.not_tried for row in rows)
    )
    return [*lines, f"{'all':{width}}  {agreed:9,} {wrong:9,} {left:9,}"]
