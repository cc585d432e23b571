"""What fills the placeholders of titles, notes and the page."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.config import Extract, Sample, Study
from pipeline.render.exhibits import Exhibits, in_language
from pipeline.render.numbers import star_legend, write_percent

INTERFACE = {
    "en": {
        "ci_low": "Lower limit",
        "ci_high": "Upper limit",
        "contents": "Contents",
        "data": "Data",
        "download": "Download",
        "message": "Main results",
        "note": "Note",
        "numbers": "Numbers behind the figure",
        "published": "The report's own numbers beside these",
        "reading": "How to read the results",
        "show": "Show the address of every number",
        "trace": "How to trace a number",
        "trial": "The trial",
        "week": "week",
        "workbook": "All tables in one workbook",
    },
    "da": {
        "ci_low": "Nedre grænse",
        "ci_high": "Øvre grænse",
        "contents": "Indhold",
        "data": "Data",
        "download": "Hent",
        "message": "Hovedresultater",
        "note": "Note",
        "numbers": "Tallene bag figuren",
        "published": "Rapportens egne tal ved siden af disse",
        "reading": "Sådan læses resultaterne",
        "show": "Vis adressen på hvert tal",
        "trace": "Sådan spores et tal",
        "trial": "Forsøget",
        "week": "uge",
        "workbook": "Alle tabeller i ét regneark",
    },
}
BOUNDS = ("below", "at_most", "at_least", "above", "equals")


def common_words(exhibits: Exhibits, study: Study, extract: Extract, language: str) -> dict[str, str]:
    """The placeholders that every text may hold: settings of the study, the source, and the word synthetic or ''."""
    page, kind = exhibits.page, "source_synthetic" if extract.synthetic else "source"
    bounds = {f"{name}_bound": _bound(sample) for name, sample in study.samples.items()}
    return {
        "level": write_percent(study.inference.level, language),
        "horizon": str(study.time.horizon_weeks),
        "employment_run_weeks": str(study.outcomes.employment_run_weeks),
        "source": in_language(page, kind, language),
        "synthetic": in_language(page, "synthetic", language) if extract.synthetic else "",
        **{name: bound for name, bound in bounds.items() if bound},
    }


def note_words(words: dict[str, str], study: Study, marks: Iterable[str], language: str) -> dict[str, str]:
    """`words` and the legend of the marks that one exhibit uses."""
    return {**words, "stars": star_legend(study.inference.stars, marks, language)}


def _bound(sample: Sample) -> str:
    """The bound of a sample with one condition, as in 'under 7 days'; '' if it has more, or none."""
    found = [getattr(condition, name) for condition in sample.conditions for name in BOUNDS]
    given = [bound for bound in found if bound is not None]
    return f"{given[0]:g}" if len(given) == 1 else ""
