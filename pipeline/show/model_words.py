"""What a reader is told of a model: its name, words and equation, what its analysis is for, what its effect is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import field

from pipeline.settings.base import Settings
from pipeline.settings.exhibits import in_language
from pipeline.settings.models import Model, read_models
from pipeline.settings.study import Study
from pipeline.show.purposes import PURPOSES, REASONS, estimand_lines


class ModelWords(Settings, frozen=True):
    """A model in one language; purposes: what the analysis of a sample is for, of any other under ''.

    estimand: headings and texts of what its effect is an effect of, with {sample}, {outcome} and {weeks} to fill in.
    """

    name: str
    words: str
    equation: str
    purposes: dict[str, str]
    estimand: list[tuple[str, str]] = field(default_factory=list)

    def purpose_of(self, sample: str) -> str:
        """What the analysis of a sample, or of a split, is for, and when it was planned."""
        return self.purposes.get(sample) or self.purposes.get("", "")


def gather_models(models: Mapping[str, Any], study: Study, language: str) -> dict[str, ModelWords]:
    """The models of the parsed models.toml, by name."""
    return {
        name: ModelWords(
            in_language(model, "name", language),
            in_language(model, "words", language),
            model.told("equation", language),
            _purposes(model, language),
            _estimand(model, study, language),
        )
        for name, model in read_models(models).items()
    }


def _purposes(model: Model, language: str) -> dict[str, str]:
    by_sample = model.purpose if isinstance(model.purpose, dict) else {"": model.purpose}
    reason = REASONS[language][model.reason]
    return {sample: f"{PURPOSES[language][purpose]}, {reason}".capitalize() for sample, purpose in by_sample.items()}


def _estimand(model: Model, study: Study, language: str) -> list[tuple[str, str]]:
    if study.estimands is None or model.estimand is None:
        return []
    return estimand_lines(study.estimands, model.estimand, "{sample}", "{outcome}", "{weeks}", language)
