"""What a curve of specifications calls its choices, in one language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.settings.base import Settings
from pipeline.settings.curves import BETWEEN, WHOLE, Curve
from pipeline.settings.exhibits import in_language
from pipeline.settings.models import read_models

REPORTED = {"en": "As the report decided", "da": "Som rapporten valgte"}
TOGETHER = {"en": "All specifications together", "da": "Alle specifikationer tilsammen"}
NUMBERS = {  # of a whole curve
    "en": {
        "median": "median of the effects",
        "significant": "share of the specifications that are significant in the direction of most",
        "largest": "largest |t|",
        "specifications": "number of specifications",
    },
    "da": {
        "median": "medianen af effekterne",
        "significant": "andel af specifikationerne, der er signifikante i de flestes retning",
        "largest": "største |t|",
        "specifications": "antal specifikationer",
    },
}


class ChoiceWords(Settings, frozen=True):
    """A choice, its options as [key, label], and the key of the report's."""

    label: str
    options: list[tuple[str, str]]
    reported: str


class CurveWords(Settings, frozen=True):
    """The choices of a curve, in the order of the options in the names of specifications."""

    choices: list[ChoiceWords]
    reported: str
    together: str

    @property
    def reference(self) -> str:
        """The specification of the report."""
        return BETWEEN.join(choice.reported for choice in self.choices)

    def label(self, specification: str) -> str:
        """A specification in words: the choices that it decides in another way than the report."""
        if specification == WHOLE:
            return self.together
        told = [
            f"{choice.label}: {dict(choice.options)[option]}"
            for choice, option in zip(self.choices, specification.split(BETWEEN), strict=True)
            if option != choice.reported
        ]
        return "; ".join(told) or self.reported


def gather_curves(models: Mapping[str, Any], language: str) -> dict[str, CurveWords]:
    """The curves of the parsed models.toml by the name of their model."""
    return {name: words_of(model.curve, language) for name, model in read_models(models).items() if model.curve}


def words_of(curve: Curve, language: str) -> CurveWords:
    """The words of one curve."""
    choices = [
        ChoiceWords(
            in_language(choice, "label", language),
            [(key, in_language(option, "label", language)) for key, option in choice.options.items()],
            choice.reference,
        )
        for choice in curve.choices.values()
    ]
    return CurveWords(choices, REPORTED[language], TOGETHER[language])
