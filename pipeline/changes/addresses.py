"""At which address a number that moved is shown: make trace takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.show.shown import SOURCES

if TYPE_CHECKING:
    import pandas as pd

UNSHOWN = " (not shown)"


def find_addresses(
    changes: pd.DataFrame, shown: pd.DataFrame, before: pd.DataFrame | None = None, earlier: str = ""
) -> list[str]:
    """The address of each row of a Comparison's changes: where the statistic that moved is shown.

    Where that is not, the first at which the estimate is; of one that the later extract does not show, the address
    that `before`, the numbers shown of the extract `earlier`, has, with its name; of one that nothing shows its
    estimate_id, marked so.
    """
    own, first = _index(shown)
    old_own, old_first = _index(before) if before is not None else ({}, {})

    def find(estimate: str, column: str) -> str:
        found = own.get((estimate, column)) or first.get(estimate)
        if found:
            return found
        old = old_own.get((estimate, column)) or old_first.get(estimate)
        return f"{old} (of {earlier})" if old else f"{estimate}{UNSHOWN}"

    return [find(*pair) for pair in zip(changes["estimate_id"], changes["column"], strict=True)]


def _index(shown: pd.DataFrame) -> tuple[dict[tuple[str, str], str], dict[str, str]]:
    """The first address of each estimate and column of it, and of each estimate."""
    statistics: dict[tuple[str, str], str] = {}
    estimates: dict[str, str] = {}
    for cell, estimate, statistic in shown[["cell_id", "estimate_id", "statistic"]].itertuples(index=False):
        statistics.setdefault((estimate, SOURCES.get(statistic, statistic)), cell)
        estimates.setdefault(estimate, cell)
    return statistics, estimates
