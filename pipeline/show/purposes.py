"""What an analysis is for and what its effect is an effect of, in words a reader understands."""

from __future__ import annotations

from pipeline.settings.exhibits import fill, in_language
from pipeline.settings.models import Purpose, Reason
from pipeline.settings.study import Estimands

REASONS: dict[str, dict[Reason, str]] = {
    "en": {
        "specified_in_protocol": "planned in the protocol",
        "specified_in_report": "planned in the report",
        "data_driven": "found in the data",
        "requested": "asked by a reader",
    },
    "da": {
        "specified_in_protocol": "planlagt i protokollen",
        "specified_in_report": "planlagt i rapporten",
        "data_driven": "fundet i data",
        "requested": "efterspurgt af en læser",
    },
}
PURPOSES: dict[str, dict[Purpose, str]] = {
    "en": {
        "primary": "primary analysis",
        "secondary": "secondary analysis",
        "exploratory": "exploratory analysis",
        "descriptive": "description",
    },
    "da": {
        "primary": "primær analyse",
        "secondary": "sekundær analyse",
        "exploratory": "eksplorativ analyse",
        "descriptive": "beskrivelse",
    },
}
# The five attributes of an estimand, as a reader asks for them.
HEADINGS = {
    "en": {
        "population": "Who",
        "treatment": "What treatment",
        "outcome": "Which outcome",
        "events": "What happens to death, emigration and return",
        "summary": "Which summary",
    },
    "da": {
        "population": "Hvem",
        "treatment": "Hvilken indsats",
        "outcome": "Hvilket udfald",
        "events": "Hvad sker der ved død, udrejse og tilbagevenden",
        "summary": "Hvilket mål",
    },
}


def estimand_lines(
    estimands: Estimands, name: str, sample: str, outcome: str, weeks: str, language: str
) -> list[tuple[str, str]]:
    """The heading and text of each attribute of an estimand, for the labels of a sample and an outcome and the weeks.

    Source: ICH E9 (R1), A.3.3. KeyError if no estimand has the name; InputError for a placeholder that is none.
    """
    own, words = estimands.of[name], {"sample": sample, "outcome": outcome, "weeks": weeks}
    holders = {"population": estimands, "treatment": estimands}
    return [
        (heading, fill(in_language(holders.get(part, own), part, language), words, "study.toml"))
        for part, heading in HEADINGS[language].items()
    ]
