"""An effect among the numbers shown: its sign, what its interval says, and how each of its numbers is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError
from pipeline.settings.exhibits import SETTINGS_FILE, Exhibits, fill, in_language
from pipeline.show.effect_numbers import LIMITS, SIZES, number_address
from pipeline.show.model_words import ModelWords
from pipeline.show.numbers import MINUS
from pipeline.show.tables import Shown
from pipeline.show.texts import Text, fill_text
from pipeline.show.words import PERCENT, Words

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Telling:
    """What the main results are told from: the exhibits, the rows shown by address, the study's words, a language."""

    exhibits: Exhibits
    rows: Mapping[str, Mapping[Any, Any]]
    words: Mapping[str, str]
    language: str
    models: Mapping[str, ModelWords]

    def word(self, settings: object, key: str) -> str:
        """A word of the settings, filled in."""
        return fill(in_language(settings, key, self.language), self.words)

    def say(self, settings: object, key: str, parts: Mapping[str, Text]) -> Text:
        """A sentence of the settings with `parts` filled in, and the study's words."""
        return fill_text(in_language(settings, key, self.language), self.words, parts)

    def effect(self, address: str, unit: str = "", sized: str = "") -> Effect:
        """The effect at an address of the settings."""
        return Effect(self, fill(address, self.words), unit, fill(sized, self.words))


@dataclass(frozen=True)
class Effect:
    """The effect shown at an address; `unit` if it is told in another than its exhibit's, `sized` where n stands."""

    telling: Telling
    address: str
    unit: str = ""
    sized: str = ""

    def row(self, statistic: str) -> Mapping[Any, Any]:
        """The number shown of a statistic; InputError if nothing is."""
        own = statistic in ("estimate", *LIMITS)
        place = self.sized if statistic in SIZES and self.sized else self.address
        address = number_address(place, statistic, self.unit if own else "")
        if address not in self.telling.rows:
            raise InputError(f"{SETTINGS_FILE} [page]: a finding speaks of {address}, where nothing is shown. Mend it.")
        return self.telling.rows[address]

    def value(self, statistic: str = "estimate") -> float:
        """The number; NaN if it is missing."""
        return float(self.row(statistic)["value"])

    def said(self, statistic: str = "estimate", text: str = "") -> Text:
        """The number as it is shown, or written as another `text`."""
        row = self.row(statistic)
        return (Shown(row["cell_id"], "", text or row["text"]),)

    def size(self, statistic: str = "estimate") -> Text:
        """The number without its sign."""
        return self.said(statistic, str(self.row(statistic)["text"]).lstrip(MINUS))

    def percent(self, statistic: str) -> Text:
        """The number without its sign, as per cent."""
        return (*self.size(statistic), PERCENT[self.telling.language])

    def is_zero(self, statistic: str = "estimate") -> bool:
        """Whether the number is written with zeros alone."""
        return not any(digit in str(self.row(statistic)["text"]) for digit in "123456789")

    @property
    def purpose(self) -> str:
        """What the analysis is for and when it was planned; '' for a number that is of no model."""
        model, sample = str(self.row("estimate")["estimate_id"]).split("/")[:2]
        known = self.telling.models.get(model)
        return known.purpose_of(sample) if known else ""

    @property
    def direction(self) -> str:
        """'more', 'less', 'none' if it is written as zero, '' if it is missing."""
        if not isfinite(self.value()):
            return ""
        return "none" if self.is_zero() else "less" if self.value() < 0 else "more"

    @property
    def limits(self) -> tuple[float, float] | None:
        """The interval, if there is one."""
        low, high = (self.value(limit) for limit in LIMITS)
        return (low, high) if isfinite(low) and isfinite(high) else None

    @property
    def clear_direction(self) -> str:
        """On which side of zero the whole interval lies: 'more', 'less', or '' if it holds zero or is missing."""
        low, high = self.limits or (0.0, 0.0)
        return "more" if low > 0 else "less" if high < 0 else ""


def tell(exhibits: Exhibits, shown: pd.DataFrame, words: Words, language: str) -> Telling:
    """What the main results are told from, of shown.parquet and words.json."""
    return Telling(
        exhibits, {row["cell_id"]: row for row in shown.to_dict("records")}, words.texts, language, words.models
    )
