"""What the report says, before it is a page, a Word file or a PDF: texts, results and exhibits, each written once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError
from pipeline.settings.exhibits import Exhibits, fill, in_language
from pipeline.settings.extract import Extract
from pipeline.show.claims import Surety, tell_surety
from pipeline.show.conclusions import Conclusion, build_conclusions
from pipeline.show.drawings import Drawing
from pipeline.show.effects import tell
from pipeline.show.estimands import Lines, gather_estimands
from pipeline.show.figure_numbers import figure_table, flow_lines, map_lines
from pipeline.show.findings import Result, build_results
from pipeline.show.legends import build_legends, fits_phone
from pipeline.show.missing import tell_missing
from pipeline.show.tables import Line, Shown, Table
from pipeline.show.terms import Term, build_terms
from pipeline.show.texts import Text, fill_text
from pipeline.show.words import INTERFACE, Words

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Exhibit:
    """A table; or a figure: its SVG, what it shows in words, and the table of the numbers behind it if there is one.

    legends: those of the figure for a page; fits_phone: whether the picture can be read at the width of a phone.
    """

    name: str
    number: str
    title: str
    note: str
    table: Table | None
    picture: str = ""
    description: str = ""
    legends: tuple[Mapping[str, Any], ...] = ()
    fits_phone: bool = False


@dataclass(frozen=True)
class Report:
    """Everything that the report says, in one language and in the order of a reader."""

    language: str
    synthetic: str
    label: str
    title: str
    lede: tuple[Text, ...]
    results: tuple[Result, ...]
    estimands: tuple[Lines, ...]
    conclusions: tuple[Conclusion, ...]
    surety: Surety | None
    trial: tuple[Text, ...]
    reading: tuple[Text, ...]
    trace: tuple[Text, ...]
    terms: tuple[Term, ...]
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
    known: Words,
    extract: Extract,
    language: str,
    checks: Sequence[Mapping[Any, str]] = (),
) -> Report:
    """The report with every exhibit in the order of exhibits.toml.

    `pictures` holds the SVG of each figure; `shown` are the numbers shown; `known` the words of words.json; `checks`
    the rows of checks.csv.
    """
    page, words, telling = exhibits.page, known.texts, tell(exhibits, shown, known, language)
    shown_at = zip(shown["cell_id"], shown["text"], strict=True)
    numbers: dict[str, Text] = {cell_id: (Shown(cell_id, "", text),) for cell_id, text in shown_at}

    def paragraphs(name: str) -> tuple[Text, ...]:
        said = in_language(page, name, language)
        return tuple(fill_text(text, words, numbers) for text in ([said] if isinstance(said, str) else said) if text)

    parts = {name: _figure(drawings[name], pictures[name]) for name in exhibits.figures}
    parts |= {name: Exhibit(name, table.number, table.title, table.note, table) for name, table in tables.items()}
    return Report(
        language=language,
        synthetic=words["synthetic"],
        label=words["extract"],
        title=fill(in_language(page, "title", language), words),
        lede=paragraphs("lede"),
        results=build_results(telling),
        estimands=gather_estimands(telling),
        conclusions=build_conclusions(telling),
        surety=tell_surety(telling),
        trial=paragraphs("trial"),
        reading=paragraphs("reading"),
        trace=paragraphs("trace"),
        terms=build_terms(exhibits, known, language),
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


def _figure(drawing: Drawing, picture: str) -> Exhibit:
    return Exhibit(
        drawing.name,
        drawing.number,
        drawing.title,
        drawing.note,
        figure_table(drawing),
        picture,
        describe(drawing),
        tuple(build_legends(drawing)),
        fits_phone(drawing),
    )


def describe(drawing: Drawing) -> str:
    """A text in place of the picture: what is drawn, and where each curve begins and ends."""
    week = INTERFACE[drawing.language]["week"]
    parts = [f"{drawing.number}. {drawing.title}."]
    lines = {"flow": flow_lines, "map": map_lines}.get(drawing.settings.kind)
    if lines:
        parts += [f"{line.label}: {', '.join(_boxes(drawing, line))}." for line in lines(drawing)]
    for panel in drawing.panels:
        said = filter(None, [f"{panel.title}: {panel.y_label}", panel.x_label, panel.size, panel.test])
        parts.append(f"{'. '.join(said)}.")
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
    """The panels of a figure alone, without title, note and fonts of its picture: view box, and the SVG inside it.

    InputError if the SVG has no view of its panels.
    """
    view = re.search(r'<view id="panels" viewBox="([^"]+)"/>', exhibit.picture)
    if view is None:
        raise InputError(f"{exhibit.name}.svg: no view of its panels. Draw the figure again.")
    body = exhibit.picture[exhibit.picture.index(">", exhibit.picture.index("<svg ")) + 1 :].replace(view[0], "")
    return view[1], re.sub(r'<metadata>.*?</metadata>|<style id="fonts".*?</style>', "", body, flags=re.DOTALL)
