"""A trace as text that can be read without reading code: number, estimate, model, sample, files, sum."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from pipeline.audit.build import Build
from pipeline.audit.ends import say_end
from pipeline.audit.evidence import RootOfSquares, Sum
from pipeline.audit.lineage import Link
from pipeline.audit.statistics import NAMES, Number
from pipeline.audit.words import KINDS, READ_AGAIN
from pipeline.estimate.inference import STATISTICS
from pipeline.settings.exhibits import in_language
from pipeline.settings.models import Model
from pipeline.settings.study import Study
from pipeline.show.purposes import PURPOSES, REASONS

WIDTH = 110
SHOWN = 10  # of the persons or person-weeks of a standard error; teams are all shown

Row = Mapping[Any, Any]


def describe(
    cell: Row, estimate: Row, number: Number, chain: Sequence[Link], build: Build, ends: pd.DataFrame | None = None
) -> str:
    """The whole trace of a number shown; `ends` are those of the durations behind it."""
    model, sample = build.model_of(estimate)
    parts = [
        _describe_number(cell, estimate, number),
        _describe_model(model, sample),
        _describe_sample(estimate, model, sample, build),
        _describe_chain(chain),
        _describe_parts(number),
        *([] if ends is None else [_describe_ends(ends, number)]),
    ]
    return "\n\n".join(parts)


def _describe_number(cell: Row, row: Row, number: Number) -> str:
    numbers = [("estimate", row["estimate"]), ("standard error", row["se"]), ("p-value", row["p_value"])]
    numbers += [("lower limit", row["ci_low"]), ("upper limit", row["ci_high"]), ("degrees of freedom", row["df"])]
    lines = [f"  {name:<20}{value:.12g}" for name, value in numbers if pd.notna(value)]
    note = [f"  note                {row['note']}"] if row["note"] else []
    known = [name for name in STATISTICS if pd.notna(row.get(name))]
    beside = ["BESIDE IT, by resampling", *(f"  {NAMES[name]:<48}{row[name]:.6g}" for name in known)] if known else []
    return "\n".join(
        [
            f"NUMBER    {cell['cell_id']}",
            f"  as shown            {cell['text']}   (statistic: {NAMES[number.statistic]})",
            f"  value               {cell['value']:.12g}   (equal to that of the estimate, and written as it is shown)",
            f"ESTIMATE  {cell['estimate_id']}",
            *lines,
            *note,
            *beside,
        ]
    )


def _describe_model(model: Model, sample: str) -> str:
    lines = [f"MODEL     {model.name}: {model.name_en} ({model.report})", f"  {say_purpose(model, sample, 'en')}"]
    lines.append(f"  {model.equation}")
    if model.covariates:
        lines.append(_wrap(f"X = {', '.join(model.covariates)}"))
    return "\n".join([*lines, _wrap(model.words_en)])


def say_purpose(model: Model, sample: str, language: str) -> str:
    """Whether the analysis was planned or found, and what it is for."""
    own = sample if sample in model.samples or isinstance(model.samples, str) else model.samples[0]
    return f"{REASONS[language][model.reason]}; {PURPOSES[language][model.purpose_of(own)]}"


def _describe_sample(row: Row, model: Model, sample: str, build: Build) -> str:
    reasons = build.exclusions["reason"].value_counts()
    conditions = _conditions(sample, model, build.study)
    lines = [f"SAMPLE    {sample}: {conditions}", f"  randomised             {len(build.exclusions):>6}"]
    lines += [f"  less {reason:<20}{-int(reasons.get(reason, 0)):>4}" for reason in build.study.reasons]
    lines.append(f"  analysed               {int(reasons['analysed']):>6}")
    design = build.study.design
    used = [("observations used", "n"), (f"of them {design.treated.label_en}", "n_treated")]
    used.append((f"of them {design.control.label_en}", "n_control"))
    used.append((design.cluster.plural_en if design.cluster else "clusters", "n_clusters"))
    lines += [f"  {name:<23}{int(row[column]):>6}" for name, column in used if pd.notna(row[column])]
    lines.append(f"  hash of the sample     {row['sample_hash']}")
    return "\n".join(lines)


def _conditions(name: str, model: Model, study: Study) -> str:
    split = study.splits.get(name) if name in model.splits else None
    if split is not None:
        sign, limit = ("<", split.below) if split.at_most is None else ("<=", split.at_most)
        bound = f"{sign} {limit}" if isinstance(limit, str) else f"{sign} {limit:g}"
        return f"{' '.join(model.samples)}, low if {split.variable} {bound}, else high"
    sample = study.samples.get(name)
    if sample is None or not sample.conditions:
        return "every analysed person"
    words = {"below": "<", "at_most": "<=", "at_least": ">=", "above": ">", "equals": "="}
    return " and ".join(
        f"{condition.variable} {sign} {getattr(condition, bound):g}"
        for condition in sample.conditions
        for bound, sign in words.items()
        if getattr(condition, bound) is not None
    )


def _describe_chain(chain: Sequence[Link]) -> str:
    lines = [f"  {'  ' * link.depth}{link.path}  {link.sha256[:16]}  ({link.origin})" for link in chain]
    return "\n".join(["FILES     each checked now against the record of the stage that made or read it", *lines])


def _describe_parts(number: Number) -> str:
    name = NAMES[number.statistic]
    blocks = [_describe_squares(part) if isinstance(part, RootOfSquares) else _describe_sum(part, kind)
              for kind, part in number.parts.items()]  # fmt: skip
    result = [
        f"  {name} = {number.formula}",
        *(f"  {what:<64} {text}" for what, text in number.lines),
        f"  {'as estimated':<56}{number.value: .15g}",
        f"  {'from the parts above':<56}{number.total: .15g}",
        f"  {'gap':<56}{number.gap: .1e}   (limit {number.gap_limit:.0e})",
    ]
    return "\n".join(["SUM", *blocks, "RESULT", *result])


def _describe_sum(part: Sum, kind: str) -> str:
    terms, largest = part.terms, part.by_person.iloc[:SHOWN].items()
    lines = [_wrap(terms.identity)]
    if terms.constant:
        lines.append(f"  {'constant':<56}{terms.constant: .15g}")
    if len(part.cells):
        lines += [
            f"  {f'sum over {len(terms.table)} {terms.unit} of weight x outcome':<56}{part.total_of_terms: .15g}",
            f"  {f'sum over {len(part.cells)} cells of the received files: {kind}':<56}{part.total: .15g}",
            _wrap(f"the largest: {', '.join(f'person {person} {value:.6g}' for person, value in largest)}"),
        ]
    return "\n".join(lines)


def _describe_squares(part: RootOfSquares) -> str:
    squares, clusters = part.squares, part.clusters.sort_values("part", ascending=False)
    members = squares.table.groupby("cluster").size()
    shown = len(clusters) if squares.is_listed else SHOWN
    plural = f"{squares.cluster}s"
    lines = [
        _wrap(f"standard error = square root of factor x sum over {plural} of score squared; {squares.identity}"),
        f"  factor = {squares.factor_words}",
        f"  {squares.cluster:<32}{squares.unit:>14}{'score':>24}{'of the variance':>18}",
    ]
    lines += [
        f"  {name!s:<32}{members[name]:>14}{row.score: 24.12g}{row.part:>18.2%}"
        for name, row in zip(clusters.index[:shown], clusters.itertuples(), strict=False)
    ]
    if len(clusters) > shown:
        lines.append(f"  and {len(clusters) - shown} more {plural}, all in the file of scores")
    return "\n".join(
        [
            *lines,
            f"  {f'root of factor x squares over {len(squares.table)} {squares.unit}':<56}{part.total_of_terms: .15g}",
            f"  {f'the same from {len(part.cells)} cells: standard error':<56}{part.total: .15g}",
        ]
    )


def _describe_ends(ends: pd.DataFrame, number: Number) -> str:
    """How many durations ended how, and the week and cell of those that contribute most."""
    counts = ", ".join(f"{count} {end}" for end, count in ends["end"].value_counts().items())
    order = [person for part in number.parts.values() for person in part.by_person.index]
    first = ends.set_index("person", drop=False).loc[list(dict.fromkeys(order))[:SHOWN]]
    lines = [f"  person {row['person']}: {say_end(row)}" for row in first.to_dict("records")]
    more = [f"  and {len(ends) - len(first)} more persons, all in the file of ends"] if len(ends) > len(first) else []
    return "\n".join([f"ENDS      of {len(ends)} persons: {counts}", *lines, *more])


def describe_received(made_again: Mapping[str, int], unread: str, build: Build, compared: int | None = None) -> str:
    """What was read and made again of the received files, by kind, of which nothing differs."""
    rows = [] if compared is None else [(READ_AGAIN["en"], compared)]
    rows += [(say_kind(kind, build.study, "en"), number) for kind, number in made_again.items()]
    title = "RECEIVED  made again now from the received files by a second program, and the same" + (
        " (NOT DONE)" if unread else "")  # fmt: skip
    lines = [f"  {name:<40}{number:>10,}" for name, number in rows]
    return "\n".join([title, *lines, *([f"  the derived tables were not compared: {unread}"] if unread else [])])


def say_kind(kind: str, study: Study, language: str) -> str:
    """What a kind of derived values is called."""
    names = {grouping.name: in_language(grouping, "plural", language) for grouping in study.design.groupings}
    return str(names.get(kind) or KINDS[language][kind])


def describe_list(shown: pd.DataFrame) -> str:
    """The addresses of some numbers with their text and label, each of which a trace takes."""
    wide = max(map(len, shown["cell_id"]))
    rows = zip(shown["cell_id"], shown["text"], shown["statistic"], shown["label"], strict=True)
    return "\n".join(f"{cell_id:<{wide}}  {text:>12}  {NAMES[kind]}: {label}" for cell_id, text, kind, label in rows)


def _wrap(text: str) -> str:
    return textwrap.fill(text, WIDTH, initial_indent="  ", subsequent_indent="  ")
