"""The report page that a ministry reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline.disclosure.sayings import without_counts, write_sayings
from pipeline.settings.extract import Extract, Language
from pipeline.show.every_exhibit import build_content
from pipeline.show.missing import write_missing
from pipeline.show.page import write_page
from pipeline.show.panel_evidence import Verified, with_evidence
from pipeline.show.robust_page import write_robust_page

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
    population: Mapping[str, Any] | None = None,
    panels: Mapping[str, Any] | None = None,
    provenance: Mapping[str, Any] | None = None,
    editions: Mapping[str, Any] | None = None,
    judged: Mapping[str, Any] | None = None,
    second: pd.DataFrame | None = None,
    walked: pd.DataFrame | None = None,
    counts: pd.DataFrame | None = None,
    verified: Mapping[str, Any] | None = None,
    **pictures: str,
) -> dict[str, str]:
    """index.html: one self-contained page with every exhibit of exhibits.toml, from the numbers released alone.

    robust.html, where the settings claim anything: how sure the claims are, with the chapter that they rest on.
    missing.txt says which of them are missing. `checks` are the rows of checks.csv, of which the page says what is
    suspicious; what of them may leave is beside it in a file of that name. `pictures` are the figures as SVG, by name;
    InputError if one lacks.
    With the facts of the `population` the page leads to that of make population, and with those of the `editions` to
    its Word file, its PDF and its other languages: the first language, whose folders the others lie in, and the others.
    With `panels`, panels.json, every number opens what it comes from; `provenance` says of which files, and what make
    verify wrote, `second`, `walked`, `counts` and `verified`, whether a second route and the received cells give it
    back. The page tells the head of `provenance`, and what disclosure control decided, `judged`.
    """
    told = {}
    if checks is not None and judged is not None:
        checks = without_counts(checks, judged)
        told["checks.csv"] = write_sayings(checks)
    content = build_content(
        released, exhibits, variables, words, extract, language, groups, municipalities, checks, pictures
    )
    vouched = None
    if panels is not None:
        vouched = with_evidence(panels, released, provenance, Verified.of(second, walked, counts, verified), judged)
    if content.surety is not None:
        told["robust.html"] = write_robust_page(content)
    return {
        "index.html": write_page(
            content,
            editions,
            has_population=population is not None,
            head="" if provenance is None else provenance["head"],
            panels=vouched,
            judged=judged,
        ),
        "missing.txt": write_missing(released, content.unplaced),
        **told,
    }
