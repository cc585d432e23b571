"""A trace, and a person's history, as a page of its own: one file that asks the network for nothing.

It holds persons, so it lies beside the derived tables and never under reports/.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.audit.build import Build
from pipeline.audit.ends import say_end, say_kind_of_end
from pipeline.audit.evidence import RootOfSquares, Sum
from pipeline.audit.history import History
from pipeline.audit.statistics import NAMES, Number
from pipeline.audit.strips import lay_out_weeks, members_of
from pipeline.audit.text import say_kind, say_purpose
from pipeline.audit.traced import Trace
from pipeline.audit.words import FORMULAS_DA, READ_AGAIN, RESAMPLED_DA, STATISTICS_DA, WORDS
from pipeline.settings.exhibits import in_language
from pipeline.settings.extract import is_register
from pipeline.show.numbers import MINUS, POINT
from pipeline.show.page import page_template

TEMPLATES = Path(__file__).parent
SHOWN = 20  # persons whose cells are shown one by one
MOST_LISTED = 2000  # persons whose cells are shown in runs: a page of more would take a browser too long
STATISTICS = ("estimate", "se", "p_value", "ci_low", "ci_high", "df", "n", "n_treated", "n_control", "n_clusters")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def write_number_page(found: Trace) -> str:
    """The page of a number: what the text of a trace says, and the cells of the persons behind it."""
    build, number, cell = found.build, found.number, found.cell
    language = build.language
    model, sample = build.model_of(found.estimate)
    shown = build.shown[build.shown["cell_id"] == cell["cell_id"]]
    return page_template("number.html.j2", TEMPLATES).render(
        **_common(build),
        cell=cell,
        label=build.label(shown)[0],
        title=in_language(build.exhibit(cell["exhibit"]), "title", language),
        statistic=_statistic(number.statistic, language),
        rows=[(_statistic(name, language), _digits(found.estimate[name], language, 12))
              for name in STATISTICS if pd.notna(found.estimate[name])],
        estimate=found.estimate,
        model=model,
        model_name=in_language(model, "name", language),
        purpose=say_purpose(model, sample, language),
        model_words=in_language(model, "words", language),
        flow=list(_flow(found.estimate, build, language)),
        chain=found.chain,
        parts=[_part(name, part, found, language) for name, part in number.parts.items()],
        equation=model.told("equation", language),
        formula=say_formula(number, language),
        made_of=number.lines,
        result=[_digits(value, language, 15) for value in (number.value, number.total, number.gap)],
        ends=_ends(found.ends, language),
        again=[(READ_AGAIN[language], f"{found.compared}"), *_again(found, build)],
        unread=found.unread,
    )  # fmt: skip


def say_formula(number: Number, language: str) -> str:
    """The formula of a statistic in words."""
    own = FORMULAS_DA.get(number.statistic) or RESAMPLED_DA.get(number.statistic.partition("_")[0])
    return own if language == "da" and own else number.formula


def _again(found: Trace | History, build: Build) -> list[tuple[str, str]]:
    """By kind how many derived values were made again."""
    kinds = found.made_again.items()
    return [(say_kind(kind, build.study, build.language), str(number)) for kind, number in kinds]


def write_list_page(asked: str, listed: pd.DataFrame, build: Build) -> str:
    """The page of the numbers of an exhibit, or of a part of one: address, text, and what each is."""
    language = build.language
    title = in_language(build.exhibit(str(listed["exhibit"].iloc[0])), "title", language)
    rows = zip(listed["cell_id"], listed["text"], listed["statistic"], listed["label"], strict=True)
    return page_template("list.html.j2", TEMPLATES).render(
        **_common(build),
        asked=asked,
        title=title,
        rows=[(cell_id, text, f"{_statistic(kind, language)}: {label}") for cell_id, text, kind, label in rows],
    )


def _common(build: Build) -> dict[str, Any]:
    language = build.language
    return {
        "language": language,
        "words": WORDS[language],
        "extract": build.extract.label_da if language == "da" and build.extract.label_da else build.extract.label,
        "cluster_name": _cluster_name(build, language),
    }


def _cluster_name(build: Build, language: str) -> str:
    cluster = build.study.design.cluster
    return str(in_language(cluster, "singular", language)) if cluster else str(WORDS[language]["person"])


def _statistic(name: str, language: str) -> str:
    return STATISTICS_DA[name] if language == "da" else NAMES.get(name, name)


def say_part(name: str, language: str) -> str:
    """What a part of a number is called: most are statistics, by their English names."""
    return _statistic({called: own for own, called in NAMES.items()}.get(name, name), language)


def _digits(value: Any, language: str, digits: int = 6) -> str:
    """A number to some significant digits, with the minus and the decimal mark of the language."""
    return f"{float(value):.{digits}g}".replace("-", MINUS).replace(".", POINT[language])


def _flow(estimate: Mapping[Any, Any], build: Build, language: str) -> Iterator[tuple[str, str]]:
    """From everybody randomised to those analysed, and what the estimate uses of them."""
    reasons, study = build.exclusions["reason"].value_counts(), build.study
    yield "randomised" if language == "en" else "randomiseret", str(len(build.exclusions))
    for reason in study.reasons:
        yield reason, f"{MINUS}{int(reasons.get(reason, 0))}"
    yield "analysed" if language == "en" else "analyseret", str(int(reasons["analysed"]))
    for name in ("n", "n_treated", "n_control", "n_clusters"):
        if pd.notna(estimate[name]):
            yield _statistic(name, language), str(int(estimate[name]))


def _part(name: str, part: Sum | RootOfSquares, found: Trace, language: str) -> dict[str, Any]:
    """What a part of a number is in words and numbers, and the persons behind it."""
    build = found.build
    files = [file.path for role, file in build.extract.files.items() if is_register(role)]
    members = members_of(part, files, MOST_LISTED)
    arms = dict(zip(build.exclusions["person"], build.exclusions["treated"], strict=True))
    design = build.study.design
    labels = [str(in_language(arm, "label", language)) for arm in (design.control, design.treated)]
    whole = len(part.by_person)
    return {
        "name": say_part(name, language),
        "identity": part.squares.identity if isinstance(part, RootOfSquares) else part.terms.identity,
        "lines": list(_totals(part, language)),
        "members": [
            {
                "person": member.person,
                "arm": labels[int(arms[member.person])],
                "contribution": _digits(member.contribution, language),
                "places": member.places,
                "boxes": member.boxes,
                "runs": member.runs,
            }
            for member in members
        ],
        "shown": SHOWN,
        "more": whole - len(members),
        "clusters": list(_clusters(part, language)) if isinstance(part, RootOfSquares) else [],
    }


def _totals(part: Sum | RootOfSquares, language: str) -> Iterator[tuple[str, str]]:
    words = WORDS[language]
    if isinstance(part, Sum):
        if part.terms.constant:
            yield words["constant"], _digits(part.terms.constant, language, 15)
        table, unit = part.terms.table, part.terms.unit
    else:
        yield "factor", part.squares.factor_words
        table, unit = part.squares.table, part.squares.unit
    yield words["of_terms"].format(count=len(table), unit=unit), _digits(part.total_of_terms, language, 15)
    if len(part.cells):
        yield words["of_cells"].format(count=len(part.cells)), _digits(part.total, language, 15)


def _clusters(part: RootOfSquares, language: str) -> Iterator[dict[str, Any]]:
    """Scores as bars, the longest a half of the width: those that are few enough, else those that count most."""
    ordered = part.clusters.sort_values("part", ascending=False)
    shown = ordered if part.squares.is_listed else ordered.iloc[:SHOWN]
    longest = float(shown["score"].abs().max()) or 1.0
    for name, score, share in zip(shown.index, shown["score"], shown["part"], strict=True):
        width = f"{50 * abs(score) / longest:.2f}"
        yield {
            "name": name,
            "score": _digits(score, language),
            "share": f"{share:.2%}".replace(".", POINT[language]),
            "width": width,
            "side": "minus" if score < 0 else "plus",
        }


def _ends(ends: pd.DataFrame | None, language: str) -> dict[str, Any] | None:
    if ends is None:
        return None
    counts = ", ".join(
        f"{count} {say_kind_of_end(str(end), language)}" for end, count in ends["end"].value_counts().items()
    )
    listed = ends.iloc[:MOST_LISTED]
    return {
        "summary": f"{WORDS[language]['ends_of'].format(count=len(ends))}: {counts}",
        "rows": [(row["person"], say_end(row, language)) for row in listed.to_dict("records")],
    }


def write_person_page(history: History, build: Build) -> str:
    """The page of a person: the draw, answers, scores, outcomes, and every register week."""
    letters = dict(zip(history.states, LETTERS, strict=False))
    return page_template("person.html.j2", TEMPLATES).render(
        **_common(build),
        history=history,
        letters=letters,
        weeks=list(lay_out_weeks(history.weeks, letters)),
        ends=[say_end(row, build.language) for row in history.ends.to_dict("records")],
        again=_again(history, build),
        unread=history.unread,
    )
