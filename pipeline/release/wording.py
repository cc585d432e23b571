"""What the numbers of an archive are called, in every language of the report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from pipeline.estimate.estimators import ESTIMATORS
from pipeline.release.facts import Facts
from pipeline.release.words import WORDS
from pipeline.settings.exhibits import in_language
from pipeline.settings.models import Model
from pipeline.settings.study import Split
from pipeline.show.labels import label_numbers
from pipeline.show.numbers import UNITS
from pipeline.show.panel_models import Glossary, describe_parts
from pipeline.show.panel_words import statistic_names
from pipeline.show.purposes import estimand_lines
from pipeline.show.words import INTERFACE

BETWEEN = " / "  # the same in two languages


class Wording:
    """The words of one language."""

    def __init__(self, facts: Facts, language: str) -> None:
        """From the settings of the archive."""
        self.facts, self.language = facts, language

    @cached_property
    def texts(self) -> dict[str, str]:
        """What fills placeholders."""
        known = self.facts.words(self.language).with_legend([], self.language)
        return {**known, "total": INTERFACE[self.language]["total"]}

    @cached_property
    def glossary(self) -> Glossary:
        """What names of the settings mean."""
        groups = dict(zip(self.facts.groups["address"], self.facts.groups["label"], strict=True))
        return Glossary(
            self.facts.study,
            self.facts.outcomes,
            {entry["name"]: entry for entry in self.facts.variables.to_dict("records")},
            {**groups, "total": self.texts["total"]},
            self.texts,
            self.language,
        )

    @cached_property
    def labels(self) -> dict[str, str]:
        """By address what a number is in the words of its exhibit: panel, row and column."""
        import pandas as pd

        slots = pd.DataFrame([vars(slot) for slot in self.facts.slots.values()])
        found: dict[str, str] = {}
        for name, own in slots.groupby("exhibit", sort=False) if len(slots) else ():
            exhibits, variables, groups = self.facts.exhibits, self.facts.variables, self.facts.groups
            said = (self.texts, self.language, self.facts.words(self.language).curves)
            labels = label_numbers(str(name), exhibits, own, variables, groups, *said)
            found |= dict(zip(own["cell_id"], labels, strict=True))
        return found

    @cached_property
    def parts(self) -> dict[str, Any]:
        """Samples and parameters of the estimates."""
        return describe_parts(self.facts.estimates, self.facts.models, self.glossary)

    def statistic(self, name: str, unit: str) -> str:
        """What a statistic is called, with its unit."""
        words = statistic_names(self.texts, self.language).get(name, name)
        unit_words = in_language(UNITS[unit], "name", self.language)
        return f"{words} ({unit_words})" if unit_words else words

    def outcome(self, name: str) -> str:
        """The label of an outcome; of one that has none its name in words."""
        return self.glossary.variable(name) or name.replace("_", " ")

    def sample(self, model: str, sample: str) -> str:
        """The label of the sample of an analysis."""
        return str(self.parts["samples"][f"{model}/{sample}"][0])

    def split(self, split: Split) -> str:
        """Both sides of a split."""
        return ", ".join(self.glossary.bound(split, is_low) for is_low in (True, False))

    def estimand(self, model: Model, sample: str, outcome: str) -> str:
        """The five lines of what an analysis is an effect of; '' if it is of none."""
        estimands = self.facts.study.estimands
        if estimands is None or model.estimand is None:
            return ""
        named = self.sample(model.name, sample), self.outcome(outcome), WORDS[self.language]["the_weeks"]
        lines = estimand_lines(estimands, model.estimand, *named, self.language)
        return "\n".join(f"{heading}: {text}" for heading, text in lines)


def in_each(wordings: Mapping[str, Wording], say: Callable[[Wording], str], between: str = BETWEEN) -> str:
    """What is said in each language, once if it is the same."""
    return between.join(dict.fromkeys(filter(None, map(say, wordings.values()))))


def program_of(model: Model) -> str:
    """The module that estimates a model."""
    return ESTIMATORS[model.estimator].rows.__module__.replace(".", "/") + ".py"
