"""The report page: the message, the exhibits and how to trace a number, in one file that asks for no other."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.show.content import Exhibit, Report, Result, Text, panels_of
from pipeline.show.table_formats import html_number, write_html
from pipeline.show.tables import Table
from pipeline.show.words import INTERFACE

if TYPE_CHECKING:
    from jinja2 import Template

TEMPLATES = Path(__file__).parent


def write_table_page(table: Table) -> str:
    """One table as a page of its own."""
    return page_template("table.html.j2").render(
        table=table, element=as_markup(write_html(table)), words=INTERFACE[table.language]
    )


def write_page(report: Report, *, has_population: bool = False, head: str = "") -> str:
    """The page of a report.

    has_population: whether the page of the population is there to be led to. head: that of the chain of records.
    """
    language = report.language

    def paragraphs(texts: Iterable[Text]) -> list[Any]:
        return [_marked(text, language) for text in texts]

    return page_template("page.html.j2").render(
        language=language,
        ui=INTERFACE[language],
        synthetic=report.synthetic,
        title=report.title,
        label=report.label,
        lede=paragraphs(report.lede),
        findings=[_finding(result, language) for result in report.results],
        trial=paragraphs(report.trial),
        reading=paragraphs(report.reading),
        trace=paragraphs(report.trace),
        checks=report.checks,
        source=report.source,
        data=report.data,
        extract=report.extract,
        is_annex=report.is_annex,
        has_population=has_population,
        head=head,
        chapters=[(title, [_section(exhibit) for exhibit in exhibits]) for title, exhibits in report.chapters],
    )


def _marked(text: Text, language: str) -> Any:
    """A text as HTML, each number with its address."""
    return as_markup(
        "".join(
            html.escape(part, quote=False)
            if isinstance(part, str)
            else html_number(part.cell_id, part.text, language, is_anchor=False)
            for part in text
        )
    )


def _finding(result: Result, language: str) -> Mapping[str, Any]:
    headline, interval = _marked(result.headline, language), _marked(result.interval, language)
    return {**vars(result), "headline": headline, "interval": interval}


def _section(exhibit: Exhibit) -> dict[str, Any]:
    folder, kinds = ("figures", ("png", "svg", "csv")) if exhibit.picture else ("tables", ("csv", "html", "tex"))
    return {
        **vars(exhibit),
        "picture": as_markup(inline_picture(exhibit)) if exhibit.picture else "",
        "table": as_markup(write_html(exhibit.table)) if exhibit.table else "",
        "files": [f"{folder}/{exhibit.name}.{kind}" for kind in kinds],
    }


def inline_picture(exhibit: Exhibit) -> str:
    """The SVG of a figure as an element of the page: its panels, its own identifiers, and a text to read aloud."""
    name, (view, body) = exhibit.name, panels_of(exhibit)
    body = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', body)
    body = re.sub(r'(?:xlink:)?href="#([^"]+)"', rf'href="#{name}-\1"', body)
    body = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", body)
    return f'<svg viewBox="{view}" role="img" aria-label="{html.escape(exhibit.description)}">{body.strip()}'


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
