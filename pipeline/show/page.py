"""The report page: the message, the exhibits and how to trace a number, in one file that asks for no other."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.show.claims import Surety
from pipeline.show.conclusions import Conclusion
from pipeline.show.content import Exhibit, Report, panels_of
from pipeline.show.findings import Result
from pipeline.show.missing import tell_judged
from pipeline.show.panel_words import fill_known
from pipeline.show.table_formats import html_number, write_html
from pipeline.show.tables import Table
from pipeline.show.terms import link_terms
from pipeline.show.texts import Text
from pipeline.show.typeface import font_faces
from pipeline.show.words import INTERFACE

if TYPE_CHECKING:
    from jinja2 import Template

TEMPLATES = Path(__file__).parent
DOCUMENTS = {"Word": "report.docx", "PDF": "report.pdf"}  # beside the page


def write_table_page(table: Table) -> str:
    """One table as a page of its own."""
    return page_template("table.html.j2").render(
        table=table,
        element=as_markup(write_html(table, page="../index.html")),
        words=INTERFACE[table.language],
        running=running_head(f"{table.number} {table.title}", table.synthetic),
    )


def write_page(
    report: Report,
    editions: Mapping[str, Any] | None = None,
    *,
    has_population: bool = False,
    head: str = "",
    panels: Mapping[str, Any] | None = None,
    judged: Mapping[str, Any] | None = None,
) -> str:
    """The page of a report, which leads to its other `editions` where there are any.

    has_population: whether the page of the population is there to be led to. head: that of the chain of records.
    panels: what stands behind every number, which the scripts of the page show. judged: what disclosure control
    decided.
    """
    language = report.language

    def paragraphs(texts: Iterable[Text]) -> list[Any]:
        return [marker.mark(text) for text in texts]

    chapters = [(title, [section_of(exhibit, panels) for exhibit in exhibits]) for title, exhibits in report.chapters]
    tables = "".join(section["table"] for _, sections in chapters for section in sections)
    marker = Marker(language, link_terms(report.terms), set(re.findall(r'<data id="([^"]+)"', tables)))
    return page_template("page.html.j2").render(
        language=language,
        ui=INTERFACE[language],
        synthetic=report.synthetic,
        title=report.title,
        running=running_head(report.title, report.synthetic),
        label=report.label,
        lede=paragraphs(report.lede),
        findings=[marker.finding(result) for result in report.results],
        estimands=report.estimands,
        conclusions=[marker.conclusion(conclusion) for conclusion in report.conclusions],
        surety=report.surety and marker.surety(report.surety),
        trial=paragraphs(report.trial),
        reading=paragraphs(report.reading),
        trace=paragraphs(report.trace),
        checks=report.checks,
        missing=report.missing,
        judged=judged and tell_judged(judged, language),
        source=report.source,
        data=report.data,
        extract=report.extract,
        is_annex=report.is_annex,
        has_population=has_population,
        head=head,
        panels=panels and {**panels, "data": as_markup(in_script(panels))},
        terms=report.terms,
        fonts=as_markup(font_faces()),
        editions=list(_other_languages(report, editions)) if editions else [],
        documents=DOCUMENTS if editions else {},
        chapters=[(title, list(map(marker.section, sections))) for title, sections in chapters],
    )


def _other_languages(report: Report, editions: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """The page in each other language: the first lies at the top, any other in the folder of its name."""
    first, beside = editions["first"], "population/" if report.is_annex else ""
    up = "../" * ((report.language != first) + report.is_annex)
    for language in (first, *editions["others"]):
        if language != report.language:
            folder = "" if language == first else f"{language}/"
            name = INTERFACE[language]["language"]
            yield {"language": language, "name": name, "address": f"{up}{folder}{beside}index.html"}


@dataclass(frozen=True)
class Marker:
    """Writes texts as HTML: `linked` their words; `placed` are the numbers of which the page has the anchor already.

    page: the one that the numbers lead to, '' where it is the one that they stand on.
    """

    language: str
    linked: Callable[[str], str]
    placed: set[str]
    page: str = ""

    def mark(self, text: Text) -> Any:
        """A text, each number with its address, which is an anchor where the page has none yet."""
        parts = []
        for part in text:
            if isinstance(part, str):
                parts.append(self.linked(part))
            else:
                is_anchor = part.cell_id not in self.placed
                parts.append(html_number(part.cell_id, part.text, self.language, is_anchor=is_anchor, page=self.page))
                self.placed.add(part.cell_id)
        return as_markup("".join(parts))

    def finding(self, result: Result) -> dict[str, Any]:
        """A main result with its texts as HTML."""
        names = ("headline", "sentence", "facts")
        return {**vars(result), **{name: self.mark(getattr(result, name)) for name in names}}

    def conclusion(self, conclusion: Conclusion) -> dict[str, Any]:
        """A conclusion with its texts as HTML."""
        texts = {name: [self.mark(text) for text in getattr(conclusion, name)] for name in ("sentences", "basis")}
        return {**vars(conclusion), **texts}

    def surety(self, surety: Surety) -> dict[str, Any]:
        """How sure the claims are, with their texts as HTML."""
        claims = [
            {**vars(said), "is_clear": said.is_clear, "sentences": [self.mark(text) for text in said.sentences]}
            for said in surety.claims
        ]
        return {**vars(surety), "claims": claims, "lede": [self.mark((text,)) for text in surety.lede]}

    def section(self, section: dict[str, Any]) -> dict[str, Any]:
        """An exhibit with the words of its note as HTML."""
        return {**section, "note": as_markup(self.linked(section["note"]))}


def section_of(exhibit: Exhibit, panels: Mapping[str, Any] | None, page: str = "") -> dict[str, Any]:
    """What a page says of an exhibit; its numbers lead to `page`, by default the one that they stand on."""
    folder, kinds = ("figures", ("png", "svg", "csv")) if exhibit.picture else ("tables", ("csv", "html", "tex"))
    return {
        **vars(exhibit),
        "picture": as_markup(inline_picture(exhibit, panels)) if exhibit.picture else "",
        "table": as_markup(write_html(exhibit.table, page)) if exhibit.table else "",
        "files": [f"{folder}/{exhibit.name}.{kind}" for kind in kinds],
    }


def inline_picture(exhibit: Exhibit, panels: Mapping[str, Any] | None = None) -> str:
    """The SVG of a figure as an element of the page: its panels, its own identifiers, and a text to read aloud.

    With what stands behind its numbers it says where its axes lie, for the script that tells the points of its curves.
    """
    name, (view, body) = exhibit.name, panels_of(exhibit)
    body = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', body)
    body = re.sub(r'(?:xlink:)?href="#([^"]+)"', rf'href="#{name}-\1"', body)
    body = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", body)
    axes = _axes_of(exhibit, panels) if panels else ""
    return f'<svg viewBox="{view}" role="img" aria-label="{html.escape(exhibit.description)}"{axes}>{body.strip()}'


def _axes_of(exhibit: Exhibit, panels: Mapping[str, Any]) -> str:
    """Attributes with the axes of a figure, as its SVG has them, and what a reader hears of each panel."""
    found = re.search(r'<metadata id="axes">(.*?)</metadata>', exhibit.picture)
    if found is None or found[1] == "[]":
        return ""
    titles = panels["exhibits"][exhibit.name]["panels"]
    said = {key: fill_known(panels["ui"]["curve_help"], {"panel": title}) for key, title in titles.items()}
    return f' data-axes="{html.escape(found[1])}" data-names="{html.escape(json.dumps(said, ensure_ascii=False))}"'


def in_script(content: Mapping[str, Any]) -> str:
    """JSON inside a <script> element, which no text of it can end."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def running_head(title: str, synthetic: str) -> Any:
    """Style of printed pages: the title above each, and the word synthetic or ''; a browser without it prints none.

    CSS has strings of its own: what would end one, and what would end the style element, is written as its number.
    """

    def string(text: str) -> str:
        return '"' + re.sub(r'[\\"<\n]', lambda found: f"\\{ord(found[0]):x} ", text) + '"'

    return as_markup(
        f"@page {{ @top-left {{ content: {string(title)} }} @top-right {{ content: {string(synthetic)} }} }}"
    )


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
