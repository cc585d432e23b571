"""What the checks of a delivery say, as it leaves: of what, and no number, for the numbers are of persons and exact."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline.cells import write_frame

if TYPE_CHECKING:
    import pandas as pd

SAID = ("said_en", "said_da")
LEAVES = ("rule", "state", "looks_at_en", "looks_at_da", *SAID)  # no count, and no line: it is a person's
NUMBER = re.compile(r"(?<![\w./-])\d[\d,.]*(?<=\d)(?![\w/-])")  # that stands alone: no part of a name, a path or a date


def without_counts(checks: pd.DataFrame, judged: Mapping[str, Any]) -> pd.DataFrame:
    """The rows of checks.csv with the mark of judged.json for every number that they say, where control is applied.

    '12 of 657 persons' beside 655, rounded, would give away what the flow of persons withholds.
    """
    if not judged["applied"]:
        return checks
    return checks.assign(**{name: [NUMBER.sub(judged["mark"], said) for said in checks[name]] for name in SAID})


def write_sayings(checks: pd.DataFrame) -> str:
    """checks.csv as it lies beside the page and in an archive, of rows that are without_counts."""
    return write_frame(checks[[*LEAVES]])
