"""Walk one printed number back to the cells of the received files: make trace ID=figure_3_3/all/sickness_benefit/45."""

from __future__ import annotations

import argparse
import difflib
import math
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipeline.audit.decompose import Decomposition, decompose
from pipeline.audit.lineage import Link, trace_files
from pipeline.config import Study
from pipeline.errors import InputError
from pipeline.estimates import parse_address
from pipeline.files import load_input, write_if_changed
from pipeline.models import Model, read_models
from pipeline.stages.sample import REASONS

CONFIG = Path("config")
GAP_LIMIT = 1e-12  # of the larger of 1 and the estimate: the rounding of some ten thousand additions
WIDTH = 110


@dataclass(frozen=True)
class Trace:
    """A printed number, its estimate and everything the estimate is made of."""

    cell: pd.Series
    estimate: pd.Series
    model: Model | None
    study: Study
    exclusions: pd.DataFrame
    chain: list[Link]
    decomposition: Decomposition

    @property
    def gap(self) -> float:
        """The estimate less the sum of its cells, in the unit of the estimate."""
        return float(self.estimate["estimate"]) - self.decomposition.total

    @property
    def gap_limit(self) -> float:
        """How large the gap may be."""
        return GAP_LIMIT * max(1.0, abs(float(self.estimate["estimate"])))


def trace(cell_id: str, raw: Path, derived: Path) -> Trace:
    """Follow the number `cell_id` to the received files in `raw` by way of the derived tables in `derived`.

    Raises InputError for an address that no exhibit shows, with those that come near, and for a file that changed.
    """
    cell = _find_cell(cell_id, load_input(derived / "cells.parquet"))
    address = parse_address(cell["estimate_id"])
    path, estimate = _find_estimate(cell["estimate_id"], derived / "estimates")
    study = load_input(CONFIG / "study.toml")
    models = read_models(load_input(CONFIG / "models.toml"))
    return Trace(
        cell=cell,
        estimate=estimate,
        model=models.get(address.model),
        study=study,
        exclusions=load_input(derived / "exclusions.parquet"),
        chain=trace_files(path, derived / "runs"),
        decomposition=decompose(address, models.get(address.model), study, derived, CONFIG),
    )


def _find_cell(cell_id: str, cells: pd.DataFrame) -> pd.Series:
    found = cells[cells["cell_id"] == cell_id]
    if found.empty:
        near = difflib.get_close_matches(cell_id, cells["cell_id"], n=3, cutoff=0.3)
        hint = (
            f"Near it: {', '.join(near)}." if near else "The page shows the address of a number when you point at it."
        )
        raise InputError(f"trace: no exhibit shows a number with the address {cell_id!r}. {hint}")
    return found.iloc[0]


def _find_estimate(estimate_id: str, folder: Path) -> tuple[Path, pd.Series]:
    for path in sorted(folder.glob("*.parquet")):
        table = load_input(path)
        found = table[table["estimate_id"] == estimate_id]
        if len(found):
            return path, found.iloc[0]
    raise InputError(f"{folder}: no estimate {estimate_id}. Run make all.")


def describe(found: Trace, cells_path: Path) -> str:
    """The trace as text: number, estimate, model, sample, files, sum."""
    parts = [
        _describe_number(found),
        _describe_model(found),
        _describe_sample(found),
        _describe_chain(found.chain),
        _describe_sum(found, cells_path),
    ]
    return "\n\n".join(parts)


def _describe_number(found: Trace) -> str:
    row = found.estimate
    numbers = [("estimate", row["estimate"]), ("standard error", row["se"]), ("p-value", row["p_value"])]
    numbers += [("lower limit", row["ci_low"]), ("upper limit", row["ci_high"]), ("degrees of freedom", row["df"])]
    lines = [f"  {name:<20}{value:.12g}" for name, value in numbers if pd.notna(value)]
    note = [f"  note                {row['note']}"] if row["note"] else []
    return "\n".join(
        [
            f"NUMBER    {found.cell['cell_id']}",
            f"  as shown            {found.cell['text']}   (statistic: {found.cell['statistic']})",
            f"  value               {found.cell['value']:.12g}",
            f"ESTIMATE  {found.cell['estimate_id']}",
            *lines,
            *note,
        ]
    )


def _describe_model(found: Trace) -> str:
    if found.model is None:
        return "MODEL     a count of rows of the allocation file"
    model = found.model
    lines = [f"MODEL     {model.name}: {model.name_en} ({model.report})", f"  {model.equation}"]
    if model.covariates:
        lines.append(f"  X = {', '.join(model.covariates)}")
    return "\n".join([*lines, _wrap(model.words_en)])


def _describe_sample(found: Trace) -> str:
    row, reasons = found.estimate, found.exclusions["reason"].value_counts()
    lines = [f"SAMPLE    {row['sample']}: {_conditions(found)}", f"  randomised             {len(found.exclusions):>6}"]
    lines += [f"  less {reason:<20}{-int(reasons.get(reason, 0)):>4}" for reason in REASONS]
    lines.append(f"  analysed               {int(reasons['analysed']):>6}")
    used = [("observations used", "n"), ("of them LTJS", "n_treated"), ("of them control", "n_control")]
    used.append(("teams", "n_clusters"))
    lines += [f"  {name:<23}{int(row[column]):>6}" for name, column in used if pd.notna(row[column])]
    lines.append(f"  hash of the sample     {row['sample_hash']}")
    return "\n".join(lines)


def _conditions(found: Trace) -> str:
    name = found.estimate["sample"]
    split = found.study.splits.get(name) if found.model and name in found.model.splits else None
    if found.model and split is not None:
        sign, limit = ("<", split.below) if split.at_most is None else ("<=", split.at_most)
        bound = f"{sign} {limit}" if isinstance(limit, str) else f"{sign} {limit:g}"
        return f"{' '.join(found.model.samples)}, low if {split.variable} {bound}, else high"
    sample = found.study.samples.get(name)
    if sample is None or not sample.conditions:
        return "every analysed person"
    words = {"below": "<", "at_most": "<=", "at_least": ">=", "above": ">", "equals": "="}
    return " and ".join(
        f"{condition.variable} {sign} {getattr(condition, bound):g}"
        for condition in sample.conditions
        for bound, sign in words.items()
        if getattr(condition, bound) is not None
    )


def _describe_chain(chain: list[Link]) -> str:
    lines = [f"  {'  ' * link.depth}{link.path}  {link.sha256[:16]}  ({link.origin})" for link in chain]
    return "\n".join(["FILES     each checked now against the record of the stage that read it", *lines])


def _describe_sum(found: Trace, cells_path: Path) -> str:
    parts = found.decomposition
    terms = math.fsum([parts.constant, *(parts.terms["weight"] * parts.terms["outcome"])])
    return "\n".join(
        [
            "SUM",
            _wrap(parts.identity),
            f"  estimate                                          {found.estimate['estimate']: .15f}",
            f"  sum over {len(parts.terms):>6} {parts.unit:<12} of weight x outcome  {terms: .15f}",
            f"  sum over {len(parts.cells):>6} cells of the received files         {parts.total: .15f}",
            f"  gap                                               {found.gap: .1e}   (limit {found.gap_limit:.0e})",
            f"  the cells: {cells_path}",
        ]
    )


def _wrap(text: str) -> str:
    return textwrap.fill(text, WIDTH, initial_indent="  ", subsequent_indent="  ")


def main() -> int:
    """Print the trace of the number given on the command line and write its cells beside the derived tables."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.audit.trace", description=__doc__)
    parser.add_argument("cell_id")
    parser.add_argument("--raw", type=Path, required=True)
    parser.add_argument("--derived", type=Path, required=True)
    arguments = parser.parse_args()
    try:
        if not arguments.cell_id:
            raise InputError("trace: no address given. Say make trace ID=figure_3_3/all/sickness_benefit/45.")
        found = trace(arguments.cell_id, arguments.raw, arguments.derived)
        target = arguments.derived / "trace" / f"{arguments.cell_id.replace('/', '__')}.csv"
        cells = found.decomposition.cells
        located = cells.assign(file=[str(arguments.raw / name) for name in cells["file"]])
        write_if_changed(target, located.to_csv(index=False).encode())
        print(describe(found, target))
        if not abs(found.gap) < found.gap_limit:
            raise InputError(f"trace: the cells do not give the number back: the gap is {found.gap:.1e}. Report this.")
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
