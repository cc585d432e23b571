"""What the report says, before it is a page, a Word file or a PDF: texts, results and exhibits, each written once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError
from pipeline.settings.exhibits import Exhibits, Finding, exhibit_number, fill, finding_words, in_language
from pipeline.settings.extract import Extract
from pipeline.show.drawings import Drawing
from pipeline.show.figure_numbers import figure_table, flow_lines, map_lines
from pipeline.show.missing import tell_missing
from pipeline.show.numbers import MINUS
from pipeline.show.remarks import gather_remarks
from pipeline.show.tables import Line, Shown, Table
from pipeline.show.words import INTERFACE

if TYPE_CHECKING:
    import pandas as pd

Text = tuple[str | Shown, ...]  # words, and numbers that have an address


@dataclass(frozen=True)
class Exhibit:
    """A table; or a figure: its SVG, what it shows in words, and the table of the numbers behind it if there is one."""

    name: str
    number: str
    title: str
    note: str
    table: Table | None
    picture: str = ""
    description: str = ""


@dataclass(frozen=True)
class Result:
    """The parts of one main result; `exhibit` is the name of the one that shows it and `number` what a reader calls it.

    is_clear: whether the interval excludes zero.
    """

    is_lead: bool
    is_clear: bool
    exhibit: str
    number: str
    group: str
    headline: Text
    sentence: str
    interval: Text
    verdict: str


@dataclass(frozen=True)
class Report:
    """Everything that the report says, in one language and in the order of a reader."""

    language: str
    synthetic: str
    label: str
    title: str
    lede: tuple[Text, ...]
    results: tuple[Result, ...]
    trial: tuple[Text, ...]
    reading: tuple[Text, ...]
    trace: tuple[Text, ...]
    chapters: tuple[tuple[str, tuple[Exhibit, ...]], ...]
    checks: Mapping[str, Any]
    missing: str
    source: str
    extract: Extract
    is_annex: bool
    unplaced: Mapping[str, list[str]]  # by the map, the names for which no place on it is known

    @property
    def exhibits(self) -> list[Exhibit]:
        """The exhibits of every chapter."""
        return [exhibit for _, exhibits in self.chapters for exhibit in exhibits]

    @property
    def data(self) -> str:
        """The extract: its name, its label and the version of the register."""
        return ", ".join(filter(None, [self.extract.name, self.label, self.extract.register_version]))


def build_report(
    exhibits: Exhibits,
    drawings: Mapping[str, Drawing],
    pictures: Mapping[str, str],
    tables: Mapping[str, Table],
    shown: pd.DataFrame,
    words: Mapping[str, str],
    extract: Extract,
    language: str,
    checks: Sequence[Mapping[Any, str]] = (),
) -> Report:
    """The report with every exhibit in the order of exhibits.toml.

    `pictures` holds the SVG of each figure; `shown` are the numbers shown; `words` the common placeholders; `checks`
    the rows of checks.csv.
    """
    page = exhibits.page
    numbers = {cell_id: Shown(cell_id, "", text) for cell_id, text in zip(shown["cell_id"], shown["text"], strict=True)}

    def paragraphs(name: str) -> tuple[Text, ...]:
        said = in_language(page, name, language)
        return tuple(_filled(text, words, numbers) for text in ([said] if isinstance(said, str) else said) if text)

    parts = {name: _figure(drawings[name], pictures[name]) for name in exhibits.figures}
    parts |= {name: Exhibit(name, table.number, table.title, table.note, table) for name, table in tables.items()}
    return Report(
        language=language,
        synthetic=words["synthetic"],
        label=words["extract"],
        title=fill(in_language(page, "title", language), words),
        lede=paragraphs("lede"),
        results=tuple(_result(finding, exhibits, shown, words, language) for finding in page.findings),
        trial=paragraphs("trial"),
        reading=paragraphs("reading"),
        trace=paragraphs("trace"),
        chapters=tuple(
            (in_language(chapter, "title", language), tuple(parts[name] for name in names))
            for chapter in page.chapters
            if (names := [name for name in exhibits.order if name.split("_")[1] == str(chapter.number)])
        ),
        checks=gather_checks(checks, language),
        missing=tell_missing(shown, language),
        source=words["source"],
        extract=extract,
        is_annex=page.is_annex,
        unplaced={name: drawing.unplaced for name, drawing in drawings.items()},
    )


def plain(text: Text) -> str:
    """A text as it is read."""
    return "".join(part if isinstance(part, str) else part.text for part in text)


def _filled(text: str, words: Mapping[str, str], numbers: Mapping[str, Shown]) -> Text:
    """A text of the settings with its placeholders filled in: words by words, the address of a number by the number."""
    parts = re.split(r"(\{[^{}]+\})", text)
    return tuple(numbers[part[1:-1]] if part[1:-1] in numbers else fill(part, words) for part in parts if part)


def gather_checks(checks: Sequence[Mapping[Any, str]], language: str) -> dict[str, Any]:
    """What is said of the checks of the data: how many rules pass, what is suspicious, and what was not seen."""
    if not checks:
        return {}
    counts = Counter(row["state"] for row in checks)
    spoken = ("looks_at", "said", "remedy")
    told = {
        state: [
            {"where": _where(row, language), **{name: row[f"{name}_{language}"] for name in spoken}}
            for row in checks
            if row["state"] == state
        ]
        for state in ("suspicious", "not_applicable")
    }
    summary = INTERFACE[language]["checks_passed"].format(passed=counts["passes"], rules=len(checks))
    return {"summary": summary, **told}


def _where(row: Mapping[Any, str], language: str) -> str:
    """File and column of the first that fails; a line is one person's, so checks.csv alone has it."""
    column = f"{INTERFACE[language]['column']} {row['column']}" if row["column"] else ""
    return ", ".join(filter(None, [Path(row["file"]).name, column]))


def _result(
    finding: Finding, exhibits: Exhibits, shown: pd.DataFrame, words: Mapping[str, str], language: str
) -> Result:
    """One main result; its words follow the sign of the effect and whether the interval holds zero.

    A missing effect has no size, and the reason in place of the interval.
    """
    page, address = exhibits.page, fill(finding.effect, words)
    found = {limit: _row_of(shown, address, limit) for limit in ("", "ci_low", "ci_high")}
    effect = found[""]
    if effect is None:
        raise InputError(f"exhibits.toml [page]: the finding {address} is not the address of a number. Mend it.")
    limits = [row for row in (found["ci_low"], found["ci_high"]) if row is not None and not isnan(row["value"])]
    is_clear = len(limits) == 2 and bool(limits[0]["value"] > 0 or limits[1]["value"] < 0)
    headline: Text = (INTERFACE[language]["no_estimate"],)
    interval: Text = ()
    if isnan(effect["value"]):
        verdict = gather_remarks(effect.to_frame().T, words, language)
    else:
        size = Shown(effect["cell_id"], "", effect["text"].lstrip(MINUS))
        said = finding_words(page, finding, "less" if effect["value"] < 0 else "more", language)
        headline = _filled(said, {}, {"size": size})
        verdict = INTERFACE[language]["no_interval"]
    if len(limits) == 2:
        ends = {end: Shown(row["cell_id"], "", row["text"]) for end, row in zip(("low", "high"), limits, strict=True)}
        interval = _filled(in_language(page, "interval", language), words, ends)
        verdict = in_language(page, "significant" if is_clear else "not_significant", language)
    state = in_language(finding, "state", language)
    return Result(
        is_lead=finding.is_lead,
        is_clear=is_clear,
        exhibit=address.split("/")[0],
        number=exhibit_number(address.split("/")[0], language),
        group=in_language(finding, "group", language),
        headline=headline,
        sentence=fill(finding_words(page, finding, "finding", language), {**words, "state": state}),
        interval=interval,
        verdict=verdict,
    )


def _row_of(shown: pd.DataFrame, address: str, statistic: str) -> pd.Series | None:
    """The number at an address, or another statistic of the same estimate; None if it is not shown."""
    other = f"{address.removesuffix('/estimate')}/{statistic}"
    found = shown[shown["cell_id"] == (other if statistic else address)]
    return None if found.empty else found.iloc[0]


def _figure(drawing: Drawing, picture: str) -> Exhibit:
    described = describe(drawing)
    return Exhibit(drawing.name, drawing.number, drawing.title, drawing.note, figure_table(drawing), picture, described)


def describe(drawing: Drawing) -> str:
    """A text in place of the picture: what is drawn, and where each curve begins and ends."""
    week = INTERFACE[drawing.language]["week"]
    parts = [f"{drawing.number}. {drawing.title}."]
    lines = {"flow": flow_lines, "map": map_lines}.get(drawing.settings.kind)
    if lines:
        parts += [f"{line.label}: {', '.join(_boxes(drawing, line))}." for line in lines(drawing)]
    for panel in drawing.panels:
        parts.append(f"{panel.title}: {panel.y_label}. {panel.x_label}. {panel.size}".rstrip(". ") + ".")
        if drawing.settings.first_week is not None:
            parts += [
                f"{curve.legend}: {curve.first} ({week} {curve.x[0]:.0f}), {curve.last} ({week} {curve.x[-1]:.0f})."
                for curve in panel.curves
            ]
    return " ".join(parts)


def _boxes(drawing: Drawing, line: Line) -> Iterator[str]:
    for series, numbers in zip(drawing.settings.series, line.cells, strict=True):
        yield from (f"{in_language(series, 'label', drawing.language)} {shown.text}" for shown in numbers)


def panels_of(exhibit: Exhibit) -> tuple[str, str]:
    """The panels of a figure alone, without the title and note on its picture: their view box and the SVG inside it.

    InputError if the SVG has no view of its panels.
    """
    view = re.search(r'<view id="panels" viewBox="([^"]+)"/>', exhibit.picture)
    if view is None:
        raise InputError(f"{exhibit.name}.svg: no view of its panels. Draw the figure again.")
    body = exhibit.picture[exhibit.picture.index(">", exhibit.picture.index("<svg ")) + 1 :].replace(view[0], "")
    return view[1], re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
