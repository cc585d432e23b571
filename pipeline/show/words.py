"""What fills the placeholders of titles, notes and the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import ceil, floor
from typing import Any

import msgspec

from pipeline.settings.base import Settings, SettingsType
from pipeline.settings.exhibits import Exhibits, fill, in_language
from pipeline.settings.extract import Extract
from pipeline.settings.outcomes import OutcomeDefinitions
from pipeline.settings.study import OPPOSITE, Peers, Study, given_bound
from pipeline.show.numbers import POINT, star_legend, write_percent

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
BOUND_WORDS = {
    "en": {"below": "less than", "at_most": "at most", "at_least": "at least", "above": "more than", "equals": ""},
    "da": {"below": "mindre end", "at_most": "højst", "at_least": "mindst", "above": "mere end", "equals": ""},
}
WEEKS = {"en": ("week", "weeks"), "da": ("uge", "uger")}
FIRST_WEEK = {"en": "the first week", "da": "den første uge"}
FIRST_OF_RUN = {"en": "the first of at least {weeks} in a row", "da": "den første af mindst {weeks} i træk"}
MEDIAN = {"en": "the median", "da": "medianen"}
MEDIAN_TEAM = {
    "en": "more of its other members than in the median team",
    "da": "flere af dets andre medlemmer end på medianholdet",
}


def common_words(
    exhibits: Exhibits, study: Study, outcomes: OutcomeDefinitions, extract: Extract, language: str
) -> dict[str, str]:
    """The placeholders that every text may hold: settings of the study, the source, and the word synthetic or ''."""
    page, kind = exhibits.page, "source_synthetic" if extract.synthetic else "source"
    return {
        "level": write_percent(study.inference.level, language),
        "source": in_language(page, kind, language),
        "synthetic": in_language(page, "synthetic", language) if extract.synthetic else "",
        **study_words(study, outcomes, language),
    }


def study_words(study: Study, outcomes: OutcomeDefinitions, language: str) -> dict[str, str]:
    """The numbers of study.toml in words: 'less than 7' for a bound, 'more than the median' for a group."""
    words = {
        "horizon": str(study.time.horizon_weeks),
        **({"pre_weeks": str(study.history.weeks)} if study.history else {}),
        **{f"{name}_run": _run(exit_.run_weeks, language) for name, exit_ in outcomes.exits.items()},
        "hazard_interval": _weeks(study.outcomes.hazard_interval_weeks, language),
        **(_peers_words(study.peers, language) if study.peers else {}),
    }
    for name, sample in study.samples.items():
        if len(sample.conditions) == 1:
            kind, bound = given_bound(sample.conditions[0])
            words |= {f"{name}_range": _range(kind, bound, language), f"{name}_bound": _number(bound, language)}
            words |= _ends(name, kind, bound)
    for name, split in study.splits.items():
        kind, bound = given_bound(split)
        words |= {f"{name}_low": _range(kind, bound, language), f"{name}_high": _range(OPPOSITE[kind], bound, language)}
        words |= _ends(name, kind, bound) | _ends(name, OPPOSITE[kind], bound)
    return words


def fill_words(settings: SettingsType, words: Mapping[str, str]) -> SettingsType:
    """An exhibit with the placeholders of its titles, labels and notes filled in, and those of its parts.

    The line of sizes on a panel waits for its numbers.
    """
    filled: dict[str, Any] = {}
    for name in settings.__struct_fields__:
        value = getattr(settings, name)
        if isinstance(value, str) and name.endswith(("_en", "_da")) and not name.startswith("size_"):
            filled[name] = fill(value, words)
        elif isinstance(value, list | tuple):
            parts = [fill_words(part, words) if isinstance(part, Settings) else part for part in value]
            filled[name] = type(value)(parts)
    return msgspec.structs.replace(settings, **filled)


def note_words(words: dict[str, str], study: Study, marks: Iterable[str], language: str) -> dict[str, str]:
    """`words` and the legend of the marks that one exhibit uses."""
    return {**words, "stars": star_legend(study.inference.stars, marks, language)}


def _weeks(number: int, language: str) -> str:
    return f"{number} {WEEKS[language][number != 1]}"


def _run(number: int, language: str) -> str:
    return FIRST_WEEK[language] if number == 1 else FIRST_OF_RUN[language].format(weeks=_weeks(number, language))


def _range(kind: str, bound: float | str, language: str) -> str:
    return f"{BOUND_WORDS[language][kind]} {_number(bound, language)}".strip()


def _number(bound: float | str, language: str) -> str:
    return MEDIAN[language] if isinstance(bound, str) else f"{bound:g}".replace(".", POINT[language])


def _ends(name: str, kind: str, bound: float | str) -> dict[str, str]:
    """The last whole point under a bound, or the first above it: 'at most 8' ends at 8, 'below 8' at 7."""
    if isinstance(bound, str) or kind == "equals":
        return {}
    if kind in ("below", "at_most"):
        return {f"{name}_last": str(ceil(bound) - 1 if kind == "below" else floor(bound))}
    return {f"{name}_first": str(ceil(bound) if kind == "at_least" else floor(bound) + 1)}


def _peers_words(peers: Peers, language: str) -> dict[str, str]:
    return {"peers_bound": f"{peers.below:g}", "peers_share": _peers_share(peers, language)}


def _peers_share(peers: Peers, language: str) -> str:
    if isinstance(peers.exceeds, str):
        return MEDIAN_TEAM[language]
    share = write_percent(peers.exceeds, language)
    return {"en": f"more than {share} of its other members", "da": f"mere end {share} af dets andre medlemmer"}[
        language
    ]
