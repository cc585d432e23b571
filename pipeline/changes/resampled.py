"""What resampling says otherwise of the estimates of two extracts. Nothing is drawn again: both tables are as built."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline.audit.compare import TOLERANCE
from pipeline.estimate.inference import STATISTICS
from pipeline.runner.inputs import load_input

if TYPE_CHECKING:
    import pandas as pd

FILE = "inference.parquet"


def read_resampled(derived: Path) -> pd.DataFrame | None:
    """The table of a build, by estimate_id; None of one that has none."""
    path = derived / FILE
    return load_input(path).set_index("estimate_id") if path.exists() else None


def differences(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """A row a statistic of resampling that differs: estimate_id, statistic, old and new."""
    import pandas as pd

    both, found = old.index.intersection(new.index), []
    for name in STATISTICS:
        first, second = (table.loc[both, name].to_numpy(dtype=float) for table in (old, new))
        length = np.fmax(1.0, np.abs(first)) if name.endswith("_p") else np.abs(first)
        same = (first == second) | (np.isnan(first) & np.isnan(second))
        moved = ~same & ~(np.abs(second - first) <= TOLERANCE * length)
        found.append(
            pd.DataFrame({"estimate_id": both[moved], "statistic": name, "old": first[moved], "new": second[moved]})
        )
    return pd.concat(found, ignore_index=True)


def say_resampled(
    old: pd.DataFrame | None, new: pd.DataFrame | None, stars: Mapping[str, float]
) -> Iterator[tuple[str, pd.DataFrame | None]]:
    """A line in all, with the table of what moved, and one a statistic, with how many p-values crossed a level."""
    if old is None or new is None:
        yield "resampling: one of the two has no table of it, so nothing is compared", None
        return
    moved = differences(old, new)
    both = len(old.index.intersection(new.index))
    alone = len(old) + len(new) - 2 * both
    counts = moved["estimate_id"].nunique()
    yield (
        f"resampling: {counts:,} of {both:,} estimates differ in {len(moved):,} statistics; {alone:,} are in one",
        moved,
    )
    for name, own in moved.groupby("statistic", sort=False):
        crossed = ""
        if str(name).endswith("_p"):
            sides = [np.array([own[side] < level for level in stars.values()]).sum(axis=0) for side in ("old", "new")]
            crossed = f", {int((sides[0] != sides[1]).sum())} of them over a level" if stars else ""
        gap = (own["new"] - own["old"]).abs()
        first = own.loc[gap.idxmax()] if gap.notna().any() else own.iloc[0]
        yield (
            f"  {name}: {len(own)}{crossed}, largest {first['estimate_id']} {first['old']:.6g} -> {first['new']:.6g}",
            None,
        )
