"""What a trace found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipeline.audit.build import Build
from pipeline.audit.lineage import Link
from pipeline.audit.statistics import Number

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Trace:
    """A number as shown, the estimate it is a statistic of, the files behind it, and what it is made of.

    compared: how many of its cells were read again in the received files and hold what is listed. ends: of a number of
    durations when each person left or was followed to, and the cell that decided it. wages: what the wage cells hold,
    by file, line and column. made_again: by kind how many derived values it rests on were made again of the received
    files by the second route and are the same; unread: why none could be, "" otherwise.
    """

    build: Build
    cell: dict[Any, Any]
    estimate: dict[Any, Any]
    chain: list[Link]
    number: Number
    compared: int
    ends: pd.DataFrame | None = None
    wages: Mapping[tuple[str, int, str], str] = field(default_factory=dict)
    made_again: Mapping[str, int] = field(default_factory=dict)
    unread: str = ""
