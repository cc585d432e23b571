"""What moved and why in a few lines: what an analyst reads first, printed last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from pipeline.changes.addresses import UNSHOWN
from pipeline.changes.causes import CODE, TOGETHER
from pipeline.changes.words import MEANING, parts_in_errors, say_kinds, say_move, say_others

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.changes.causes import Explanation
    from pipeline.changes.differences import Section
    from pipeline.changes.linked import Linked


class Result(NamedTuple):
    """A main result: its address and estimate, what it is in words, and its unit, '' if its exhibit has none."""

    address: str
    estimate_id: str
    words: str
    unit: str


def say_moves(moves: pd.DataFrame, counts: Mapping[str, int]) -> Iterator[str]:
    """A line a model, that with the largest move first: how many moved, and the largest of those that are shown."""
    for model, own in moves.groupby("model", sort=False):
        kinds = own["kind"].value_counts()
        counted = ", ".join(f"{kinds[kind]:,} {kind}" for kind in ("moved", "new", "vanished") if kind in kinds)
        first = own.loc[own["address"].str.endswith(UNSHOWN).sort_values(kind="stable").index[0]]
        known = np.isfinite(first["size"]) and first["column"] != "note"
        size = f", {first['size']:.2g} {first['unit'] or 'of it'}" if known else ""
        what = f"{first['address']} {first['column']} {first['old'] or 'absent'} -> {first['new'] or 'absent'}{size}"
        yield f"  {model}: {counted}, of {counts[str(model)]:,}; the most {what}"


def say_in_short(
    linked: Linked, sections: Sequence[Section], found: Explanation | None, results: Sequence[Result], total: int
) -> Iterator[str]:
    """What differs, how far estimates moved, the share of each cause, and the main results."""
    yield "in short"
    if linked.others:
        yield f"  {say_others(linked)}"
    inputs = [section for section in sections if not section.subject.startswith("table ")]
    differ = [f"{section.differ:,} of {section.compared:,} {section.subject}" for section in inputs if section.differ]
    unseen = [section.subject for section in inputs if not section.compared]
    same = [section.subject for section in inputs if section.compared and not section.differ]
    yield f"  other in the later: {', '.join(differ) or 'nothing'}; as they were: {', '.join(same) or 'nothing'}"
    if unseen:
        yield f"  not compared: {', '.join(unseen)}"
    if found is None:
        yield f"  no estimate moved, of {total:,} that are in both"
        return
    moves = found.moves
    sizes = moves.loc[(moves["unit"] == "standard errors") & np.isfinite(moves["size"]), "size"]
    yield f"  of {total:,} estimates in both, and those in one alone: {say_kinds(moves)}" + (
        f"; half of those with a standard error by less than {sizes.median():.2g} of it, the most by {sizes.max():.2g}"
        if len(sizes)
        else ""
    )
    causes = [cause for cause in (*found.causes, CODE, TOGETHER) if cause not in found.refused]
    yield f"  of all movement: {', '.join(_shares(moves, causes))}"
    yield "  main results:"
    moved = moves.set_index("estimate_id", drop=False)
    for result in results:
        is_moved = result.estimate_id in moved.index
        said = say_move(moved.loc[result.estimate_id].to_dict(), causes, result.unit) if is_moved else "as it was"
        yield f"    {result.words} ({result.address}): {said}"


def _shares(moves: pd.DataFrame, causes: Sequence[str]) -> list[str]:
    """The share of each cause: its parts, in standard errors and without their signs, of those of all causes."""
    sums = {cause: float(parts_in_errors(moves, cause).abs().sum()) for cause in causes}
    whole = sum(sums.values()) or 1.0
    ordered = sorted(sums, key=lambda cause: -sums[cause])
    said = [f"{MEANING[cause]} {sums[cause] / whole:.0%}" for cause in ordered if sums[cause]]
    return said or ["none that is measured in standard errors"]
