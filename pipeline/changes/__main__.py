"""What changed from one extract to another, what moved, and why: make diff FROM=twin EXTRACT=2018q2."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from pipeline.audit.compare import Comparison, compare
from pipeline.cells import write_frame
from pipeline.changes.addresses import find_addresses
from pipeline.changes.built import Built, read_built
from pipeline.changes.causes import explain
from pipeline.changes.derived import compare_derived
from pipeline.changes.differences import (
    Section,
    compare_answers,
    compare_cells,
    compare_draws,
    compare_names,
    compare_persons,
    compare_weeks,
)
from pipeline.changes.linked import link_persons
from pipeline.changes.resampled import say_resampled
from pipeline.changes.settings import compare_files, compare_settings
from pipeline.changes.short import Result, say_in_short, say_moves
from pipeline.changes.words import say_explanation, say_kinds, say_linked, say_sections, tabulate
from pipeline.errors import InputError, command
from pipeline.estimate.estimators import ESTIMATORS, checked_models
from pipeline.pseudonyms.linkage import read_numbers, renamed, same_persons
from pipeline.runner.inputs import load_input
from pipeline.settings.described import read_exhibits
from pipeline.settings.exhibits import fill, finding_words, in_language
from pipeline.storage import write_if_changed


def compare_inputs(old: Built, new: Built, common: Collection[int]) -> Iterator[Section]:
    """Every subject: files, persons, weeks, cells, answers, names, draws, settings, and the derived tables."""
    yield compare_files(old, new)
    yield compare_persons(old, new, common)
    yield from compare_weeks(old, new)
    yield from compare_cells(old, new, common)
    yield from compare_answers(old, new, common)
    yield compare_names(old, new, common)
    yield compare_draws(old, new, common)
    yield compare_settings(old, new)
    yield from compare_derived(old, new, common)


def find_moves(old: Built, new: Built) -> Comparison:
    """The estimates that moved, with the earlier standard error `se` of each."""
    iterated = {
        name
        for built in (old, new)
        for name, model in checked_models(built.settings["models"], built.settings["study"].design).items()
        if ESTIMATORS[model.estimator].is_iterated
    }
    found = compare(old.estimates, new.estimates, iterated)
    errors = old.estimates.set_index("estimate_id")["se"]
    return Comparison(found.changes.assign(se=found.changes["estimate_id"].map(errors)), found.counts)


def compare_builds(
    old: Built,
    new: Built,
    shown: pd.DataFrame,
    results: Sequence[Result],
    out: Path,
    before: pd.DataFrame | None = None,
) -> Iterator[str]:
    """Compare two builds in words, line by line, and write the tables to `out`.

    `shown` has cell_id, estimate_id and statistic of the numbers that the later one shows, `results` its findings;
    `before` those that the earlier shows, if it was built so far.
    """
    linked = link_persons(old.tables, new.tables)
    yield from say_linked(old, new, linked)
    sections = list(compare_inputs(old, new, linked.common))
    yield from say_sections(sections)
    found = find_moves(old, new)
    both = len(set(old.estimates["estimate_id"]) & set(new.estimates["estimate_id"]))
    differ = f"{len(found.changes):,} differ, of {sum(found.counts.values()):,}; {both:,} are in both"
    yield f"estimates: {differ}" + (f": {say_kinds(found.changes)}" if len(found.changes) else "")
    moves = found.changes.assign(address=find_addresses(found.changes, shown, before, old.name))
    yield from say_moves(moves, found.counts)
    explanation = explain(old, new, linked.common, moves, _say_progress) if len(moves) else None
    if explanation is not None:
        moves = explanation.moves
        yield from say_explanation(explanation)
    compared, differences = tabulate(sections)
    tables = {"compared": compared, "differences": differences, "estimates": moves}
    for line, table in say_resampled(old.resampled, new.resampled, new.settings["study"].inference.stars):
        yield line
        tables |= {} if table is None else {"resampled": table}
    for name, table in tables.items():
        write_if_changed(out / f"{name}.csv", write_frame(table).encode())
    yield f"{out} holds what was compared, every difference, and every move with its parts, as csv"
    yield from say_in_short(linked, sections, explanation, results, both)


def _results(new: Built, shown: pd.DataFrame, texts: Mapping[str, str]) -> list[Result]:
    """The main results, those findings of the report page that are shown, by the exhibit's title, group and state."""
    exhibits = read_exhibits(load_input(Path(new.study) / "exhibits.toml"))
    page, language = exhibits.page, exhibits.page.languages[0]
    horizon = {"horizon": str(new.settings["study"].time.horizon_weeks)}
    cells = shown.drop_duplicates("cell_id").set_index("cell_id")
    found = []
    for finding in page.findings:
        address = fill(finding.effect, horizon)
        if address in cells.index:
            name, estimate = (str(cells.loc[address, column]) for column in ("exhibit", "estimate_id"))
            exhibit = exhibits.figures.get(name) or exhibits.tables[name]
            said = [finding_words(page, finding, key, language) for key in ("group", "state")]
            said.insert(0, in_language(exhibit, "title", language))
            words = fill(", ".join(part for part in said if part), {**texts, **horizon})
            found.append(Result(address, estimate, words, finding.unit or getattr(exhibit, "unit", "")))
    return found


def _say_progress(what: str) -> None:
    print(f"estimating: {what}", file=sys.stderr, flush=True)


@command
def main() -> None:
    """Say what changed from one built extract to another, and end with 0: that something changed is no error."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.changes", description=__doc__)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--raw", type=Path, required=True, help="received files of the earlier extract")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    if arguments.old == arguments.new:
        raise InputError(f"{arguments.old}: an extract is not compared with itself. Name the earlier one with FROM=.")
    old, new = read_built(arguments.old, arguments.raw), read_built(arguments.new)
    persons = same_persons(read_numbers(arguments.old), read_numbers(arguments.new))
    old = replace(old, tables=renamed(old.tables, persons), derived=renamed(old.derived, persons))
    shown, earlier = load_input(arguments.new / "shown.parquet"), arguments.old / "shown.parquet"
    before = load_input(earlier) if earlier.exists() else None
    words = load_input(arguments.new / "words.json")
    for line in compare_builds(old, new, shown, _results(new, shown, words["texts"]), arguments.out, before):
        print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
