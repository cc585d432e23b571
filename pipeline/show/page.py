"""The report page: the message, the exhibits and how to trace a number, in one file that asks for no other."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError
from pipeline.settings.exhibits import Exhibits, fill, in_language
from pipeline.settings.extract import Extract
from pipeline.show.conclusions import Conclusion, build_conclusions
from pipeline.show.drawings import Drawing
from pipeline.show.effects import tell
from pipeline.show.figure_numbers import figure_table, flow_lines, map_lines
from pipeline.show.findings import Result, build_results
from pipeline.show.table_formats import html_number, write_html
from pipeline.show.tables import Line, Table
from pipeline.show.terms import build_terms, link_terms
from pipeline.show.texts import Text
from pipeline.show.typeface import font_faces
from pipeline.show.words import INTERFACE, Words

if TYPE_CHECKING:
    import pandas as pd
    from jinja2 import Template

TEMPLATES = Path(__file__).parent


def write_table_page(table: Table) -> str:
    """One table as a page of its own."""
    return page_template("table.html.j2").render(
        table=table, element=as_markup(write_html(table)), words=INTERFACE[table.language]
    )


def write_page(
    exhibits: Exhibits,
    drawings: Mapping[str, Drawing],
    pictures: Mapping[str, str],
    tables: Mapping[str, Table],
    shown: pd.DataFrame,
    known: Words,
    extract: Extract,
    language: str,
    checks: Sequence[Mapping[Any, str]] = (),
    *,
    has_population: bool = False,
    head: str = "",
) -> str:
    """The page with every exhibit in the order of exhibits.toml.

    `pictures` holds the SVG of each figure; `shown` are the numbers shown; `known` the words of words.json; `checks`
    the rows of checks.csv. has_population: whether the page of the population is there to be led to. head: that of the
    chain of records.
    """
    page, words, telling = exhibits.page, known.texts, tell(exhibits, shown, known, language)
    texts = dict(zip(shown["cell_id"], shown["text"], strict=True))
    numbers = {cell_id: html_number(cell_id, text, language, is_anchor=False) for cell_id, text in texts.items()}
    filled = {**numbers, **{name: html.escape(word) for name, word in words.items()}}

    def paragraphs(name: str) -> list[Any]:
        words = in_language(page, name, language)
        paragraphs = [words] if isinstance(words, str) else words
        return [as_markup(fill(html.escape(text, quote=False), filled)) for text in paragraphs if text]

    sections = {name: _figure_section(drawings[name], pictures[name]) for name in exhibits.figures}
    sections |= {name: _table_section(table) for name, table in tables.items()}
    placed = set(re.findall(r'<data id="([^"]+)"', "".join(section["table"] for section in sections.values())))
    terms = build_terms(exhibits, known, language)
    marker = Marker(language, link_terms(terms), placed)
    return page_template("page.html.j2").render(
        language=language,
        terms=terms,
        fonts=as_markup(font_faces()),
        ui=INTERFACE[language],
        synthetic=words["synthetic"],
        title=fill(in_language(page, "title", language), words),
        label=words["extract"],
        lede=paragraphs("lede"),
        findings=[marker.finding(result) for result in build_results(telling)],
        conclusions=[marker.conclusion(conclusion) for conclusion in build_conclusions(telling)],
        trial=paragraphs("trial"),
        reading=paragraphs("reading"),
        trace=paragraphs("trace"),
        checks=gather_checks(checks, language),
        source=words["source"],
        extract=extract,
        is_annex=page.is_annex,
        has_population=has_population,
        head=head,
        chapters=[
            (in_language(chapter, "title", language), [marker.section(sections[name]) for name in names])
            for chapter in page.chapters
            if (names := [name for name in exhibits.order if name.split("_")[1] == str(chapter.number)])
        ],
    )


def gather_checks(checks: Sequence[Mapping[Any, str]], language: str) -> dict[str, Any]:
    """What the page says of the checks of the data: how many rules pass, what is suspicious, and what was not seen."""
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


@dataclass(frozen=True)
class Marker:
    """Writes texts as HTML: `linked` their words; `placed` are the numbers of which the page has the anchor already."""

    language: str
    linked: Callable[[str], str]
    placed: set[str]

    def mark(self, text: Text) -> Any:
        """A text, each number with its address, which is an anchor where the page has none yet."""
        parts = []
        for part in text:
            if isinstance(part, str):
                parts.append(self.linked(part))
            else:
                is_anchor = part.cell_id not in self.placed
                parts.append(html_number(part.cell_id, part.text, self.language, is_anchor=is_anchor))
                self.placed.add(part.cell_id)
        return as_markup("".join(parts))

    def finding(self, result: Result) -> dict[str, Any]:
        """A main result with its texts as HTML."""
        return {
            **vars(result),
            **{name: self.mark(getattr(result, name)) for name in ("headline", "sentence", "facts")},
        }

    def conclusion(self, conclusion: Conclusion) -> dict[str, Any]:
        """A conclusion with its texts as HTML."""
        texts = {name: [self.mark(text) for text in getattr(conclusion, name)] for name in ("sentences", "basis")}
        return {**vars(conclusion), **texts}

    def section(self, section: dict[str, Any]) -> dict[str, Any]:
        """An exhibit with the words of its note as HTML."""
        return {**section, "note": as_markup(self.linked(section["note"]))}


def _figure_section(drawing: Drawing, picture: str) -> dict[str, Any]:
    table = figure_table(drawing)
    files = [f"figures/{drawing.name}.{kind}" for kind in ("png", "svg", "csv")]
    return {
        "name": drawing.name,
        "number": drawing.number,
        "title": drawing.title,
        "note": drawing.note,
        "picture": as_markup(inline_picture(picture, drawing.name, describe(drawing))),
        "table": as_markup(write_html(table)) if table else "",
        "files": files,
    }


def _table_section(table: Table) -> dict[str, Any]:
    return {
        "name": table.name,
        "number": table.number,
        "title": table.title,
        "note": table.note,
        "picture": "",
        "table": as_markup(write_html(table)),
        "files": [f"tables/{table.name}.{kind}" for kind in ("csv", "html", "tex")],
    }


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


def inline_picture(svg: str, name: str, description: str) -> str:
    """An SVG as an element of the page: its panels alone, identifiers of its own, and a description to read aloud."""
    view = re.search(r'<view id="panels" viewBox="([^"]+)"/>', svg)
    if view is None:
        raise InputError(f"{name}.svg: no view of its panels. Draw the figure again.")
    body = svg[svg.index(">", svg.index("<svg ")) + 1 :].replace(view[0], "")
    body = re.sub(r'<metadata>.*?</metadata>|<style id="fonts".*?</style>', "", body, flags=re.DOTALL)
    body = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', body)
    body = re.sub(r'(?:xlink:)?href="#([^"]+)"', rf'href="#{name}-\1"', body)
    body = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", body)
    return f'<svg viewBox="{view[1]}" role="img" aria-label="{html.escape(description)}">{body.strip()}'


def page_template(name: str, folder: Path = TEMPLATES) -> Template:
    """A template of a folder, which may include those of this one; a name that is not filled in is an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader([folder, TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def as_markup(text: str) -> Any:
    """Text that is HTML already."""
    from markupsafe import Markup

    return Markup(text)
