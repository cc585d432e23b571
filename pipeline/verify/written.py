"""What make verify found, as files beside the derived tables: every number by both routes, and the counts."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.cells import write_lines
from pipeline.runner.records import seal_of
from pipeline.storage import digest, write_if_changed
from pipeline.verify.agreement import Agreement
from pipeline.verify.estimates import Second
from pipeline.verify.walked import KIND, Walks, frames

if TYPE_CHECKING:
    import pandas as pd

FOLDER = "verified"
SUMMARY = "verified.json"
DIFFERENCES = "differences.csv"
KEPT = (".csv", ".parquet")  # the tables that the counts rest on, whose hashes they hold


def write(derived: Path, found: Sequence[Agreement], seconds: Sequence[Second], walks: Walks, took: float) -> Path:
    """Write the tables and, last, the counts, sealed: without these no page takes the tables up. Returns the folder.

    differences.csv may name persons, and never leaves the folder.
    """
    folder = derived / FOLDER
    (folder / SUMMARY).unlink(missing_ok=True)
    write_if_changed(folder / DIFFERENCES, _differences(found).encode())
    for name, table in [("second", _second(seconds)), *frames(walks)]:
        write_if_changed(folder / f"{name}.parquet", _parquet(table))
    summary = _summary(found, walks, _head(derived), took)
    summary["files"] = {path.name: digest(path) for path in sorted(folder.iterdir()) if path.suffix in KEPT}
    summary["seal"] = seal_of(summary)
    write_if_changed(folder / SUMMARY, (json.dumps(summary, indent=1, ensure_ascii=False) + "\n").encode())
    return folder


def _summary(found: Sequence[Agreement], walks: Walks, head: str, took: float) -> dict[str, Any]:
    kinds = {
        row.kind: {"agreed": row.agreed, "disagreed": len(row.differences), "not_tried": row.left, "why": row.not_tried}
        for row in found
    }
    totals = {name: sum(int(kind[name]) for kind in kinds.values()) for name in ("agreed", "disagreed", "not_tried")}  # type: ignore[call-overload]
    walk = next(row for row in found if row.kind == KIND)
    return {
        "kinds": kinds,
        **totals,
        "walked": walk.agreed,
        "shown": len(walks.walked),
        "largest_gap": walk.largest,
        "head": head,
        "seconds": round(took, 1),
    }


def _head(derived: Path) -> str:
    """The head of the chain of records that the build has, '' if it has none."""
    path = derived / "provenance.json"
    facts: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return str(facts.get("head", ""))


def _second(rows: Iterable[Second]) -> pd.DataFrame:
    import pandas as pd

    table = pd.DataFrame(list(rows), columns=list(Second._fields))
    table = table.sort_values(["estimate_id", "statistic"], ignore_index=True)
    return table.astype({"first": "float64", "second": "float64", "difference": "float64", "agrees": "bool"})


def _differences(found: Iterable[Agreement]) -> str:
    rows = (difference[:4] for row in found for difference in row.differences)
    return write_lines([["kind", "what", "first", "second"], *rows])


def _parquet(table: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False, compression="zstd")
    return buffer.getvalue()
