"""Why estimates moved: each cause applied alone, its part of every move, and what the causes do together."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.audit.compare import NUMBERS
from pipeline.changes.counterfactual import CAUSES, contents, estimate, estimate_with, same, swap
from pipeline.errors import InputError

if TYPE_CHECKING:
    from pipeline.changes.built import Built

CODE, TOGETHER = "code", "together"
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Explanation:
    """Why estimates moved.

    causes: those in which the inputs differ. refused: by cause why it cannot be applied alone. exact: how many
    estimates are to the bit those of the later extract with all causes applied, of `compared`.
    moves: the rows of a Comparison's changes with the earlier `value` of their `column` and a column a cause, `code`
    and `together`: the parts of the move. A part is missing where the number is in neither the earlier extract nor the
    counterfactual, and for a note. `appears`, of an estimate that only one extract knows, has the causes that alone
    bring it or take it away.
    """

    causes: tuple[str, ...]
    refused: Mapping[str, str]
    moves: pd.DataFrame
    exact: int
    compared: int


def explain(
    old: Built,
    new: Built,
    common: Collection[int],
    changes: pd.DataFrame,
    progress: Callable[[str], None],
) -> Explanation:
    """Estimate with each cause alone and with all; `progress` is told before each what is being estimated."""
    causes = _causes(old, new, common)
    progress("the earlier extract again")
    base = estimate(swap(old, new, common, ()))
    alone: dict[str, pd.DataFrame | str] = {}
    for number, cause in enumerate(causes, 1):
        progress(f"{cause} alone ({number} of {len(causes)})")
        alone[cause] = estimate_with(old, new, common, (cause,))
    progress("all causes at once")
    everything = alone[causes[0]] if len(causes) == 1 else estimate_with(old, new, common, CAUSES)
    if isinstance(everything, str):
        raise InputError(f"all causes applied at once give no estimates: {everything}")
    known = {cause: table for cause, table in alone.items() if isinstance(table, pd.DataFrame)}
    moves = _parts(changes, old.estimates, base, known, new.estimates)
    return Explanation(
        causes=causes,
        refused={cause: table for cause, table in alone.items() if isinstance(table, str)},
        moves=moves.assign(**{cause: np.nan for cause in causes if cause not in known}),
        exact=count_equal(everything, new.estimates),
        compared=len(new.estimates),
    )


def _causes(old: Built, new: Built, common: Collection[int]) -> tuple[str, ...]:
    """The causes that change an input when they are applied alone."""
    base, found = contents(swap(old, new, common, ())), []
    for cause in CAUSES:
        try:
            if not same(base, contents(swap(old, new, common, (cause,)))):
                found.append(cause)
        except InputError:  # it cannot be applied alone, which `explain` says, so it does differ
            found.append(cause)
    return tuple(found)


def count_equal(one: pd.DataFrame, other: pd.DataFrame) -> int:
    """How many estimates of `one` are in `other` with the same bits in every number."""
    both = one.merge(other, on="estimate_id", suffixes=("_one", "_other"))
    same = np.ones(len(both), dtype=bool)
    for name in NUMBERS:
        first, second = (both[f"{name}_{side}"].to_numpy(dtype=float, na_value=np.nan) for side in ("one", "other"))
        same &= (first == second) | (np.isnan(first) & np.isnan(second))
    return int(same.sum())


def _parts(
    changes: pd.DataFrame,
    old: pd.DataFrame,
    base: pd.DataFrame,
    alone: Mapping[str, pd.DataFrame],
    new: pd.DataFrame,
) -> pd.DataFrame:
    """The changes with the part of each cause; `base` is the earlier extract as the present code estimates it."""
    before, again, after = (_values(changes, table) for table in (old, base, new))
    parts = {cause: _values(changes, table) - again for cause, table in alone.items()}
    code = again - before
    together = (after - before) - code - sum(parts.values(), np.zeros(len(changes)))
    was_unknown = np.isnan(again)
    tells = {cause: np.isnan(_values(changes, table)) != was_unknown for cause, table in alone.items()}
    brought = [" ".join(cause for cause, told in tells.items() if told[row]) for row in range(len(changes))]
    one_sided = np.isnan(before) != np.isnan(after)
    parts |= {CODE: code, TOGETHER: together}
    return changes.assign(value=before, **parts, appears=np.where(one_sided, brought, ""))


def _values(changes: pd.DataFrame, table: pd.DataFrame) -> FloatArray:
    """Of each change the number of its column in `table`; missing where the table has none, or of a note."""
    rows = pd.Index(table["estimate_id"]).get_indexer(pd.Index(changes["estimate_id"]))
    values = np.full(len(changes), np.nan)
    for name in set(changes["column"]) & set(NUMBERS):
        column = table[name].to_numpy(dtype=float, na_value=np.nan)
        place = (changes["column"] == name).to_numpy() & (rows >= 0)
        values[place] = column[rows[place]]
    return values
