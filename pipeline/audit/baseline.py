"""The accepted numbers of the synthetic trial, of estimates and resampling: read, compare, and accept what moved."""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
from collections.abc import Collection, Hashable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline.audit.compare import COLUMNS, COUNTS, Comparison, compare, describe, iterated_models, read_estimates
from pipeline.errors import InputError, command
from pipeline.estimate.inference import STATISTICS
from pipeline.storage import write_if_changed

ACCEPTED = Path("tests/baseline")
EXTRACT = "twin"
LOG = "log.md"
DIGITS = "%.9g"
RESAMPLED = "inference"  # the table of resampling, beside the folder of estimates and among the accepted files
OF_RESAMPLING = "resampled "  # begins the name of a model where statistics of resampling are compared
WHOLE: dict[Hashable, Any] = {name: "Int64" for name in COUNTS if name != "converged"}
ON_THE_SCALE_OF_ITS_ERROR = ("_low", "_high", "_se")
TITLE = """# Accepted estimates of the synthetic trial

Each entry holds the reason given to `make baseline`, which adds entries and never changes one, and what it accepted.
The date of an entry is that of its commit: without one in it the same estimates and reason give the same bytes.
"""


def read_accepted(folder: Path = ACCEPTED) -> pd.DataFrame:
    """The accepted numbers as `read_built` has those of a build; none if nothing was accepted yet."""
    types: dict[Hashable, Any] = {"estimate_id": str, "note": str, **WHOLE}
    empty = {name: [""] for name in COLUMNS if name not in ("estimate_id", "note")}
    tables = [
        pd.read_csv(path, dtype=types, keep_default_na=False, na_values=empty)
        for path in _files(folder)
        if path.stem != RESAMPLED
    ]
    resampled = folder / f"{RESAMPLED}.csv"
    if resampled.exists():
        tables.append(
            _statistics(pd.read_csv(resampled, keep_default_na=False, na_values={name: [""] for name in STATISTICS}))
        )
    known = [table for table in tables if len(table)]  # a stage of a model that nothing feeds has no rows
    return pd.concat(known, ignore_index=True) if known else pd.DataFrame(columns=list(COLUMNS))


def read_built(estimates: Path) -> pd.DataFrame:
    """The numbers of a build with the columns COLUMNS: its estimates, and a row each statistic of resampling."""
    return pd.concat(
        [read_estimates(estimates), _statistics(pd.read_parquet(_resampled(estimates)))], ignore_index=True
    )


def _resampled(estimates: Path) -> Path:
    path = estimates.parent / f"{RESAMPLED}.parquet"
    if not path.exists():
        raise InputError(f"{path}: the file is missing. Make it: make all EXTRACT={estimates.parent.name}.")
    return path


def _statistics(resampled: pd.DataFrame) -> pd.DataFrame:
    """The table of resampling as one of estimates: p-values as such, limits and errors in those of the jackknife.

    The first statistic of an estimate has the note.
    """
    unknown = {name: np.full(len(resampled), np.nan) for name in COLUMNS if name != "converged"}
    blank = pd.DataFrame({**unknown, "converged": True}).astype(WHOLE)
    parts = []
    for place, name in enumerate(STATISTICS):
        kind, is_scaled = "p_value" if name.endswith("_p") else "estimate", name.endswith(ON_THE_SCALE_OF_ITS_ERROR)
        own: dict[str, Any] = {
            "estimate_id": OF_RESAMPLING + resampled["estimate_id"] + f"/{name}",
            kind: resampled[name].astype(float),
            "note": "" if place else resampled["inference_note"],
        }
        parts.append(blank.assign(**own, **({"se": resampled["jackknife_se"].astype(float)} if is_scaled else {})))
    return pd.concat(parts, ignore_index=True)


def compare_with_accepted(estimates: Path, folder: Path = ACCEPTED, iterated: Collection[str] = ()) -> Comparison:
    """What moved of the accepted numbers, in the build whose `estimates` these are; `iterated` as `compare` has it."""
    steps = {*iterated, *(OF_RESAMPLING + model for model in iterated)}
    return compare(read_accepted(folder), read_built(estimates), steps)


def write_accepted(estimates: Path, folder: Path = ACCEPTED) -> None:
    """Write the numbers of every stage under `estimates` to `folder`; the file of a stage that is gone goes too."""
    contents = {path.stem: pd.read_parquet(path, columns=list(COLUMNS)) for path in sorted(estimates.glob("*.parquet"))}
    contents[RESAMPLED] = pd.read_parquet(_resampled(estimates), columns=["estimate_id", *STATISTICS, "inference_note"])
    for stage, table in contents.items():
        text = table.to_csv(index=False, float_format=DIGITS, lineterminator="\n")
        write_if_changed(folder / f"{stage}.csv", text.encode())
    for path in _files(folder):
        if path.stem not in contents:
            path.unlink()


def accepted_hash(folder: Path = ACCEPTED) -> str:
    """First 16 hexadecimal digits of the SHA-256 of the accepted files, one after the other by name."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in _files(folder))).hexdigest()[:16]


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.csv"))


def accept(
    estimates: Path, reason: str | None, folder: Path = ACCEPTED, iterated: Collection[str] = ()
) -> Iterator[str]:
    """Make the estimates under `estimates` the accepted ones, if any of them moved, and keep the reason.

    Yields what is to be said; without a reason it asks for one after saying what moved. Nothing is written where
    nothing moved. InputError without a reason.
    """
    found = compare_with_accepted(estimates, folder, iterated)
    if found.changes.empty:
        yield f"nothing moved: {folder} stays as it is, and no reason is kept"
        return
    yield from describe(found)
    reason = " ".join((ask() if reason is None else reason).split())
    if not reason:
        raise InputError(
            f"{folder}: {len(found.changes)} numbers are not the accepted ones, and no reason is given. Say make "
            'baseline REASON="why the numbers are right as they are now".'
        )
    write_accepted(estimates, folder)
    log = folder / LOG
    text = log.read_text(encoding="utf-8") if log.exists() else TITLE
    write_if_changed(log, f"{text}\n{_entry(text.count(chr(10) + '## ') + 1, reason, found, folder)}".encode())
    yield f"accepted {len(found.changes)} changes: commit {folder} by itself"


def _entry(number: int, reason: str, found: Comparison, folder: Path) -> str:
    """One entry of the log: the reason, what it accepted by model, and the hash of the files as accepted."""
    lines = [f"## {number}", "", reason, "", "| model | estimates | moved | new | vanished | largest move | of |"]
    lines.append("|---|---|---|---|---|---|---|")
    for model, changes in sorted(found.changes.groupby("model")):
        kinds = changes["kind"].value_counts()
        moved = changes[(changes["kind"] == "moved") & np.isfinite(changes["size"])]
        largest = ("", "") if moved.empty else _largest(moved.iloc[0])
        counts = [str(kinds.get(kind, 0)) for kind in ("moved", "new", "vanished")]
        lines.append("| " + " | ".join([str(model), str(found.counts[str(model)]), *counts, *largest]) + " |")
    return "\n".join([*lines, "", f"Accepted files: {accepted_hash(folder)}", ""])


def _largest(change: pd.Series) -> tuple[str, str]:
    return f"{change['size']:.2g} {change['unit'] or 'of it'}", f"`{change['estimate_id']}` {change['column']}"


def ask() -> str:
    """The reason that somebody at a terminal gives; nothing if nobody sits there."""
    if not sys.stdin.isatty():
        return ""
    try:
        return input("Why are the numbers right as they are now? ")
    except EOFError:
        return ""


@command
def main() -> None:
    """Accept the estimates of the folder on the command line for the reason in the environment variable REASON."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.audit.baseline", description=__doc__)
    parser.add_argument("estimates", type=Path)
    estimates = parser.parse_args().estimates
    if estimates.parent.name != EXTRACT:
        raise InputError(
            f"{estimates}: only the estimates of the synthetic trial are accepted. Another extract is compared "
            f"with an earlier one: make diff FROM=<earlier> EXTRACT={estimates.parent.name}."
        )
    for line in accept(estimates, os.environ.get("REASON", "") or None, iterated=iterated_models(Path("config"))):
        print(line)


if __name__ == "__main__":
    sys.exit(main())
