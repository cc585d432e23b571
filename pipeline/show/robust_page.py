"""How sure the main claims are, as a page of its own: the claims in sentences, and the chapter that they rest on."""

from __future__ import annotations

import re
from typing import Any

from pipeline.show.content import Report
from pipeline.show.page import Marker, as_markup, page_template, running_head, section_of
from pipeline.show.terms import link_terms
from pipeline.show.typeface import font_faces
from pipeline.show.words import INTERFACE

REPORT = "index.html"  # where numbers open what they come from, and words what they mean


def write_robust_page(report: Report) -> str:
    """The page beside that of the report, to which every number and term leads. ValueError if nothing is claimed."""
    if report.surety is None:
        raise ValueError("the settings claim nothing: there is no page to write")
    exhibits = [each for each in report.exhibits if each.name.split("_")[1] == str(report.surety.chapter)]
    sections: list[dict[str, Any]] = [section_of(exhibit, None, REPORT) for exhibit in exhibits]
    placed = set(re.findall(r'<data id="([^"]+)"', "".join(section["table"] for section in sections)))
    marker = Marker(report.language, link_terms(report.terms, REPORT), placed, REPORT)
    title = f"{report.surety.title} {report.title}"
    return page_template("robust.html.j2").render(
        language=report.language,
        ui=INTERFACE[report.language],
        synthetic=report.synthetic,
        label=report.label,
        title=report.title,
        running=running_head(title, report.synthetic),
        fonts=as_markup(font_faces()),
        surety=marker.surety(report.surety),
        chapter=next(name for name, own in report.chapters if own and own[0].name == exhibits[0].name),
        sections=[marker.section(section) for section in sections],
        source=report.source,
        data=report.data,
    )
