"""The report as PDF: what it says is handed to report.typ as data, and typst sets it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError
from pipeline.show.content import Exhibit, Report, panels_of
from pipeline.show.print_layout import (
    FOOT,
    HEAD,
    PADDING,
    SIDE,
    Layout,
    hang,
    hangs,
    label_of,
    lay_out,
    picture_share,
    picture_size,
)
from pipeline.show.style import DOTS_PER_INCH
from pipeline.show.tables import Block, Table
from pipeline.show.texts import Text, plain
from pipeline.show.typeface import FONTS
from pipeline.show.words import INTERFACE

if TYPE_CHECKING:
    import typst

TEMPLATE = Path(__file__).with_name("report.typ")
PANELS = """
#set page(width: auto, height: auto, margin: 0pt)
#for picture in json(bytes(sys.inputs.pictures)) { page(image(bytes(picture), format: "svg")) }
"""
STANDARDS: Any = ["1.7", "ua-1"]  # tagged, to be read aloud (ISO 14289-1)


def write_pdf(report: Report) -> tuple[bytes, dict[str, int]]:
    """The report as PDF, and the page on which each section and exhibit begins, by name.

    The bytes depend on what the report says alone: no date, and no fonts but the project's. InputError for a letter
    that these do not have.
    """
    import typst

    said = json.dumps(_describe(report), ensure_ascii=False)
    source = TEMPLATE.read_bytes()
    compiler = typst.Compiler(source, font_paths=_fonts(), sys_inputs={"report": said})
    begins = json.loads(compiler.query("<begins>", field="value"))
    try:
        # What is set already is not again.
        content: Any = compiler.compile(source, format="pdf", pdf_standards=STANDARDS)
    except typst.TypstError as error:
        why = str(error).removeprefix("PDF/UA-1 error: ")
        raise InputError(f"report.pdf: {why}. Write the name or the word that holds it in other letters.") from error
    return bytes(content), {entry["name"]: entry["page"] for entry in begins}


def draw_panels(report: Report) -> dict[str, bytes]:
    """The panels of each figure as PNG by its name, drawn from its SVG."""
    import typst

    drawn = [exhibit for exhibit in report.exhibits if exhibit.picture]
    if not drawn:
        return {}
    pictures = json.dumps([picture_of(exhibit) for exhibit in drawn], ensure_ascii=False)
    compiler = typst.Compiler(PANELS.encode(), font_paths=_fonts(), sys_inputs={"pictures": pictures})
    pages: Any = compiler.compile(format="png", ppi=DOTS_PER_INCH)
    return dict(zip((exhibit.name for exhibit in drawn), pages if isinstance(pages, list) else [pages], strict=True))


def picture_of(exhibit: Exhibit) -> str:
    """The panels of a figure as an SVG of their size."""
    view, body = panels_of(exhibit)
    width, height = picture_size(exhibit)
    spaces = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f'<svg {spaces} width="{width}pt" height="{height}pt" viewBox="{view}">{body}'


def _fonts() -> typst.Fonts:
    import typst

    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])


def _describe(report: Report) -> dict[str, Any]:
    """The report as JSON can hold it, for report.typ."""

    def paragraphs(texts: Iterable[Text]) -> list[str]:
        return [plain(text) for text in texts]

    return {
        "language": report.language,
        "ui": INTERFACE[report.language],
        "synthetic": report.synthetic,
        "label": report.label,
        "title": report.title,
        "lede": paragraphs(report.lede),
        "results": [
            {**vars(result), **{name: plain(getattr(result, name)) for name in ("headline", "sentence", "facts")}}
            for result in report.results
        ],
        "estimands": report.estimands,
        "conclusions": [
            {**vars(each), "sentences": paragraphs(each.sentences), "basis": paragraphs(each.basis)}
            for each in report.conclusions
        ],
        "surety": report.surety
        and {
            "title": report.surety.title,
            "lede": report.surety.lede,
            "claims": [
                {**vars(said), "is_clear": said.is_clear, "sentences": " ".join(map(plain, said.sentences))}
                for said in report.surety.claims
            ],
        },
        "terms": [vars(term) for term in report.terms],
        "sections": [
            {"name": name, "title": INTERFACE[report.language][name], "paragraphs": paragraphs(getattr(report, name))}
            for name in ("trial", "reading")
            if getattr(report, name)
        ],
        "chapters": [
            {"title": title, "exhibits": [_exhibit(exhibit) for exhibit in exhibits]}
            for title, exhibits in report.chapters
        ],
        "checks": report.checks,
        "missing": report.missing,
        "source": report.source,
        "data": report.data,
        "margins": {"x": SIDE, "top": HEAD, "bottom": FOOT},
        "padding": PADDING,
    }


def _exhibit(exhibit: Exhibit) -> dict[str, Any]:
    parts = lay_out(exhibit)
    return {
        "name": exhibit.name,
        "number": exhibit.number,
        "title": exhibit.title,
        "note": exhibit.note,
        "picture": picture_of(exhibit) if exhibit.picture else "",
        "share": picture_share(exhibit) if exhibit.picture else 0,
        "description": exhibit.description,
        "is_turned": any(layout.is_turned for _, layout in parts),
        "tables": [_table(table, layout) for table, layout in parts],
    }


def _table(table: Table, layout: Layout) -> dict[str, Any]:
    widest = tuple(hangs(table, layout.size))

    def rows(block: Block) -> list[dict[str, Any]]:
        return [
            {
                "label": label_of(line),
                "cells": [
                    [{"text": n.text, "indent": widest[place] - hang(n.text, layout.size)} for n in cell]
                    for place, cell in enumerate(line.cells)
                ],
            }
            for line in block.lines
        ]

    return {
        "size": layout.size,
        "widths": layout.widths,
        "is_text": table.is_text,
        "stub": table.stub,
        "groups": table.groups,
        "columns": table.columns,
        "blocks": [{"title": b.title, "is_foot": b.is_foot, "rows": rows(b)} for b in table.blocks],
    }
