"""What moved between two sets of estimates, for make diff and make baseline."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.errors import InputError
from pipeline.estimate.estimators import ESTIMATORS, checked_models
from pipeline.runner.inputs import load_input

FloatArray = npt.NDArray[np.float64]

ON_THE_SCALE_OF_THE_ESTIMATE = ("estimate", "se", "ci_low", "ci_high", "control_mean")
COUNTS = ("n", "n_treated", "n_control", "n_clusters", "converged")
NUMBERS = (*ON_THE_SCALE_OF_THE_ESTIMATE, "p_value", "df", *COUNTS)
COLUMNS = ("estimate_id", *NUMBERS, "note")

# How far a number may move, of the larger of it and its standard error. Another processor or linear algebra library
# adds in another order: between OpenBLAS's kernels for six processors least squares moves by 5e-13 at most. The
# accepted numbers have nine digits, so 5e-10 is rounding.
TOLERANCE = 1e-8
# Newton's method stops at a step of 1e-10: one step more or less, on a design of up to 66 columns, moves what depends
# on it by more than that.
ITERATED_TOLERANCE = 1e-6
ROUNDING = 1e-12  # of a number that is zero, such as the effect on an outcome that nobody has
SHOWN = 8


@dataclass(frozen=True)
class Comparison:
    """What moved between two sets of estimates, and the number of estimates of either by model.

    changes has a row an estimate: estimate_id, model, kind ('moved', 'new' or 'vanished'), column (the first that
    moved), old and new as text, size and unit. size is in the standard errors that were, of the old number where there
    is none, and infinite where only one of the two is known. The largest come first.
    """

    changes: pd.DataFrame
    counts: dict[str, int]


def compare(old: pd.DataFrame, new: pd.DataFrame, iterated: Collection[str] = ()) -> Comparison:
    """Compare two tables of estimates, each with the columns COLUMNS and every estimate_id once.

    `iterated` are the models whose estimates are found by steps.
    """
    both = old.merge(new, on="estimate_id", how="outer", suffixes=("_old", "_new"), indicator=True)
    both["model"] = both["estimate_id"].str.partition("/")[0]
    alone = both[both["_merge"] != "both"]
    vanished = alone["_merge"] == "left_only"
    one_sided = pd.DataFrame(
        {
            "estimate_id": alone["estimate_id"],
            "model": alone["model"],
            "kind": np.where(vanished, "vanished", "new"),
            "column": "estimate",
            "old": _first_known(alone, "old").map(_write).where(vanished, ""),
            "new": _first_known(alone, "new").map(_write).where(~vanished, ""),
            "size": np.inf,
            "unit": "",
        }
    )
    changes = pd.concat([_moved(both[both["_merge"] == "both"].reset_index(drop=True), iterated), one_sided])
    changes = changes.sort_values(["size", "estimate_id"], ascending=[False, True], ignore_index=True)
    return Comparison(changes, {str(model): int(count) for model, count in both["model"].value_counts().items()})


def _moved(both: pd.DataFrame, iterated: Collection[str]) -> pd.DataFrame:
    """The rows of changes of the estimates that both tables have."""
    tolerance = np.where(both["model"].isin(list(iterated)), ITERATED_TOLERANCE, TOLERANCE)
    error = np.nan_to_num(_numbers(both, "se_old"), nan=0.0)
    parts, seen = [], np.zeros(len(both), dtype=bool)
    for column in (*NUMBERS, "note"):
        if column == "note":
            size, moved = np.zeros(len(both)), (both["note_old"] != both["note_new"]).to_numpy(dtype=bool)
        else:
            scale = error if column in ON_THE_SCALE_OF_THE_ESTIMATE else np.zeros(len(both))
            size, moved = _distance(both, column, scale, 0.0 if column in COUNTS else tolerance)
        rows, place = both[moved & ~seen], moved & ~seen
        seen |= moved
        own = (error > 0) & (column in ON_THE_SCALE_OF_THE_ESTIMATE)
        parts.append(
            pd.DataFrame(
                {
                    "estimate_id": rows["estimate_id"],
                    "model": rows["model"],
                    "kind": "moved",
                    "column": column,
                    "old": rows[f"{column}_old"].map(_write),
                    "new": rows[f"{column}_new"].map(_write),
                    "size": size[place],
                    "unit": np.where(own[place], "standard errors", ""),
                }
            )
        )
    return pd.concat(parts)


def _distance(
    both: pd.DataFrame, column: str, error: FloatArray, tolerance: FloatArray | float
) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    """How far a column moved, in standard errors `error` or where they are 0 of the old number, and what moved."""
    old, new = _numbers(both, f"{column}_old"), _numbers(both, f"{column}_new")
    unknown = np.isnan(old) != np.isnan(new)
    difference = np.where(unknown, np.inf, np.nan_to_num(np.abs(new - old), nan=0.0, posinf=0.0))
    # A p-value is judged on the scale of its own, on which 1e-9 and 1e-8 are the same answer.
    length = np.ones(len(old)) if column == "p_value" else np.nan_to_num(np.abs(old), nan=0.0)
    unit = np.where(error > 0, error, length)
    allowance = ROUNDING if np.any(tolerance) else 0.0
    size = np.divide(difference, unit, out=np.where(difference > 0, np.inf, 0.0), where=unit > 0)
    return size, difference > tolerance * np.fmax(length, error) + allowance


def _first_known(alone: pd.DataFrame, side: str) -> pd.Series:
    """The estimates, and where there is none the p-value, of what one table alone has."""
    estimates, p_values = (_numbers(alone, f"{name}_{side}") for name in ("estimate", "p_value"))
    return pd.Series(np.where(np.isnan(estimates), p_values, estimates), index=alone.index)


def _numbers(both: pd.DataFrame, column: str) -> FloatArray:
    return both[column].to_numpy(dtype=float, na_value=np.nan)


def _write(value: Any) -> str:
    if isinstance(value, str):
        return value or "no note"
    if pd.isna(value):
        return "unknown"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def describe(comparison: Comparison, shown: int = SHOWN) -> list[str]:
    """The changes in lines, by model, the model with the largest move first, and of each the `shown` largest."""
    lines = []
    for model, changes in comparison.changes.groupby("model", sort=False):
        kinds = changes["kind"].value_counts()
        counted = ", ".join(f"{kinds[kind]} {kind}" for kind in ("moved", "new", "vanished") if kind in kinds)
        lines.append(f"{model}: {counted}, of {comparison.counts[str(model)]} estimates")
        lines += [f"  {_describe_change(change)}" for change in changes.head(shown).to_dict("records")]
        if len(changes) > shown:
            lines.append(f"  and {len(changes) - shown} more")
    return lines


def _describe_change(change: Mapping[Hashable, Any]) -> str:
    if change["kind"] != "moved":
        return f"{change['estimate_id']:<60} {change['kind']}: {change['old']}{change['new']}"
    known = np.isfinite(change["size"]) and change["column"] != "note"
    size = f"{change['size']:.2g} {change['unit'] or 'of it'}" if known else ""
    return f"{change['estimate_id']:<60} {change['column']:<10} {change['old']} -> {change['new']}  {size}".rstrip()


def read_estimates(folder: Path) -> pd.DataFrame:
    """Every estimate under data_derived/<extract>/estimates, with the columns COLUMNS; InputError if there is none."""
    paths = sorted(folder.glob("*.parquet"))
    if not paths:
        raise InputError(f"{folder}: no estimates. Make them: make all EXTRACT={folder.parent.name}.")
    table = pd.concat([pd.read_parquet(path, columns=list(COLUMNS)) for path in paths], ignore_index=True)
    return table.astype({"n": "Int64", "n_treated": "Int64", "n_control": "Int64", "n_clusters": "Int64"})


def iterated_models(settings: Path) -> set[str]:
    """The models of a folder of settings whose estimates are found by steps."""
    study = load_input(settings / "study.toml")
    models = checked_models(load_input(settings / "models.toml"), study.design)
    return {name for name, model in models.items() if ESTIMATORS[model.estimator].is_iterated}
