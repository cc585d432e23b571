"""The report as files that a ministry can use: Word to work on, PDF to print and read aloud."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline.disclosure.sayings import without_counts
from pipeline.settings.extract import Extract, Language
from pipeline.show.every_exhibit import build_content
from pipeline.show.pdf import draw_panels, write_pdf
from pipeline.show.word import write_word

if TYPE_CHECKING:
    import pandas as pd


def run(
    released: pd.DataFrame,
    exhibits: Mapping[str, Any],
    variables: pd.DataFrame,
    words: Mapping[str, Any],
    extract: Extract,
    language: Language,
    groups: pd.DataFrame,
    municipalities: pd.DataFrame | None = None,
    checks: pd.DataFrame | None = None,
    judged: Mapping[str, Any] | None = None,
    **pictures: str,
) -> dict[str, bytes]:
    """report.docx and report.pdf, which say what the page says, of the same inputs."""
    if checks is not None and judged is not None:
        checks = without_counts(checks, judged)
    content = build_content(
        released, exhibits, variables, words, extract, language, groups, municipalities, checks, pictures
    )
    pdf, pages = write_pdf(content)
    return {"report.docx": write_word(content, pages, draw_panels(content)), "report.pdf": pdf}
