"""What a curve of specifications calls its choices, in one language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.settings.base import Settings
from pipeline.settings.curves import BETWEEN, Curve
from pipeline.settings.exhibits import in_language
from pipeline.settings.models import read_models


class ChoiceWords(Settings, frozen=True):
    """A choice and its options as [key, label], the report's first."""

    label: str
    options: list[tuple[str, str]]


class CurveWords(Settings, frozen=True):
    """The choices of a curve, in the order of the options in the names of specifications."""

    choices: list[ChoiceWords]

    @property
    def reference(self) -> str:
        """The specification of the report."""
        return BETWEEN.join(choice.options[0][0] for choice in self.choices)

    def label(self, specification: str) -> str:
        """A specification in words: the choices that it decides in another way than the report."""
        told = [
            f"{choice.label}: {dict(choice.options)[option]}"
            for choice, option in zip(self.choices, specification.split(BETWEEN), strict=True)
            if option != choice.options[0][0]
        ]
        return "; ".join(told)


def gather_curves(models: Mapping[str, Any], language: str) -> dict[str, CurveWords]:
    """The curves of the parsed models.toml by the name of their model."""
    return {name: _words(model.curve, language) for name, model in read_models(models).items() if model.curve}


def _words(curve: Curve, language: str) -> CurveWords:
    return CurveWords(
        [
            ChoiceWords(
                in_language(choice, "label", language),
                [(key, in_language(option, "label", language)) for key, option in choice.options.items()],
            )
            for choice in curve.choices.values()
        ]
    )
