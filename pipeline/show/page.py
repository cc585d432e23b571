"""The report page: the message, the exhibits and how to trace a number, in one file that asks for no other."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError
from pipeline.settings.exhibits import Exhibits, Finding, exhibit_number, fill, finding_words, in_language
from pipeline.settings.extract import Extract
from pipeline.show.drawings import Drawing
from pipeline.show.figure_numbers import figure_table, flow_lines, map_lines
from pipeline.show.numbers import MINUS
from pipeline.show.remarks import gather_remarks
from pipeline.show.table_formats import html_number, write_html
from pipeline.show.tables import Line, Table
from pipeline.show.words import INTERFACE

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
    words: Mapping[str, str],
    extract: Extract,
    language: str,
    checks: Sequence[Mapping[Any, str]] = (),
    *,
    has_population: bool = False,
) -> str:
    """The page with every exhibit in the order of exhibits.toml.

    `pictures` holds the SVG of each figure; `shown` are the numbers shown; `words` the common placeholders; `checks`
    the rows of checks.csv. has_population: whether the page of the population is there to be led to.
    """
    page = exhibits.page
    texts = dict(zip(shown["cell_id"], shown["text"], strict=True))
    numbers = {cell_id: html_number(cell_id, text, language, is_anchor=False) for cell_id, text in texts.items()}
    filled = {**numbers, **{name: html.escape(word) for name, word in words.items()}}

    def paragraphs(name: str) -> list[Any]:
        words = in_language(page, name, language)
        paragraphs = [words] if isinstance(words, str) else words
        return [as_markup(fill(html.escape(text, quote=False), filled)) for text in paragraphs if text]

    sections = {name: _figure_section(drawings[name], pictures[name]) for name in exhibits.figures}
    sections |= {name: _table_section(table) for name, table in tables.items()}
    return page_template("page.html.j2").render(
        language=language,
        ui=INTERFACE[language],
        synthetic=words["synthetic"],
        title=fill(in_language(page, "title", language), words),
        label=words["extract"],
        lede=paragraphs("lede"),
        findings=[_finding(finding, exhibits, shown, words, language) for finding in page.findings],
        trial=paragraphs("trial"),
        reading=paragraphs("reading"),
        trace=paragraphs("trace"),
        checks=gather_checks(checks, language),
        source=words["source"],
        extract=extract,
        is_annex=page.is_annex,
        has_population=has_population,
        chapters=[
            (in_language(chapter, "title", language), [sections[name] for name in names])
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


def _finding(
    finding: Finding, exhibits: Exhibits, shown: pd.DataFrame, words: Mapping[str, str], language: str
) -> dict[str, Any]:
    """The parts of one main result; its words follow the sign of the effect and whether the interval holds zero.

    A missing effect has no size, and the reason in place of the interval.
    """
    page, address = exhibits.page, fill(finding.effect, words)
    found = {limit: _row_of(shown, address, limit) for limit in ("", "ci_low", "ci_high")}
    effect = found[""]
    if effect is None:
        raise InputError(f"exhibits.toml [page]: the finding {address} is not the address of a number. Mend it.")

    def number(row: pd.Series, text: str) -> str:
        return html_number(row["cell_id"], text, language, is_anchor=False)

    limits = [row for row in (found["ci_low"], found["ci_high"]) if row is not None and not isnan(row["value"])]
    is_clear = len(limits) == 2 and (limits[0]["value"] > 0 or limits[1]["value"] < 0)
    headline, interval = INTERFACE[language]["no_estimate"], ""
    if isnan(effect["value"]):
        verdict = gather_remarks(effect.to_frame().T, words, language)
    else:
        size = number(effect, effect["text"].lstrip(MINUS))
        headline = fill(
            finding_words(page, finding, "less" if effect["value"] < 0 else "more", language), {"size": size}
        )
        verdict = INTERFACE[language]["no_interval"]
    if len(limits) == 2:
        ends = {end: number(row, row["text"]) for end, row in zip(("low", "high"), limits, strict=True)}
        interval = fill(in_language(page, "interval", language), {**words, **ends})
        verdict = in_language(page, "significant" if is_clear else "not_significant", language)
    state = in_language(finding, "state", language)
    return {
        "is_lead": finding.is_lead,
        "is_clear": is_clear,
        "exhibit": address.split("/")[0],
        "number": exhibit_number(address.split("/")[0], language),
        "group": in_language(finding, "group", language),
        "headline": as_markup(headline),
        "sentence": fill(finding_words(page, finding, "finding", language), {**words, "state": state}),
        "interval": as_markup(interval),
        "verdict": verdict,
    }


def _row_of(shown: pd.DataFrame, address: str, statistic: str) -> pd.Series | None:
    """The number at an address, or another statistic of the same estimate; None if it is not shown."""
    other = f"{address.removesuffix('/estimate')}/{statistic}"
    found = shown[shown["cell_id"] == (other if statistic else address)]
    return None if found.empty else found.iloc[0]


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
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
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
